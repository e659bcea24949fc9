"""How a route declares the problems it may answer with, so that the front end's types have them."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from backend.errors import MEDIA_TYPE


class ProblemOut(BaseModel):
    """RFC 9457 problem details; further members carry the facts (402 brings `offers`)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries for these status codes."""
    return {
        status: {"model": ProblemOut, "content": {MEDIA_TYPE: {}}, "description": "Problem details"}
        for status in statuses
    }
