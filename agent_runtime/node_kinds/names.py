"""The names of values: which there may be, and what arrives under them at a node.

Named values that arrive may be used by their names, in texts as `{{customer}}` and in conditions as `customer`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import StringConstraints

from agent_runtime.conditions import VariableType
from agent_runtime.node_kinds.values import Data, Value, in_words

FieldType: TypeAlias = Literal["text", "number", "yes or no", "list", "json"]
FieldName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
SocketName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
"""The id of a row whose output edges lead from."""
NAME_HELP = "Small letters, digits and _, such as total or due_date."

OURS = {
    "question",
    "text",
    "second",
    "third",
    "answer",
    "passages",
    "found",
    "quoted",
    "best_score",
    "citations",
}
CEL = {"size", "contains", "string", "int", "double", "true", "false", "null", "in", "as", "break", "const"}
CEL |= {
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
}
CEL |= {"var", "void", "while"}
TAKEN = frozenset(OURS | CEL)
"""Names that mean something already, here or in CEL."""

AS_VARIABLE: Mapping[FieldType, VariableType] = {
    "text": "text",
    "number": "decimal",
    "yes or no": "yes or no",
    "list": "list",
    "json": "text",
}
"""What a condition sees of a value; of JSON its words."""


_FROM_SCHEMA: Mapping[str, FieldType] = {
    "string": "text",
    "number": "number",
    "integer": "number",
    "boolean": "yes or no",
    "array": "list",
}


def of_schema(schema: Mapping[str, Any]) -> dict[str, FieldType]:
    """The named values that JSON of this schema holds."""
    found: dict[str, FieldType] = {}
    for name, inner in schema["properties"].items():
        kind = inner["type"]
        kind = next(each for each in kind if each != "null") if isinstance(kind, list) else kind
        found[name] = _FROM_SCHEMA.get(kind, "json")
    return found


def fields(inputs: Mapping[str, Value]) -> dict[str, Any]:
    """The named values that arrive, at whichever input; the first of a name counts."""
    found: dict[str, Any] = {}
    for value in inputs.values():
        if isinstance(value, Data):
            found = {**value.fields, **found}
    return found


def words(inputs: Mapping[str, Value]) -> dict[str, str]:
    """The same as words, to insert into a text."""
    return {name: in_words(field) for name, field in fields(inputs).items()}


def variables(named: Mapping[str, Any]) -> tuple[dict[str, VariableType], dict[str, Any]]:
    """Named values for a condition: their types, and the values as those types are."""
    types: dict[str, VariableType] = {}
    values: dict[str, Any] = {}
    for name, field in named.items():
        types[name], values[name] = _variable(field)
    return types, values


def _variable(field: Any) -> tuple[VariableType, Any]:
    if isinstance(field, bool):
        return "yes or no", field
    if isinstance(field, int | float):
        return "decimal", float(field)
    if isinstance(field, list):
        return "list", [in_words(item) for item in field]
    return "text", in_words(field)


def taken(names: list[str]) -> list[str]:
    """What is wrong with names that a person chose, in words."""
    problems = [
        f"{name!r} means something else already: choose another name." for name in names if name in TAKEN
    ]
    return problems + [f"Two values are called {name!r}: rename one." for name in twice(names)]


def twice(names: list[str]) -> list[str]:
    """The names that occur more than once."""
    return sorted({name for name in names if names.count(name) > 1})
