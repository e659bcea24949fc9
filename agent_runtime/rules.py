"""Conditions built like sentences: a value, a comparison, and what it is compared with. Case does not matter.

For what sentences cannot say there are `conditions.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from agent_runtime.conditions import VariableType
from agent_runtime.errors import ConditionFailed

Comparison: TypeAlias = Literal[
    "is",
    "is not",
    "contains",
    "does not contain",
    "begins with",
    "ends with",
    "is more than",
    "is at least",
    "is less than",
    "is at most",
    "is empty",
    "is not empty",
    "is yes",
    "is no",
]

_ABOUT_NUMBERS: Mapping[str, Callable[[float, float], bool]] = {
    "is more than": lambda value, other: value > other,
    "is at least": lambda value, other: value >= other,
    "is less than": lambda value, other: value < other,
    "is at most": lambda value, other: value <= other,
}
_ABOUT_WORDS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda value, other: other in value,
    "does not contain": lambda value, other: other not in value,
    "begins with": lambda value, other: value.startswith(other),
    "ends with": lambda value, other: value.endswith(other),
}
_ALONE = {"is empty", "is not empty", "is yes", "is no"}
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)


def find_fault(
    value: str, comparison: Comparison, other: str, variables: Mapping[str, VariableType]
) -> str | None:
    """What is wrong with a sentence, in words; None when it can be told true from false."""
    kind = variables.get(value)
    if kind is None:
        return f"There is no value {value!r}: use one of {', '.join(sorted(variables))}."
    sentence = in_words(value, comparison, other)
    is_number = kind in ("number", "decimal")
    if comparison in _ABOUT_NUMBERS and not is_number and kind != "text":
        return f"“{sentence}” compares {_a(kind)} as a number."
    if (comparison in _ABOUT_NUMBERS or (comparison in ("is", "is not") and is_number)) and _number(
        other
    ) is None:
        return f"“{sentence}” needs a number to compare with, and {other[:60]!r} is none."
    if comparison in _ABOUT_WORDS and kind not in ("text", "list"):
        return f"“{sentence}” looks for words in {_a(kind)}."
    if comparison in _ABOUT_WORDS and not other.strip():
        return f"“{sentence}” needs words to look for."
    if comparison in ("is yes", "is no") and kind != "yes or no":
        return f"“{sentence}” asks yes or no of {_a(kind)}."
    return None


def holds(value: str, comparison: Comparison, other: str, values: Mapping[str, Any]) -> bool:
    """Whether a sentence is true of these values.

    Raises:
        ConditionFailed: it cannot be told; the message says why.
    """
    sentence = in_words(value, comparison, other)
    if value not in values:
        raise ConditionFailed(f"“{sentence}” asks for the value {value!r}, which did not arrive this time.")
    found = values[value]
    match comparison:
        case "is empty":
            return _is_empty(found)
        case "is not empty":
            return not _is_empty(found)
        case "is yes" | "is no":
            return bool(found) is (comparison == "is yes")
        case "is" | "is not":
            return _is(found, other) is (comparison == "is")
    if comparison in _ABOUT_NUMBERS:
        here, there = _number(found), _number(other)
        if here is None or there is None:
            raise ConditionFailed(f"“{sentence}” compares numbers, and what arrived this time is none.")
        return _ABOUT_NUMBERS[comparison](here, there)
    if isinstance(found, list):
        found = "\n".join(map(str, found))
    return _ABOUT_WORDS[comparison](str(found).casefold(), other.strip().casefold())


def in_words(value: str, comparison: Comparison, other: str) -> str:
    return f"{value} {comparison}" if comparison in _ALONE else f"{value} {comparison} {other}".rstrip()


def _is(found: Any, other: str) -> bool:
    if isinstance(found, bool):
        return found is (other.strip().casefold() in ("yes", "true"))
    if isinstance(found, int | float):
        return _number(other) == found
    return str(found).strip().casefold() == other.strip().casefold()


def _is_empty(found: Any) -> bool:
    return found in (0, [], False) or (isinstance(found, str) and not found.strip())


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _a(kind: VariableType) -> str:
    return {"yes or no": "a yes or no", "list": "a list", "text": "a text"}.get(kind, "a number")
