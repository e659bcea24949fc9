"""The setting by which a step chooses its model: one name for all kinds, so that one check and one form fit them."""

import re
from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

MODEL_NAME = r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?"
"""As the operator of a server names its models; a graph keeps this name, so it means the same on another server."""

ModelChoice: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=rf"^(?:{MODEL_NAME})?$"),
    Field(
        title="Model",
        description="Which of this server’s models is asked. Empty: the one that its operator chose for all.",
        json_schema_extra={"format": "model"},
    ),
]
"""A field of this type must be called `model` and be "" by default."""


def is_model_name(name: str) -> bool:
    return re.fullmatch(MODEL_NAME, name) is not None
