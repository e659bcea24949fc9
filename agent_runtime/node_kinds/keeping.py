"""Make a value of the type that somebody asked for, or say why it is none. Pure."""

import json
import math
from typing import Any

from agent_runtime.errors import ValueUnfit
from agent_runtime.node_kinds.names import FieldType
from agent_runtime.node_kinds.values import in_words

MAX_VALUE_CHARACTERS = 100_000


def kept(name: str, kind: FieldType, made: Any) -> Any:
    """`made` as a value of this type.

    Raises:
        ValueUnfit: it is none of that, or too long.
    """
    if isinstance(made, str) and len(made) > MAX_VALUE_CHARACTERS:
        raise ValueUnfit(f"“{name}” is longer than {MAX_VALUE_CHARACTERS:,} characters: insert less.")
    match kind:
        case "text":
            return in_words(made)
        case "number":
            return _number(name, made)
        case "yes or no":
            return _yes_or_no(name, made)
        case "list":
            return (
                made
                if isinstance(made, list)
                else [line for line in in_words(made).splitlines() if line.strip()]
            )
        case "json":
            return _json(name, made)


def _number(name: str, made: Any) -> float | int:
    if isinstance(made, str):
        try:
            made = float(made.strip().replace("\u00a0", ""))
        except ValueError as error:
            raise ValueUnfit(f"“{name}” is to be a number, and {made[:60]!r} is none.") from error
    if isinstance(made, bool) or not isinstance(made, int | float) or not math.isfinite(made):
        raise ValueUnfit(f"“{name}” is to be a number, and what it was made from gives none.")
    return int(made) if isinstance(made, float) and made.is_integer() and abs(made) < 1e15 else made


def _yes_or_no(name: str, made: Any) -> bool:
    if isinstance(made, bool):
        return made
    said = in_words(made).strip().lower()
    if said not in ("yes", "no", "true", "false"):
        raise ValueUnfit(f"“{name}” is to be yes or no, and {said[:60]!r} is neither.")
    return said in ("yes", "true")


def _json(name: str, made: Any) -> Any:
    if not isinstance(made, str):
        return made
    try:
        return json.loads(made, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueUnfit(
            f"“{name}” is to be JSON, and its words are none: check the commas and quotes."
        ) from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
