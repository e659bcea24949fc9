"""Take named values out of JSON that a server outside sent, each by where it stands and of the type that was agreed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime.errors import OutsideAnswerUnfit, ValueUnfit
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Fault
from agent_runtime.node_kinds.keeping import kept
from agent_runtime.node_kinds.names import NAME_HELP, FieldName, FieldType

MAX_VALUES = 20


class TakenValue(BaseModel):
    """One value of the answer: together they are the form that the answer must have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FieldName = Field("value", title="Name", description=NAME_HELP)
    at: str = Field(
        "",
        max_length=200,
        title="Where it stands",
        description=(
            "The names that lead to it, with points between them, such as main.temperature; items.0.title is the "
            "title of the first of a list. Empty: under its own name."
        ),
    )
    type: FieldType = Field("text", title="Type", description="What it must be; anything else is an error.")
    needed: bool = Field(
        True, title="Must be there", description="If not, it stays empty where the answer does not have it."
    )


def find_faults(rows: Sequence[TakenValue]) -> Iterable[Fault]:
    for problem in names.taken([row.name for row in rows]):
        yield "name_taken", problem


def gives(rows: Sequence[TakenValue]) -> Mapping[str, FieldType]:
    return {row.name: row.type for row in rows}


def read_json(text: str, whose: str) -> Any:
    """Raises OutsideAnswerUnfit when it is none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise OutsideAnswerUnfit(
            f"{whose} was to answer with JSON, and what it sent is none. Check its address, or take the answer as text."
        ) from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def take(rows: Sequence[TakenValue], document: Any, whose: str) -> dict[str, Any]:
    """The values of an answer.

    Raises:
        OutsideAnswerUnfit: one is missing or of another type.
    """
    return {row.name: _take(row, document, whose) for row in rows}


def _take(row: TakenValue, document: Any, whose: str) -> Any:
    found = document
    for name in (row.at.strip() or row.name).split("."):
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(found):
            found = found[int(name[:9])]
        else:
            found = None
            break
    if found is None:
        if row.needed:
            raise OutsideAnswerUnfit(
                f"The answer of {whose} holds no “{row.at or row.name}”, which is to become “{row.name}”. "
                "Look at its answer in a test run, and put right where the value stands."
            )
        return None
    if row.type in ("text", "number", "yes or no") and isinstance(found, dict | list):
        raise OutsideAnswerUnfit(
            f"“{row.name}” in the answer of {whose} is a list or an object, and was to be {row.type}."
        )
    try:
        return kept(row.name, row.type, found)
    except ValueUnfit as error:
        raise OutsideAnswerUnfit(f"The answer of {whose} is not as agreed: {error}") from error
