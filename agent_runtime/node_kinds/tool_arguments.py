"""The arguments of a tool as a form: read off the JSON schema that a server tells, and filled with values.

A server may tell anything. What is taken of its schema are names, words and simple types; what is not understood
becomes a field for JSON. Nothing is fetched that a schema refers to, and nothing is matched that it gives as a pattern.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent_runtime import shape
from agent_runtime.errors import ValueUnfit
from agent_runtime.insertion import insert
from agent_runtime.node_kinds import places
from agent_runtime.node_kinds.keeping import kept
from agent_runtime.node_kinds.values import in_words

MAX_ARGUMENTS = 40
MAX_TEXT_CHARACTERS = 100_000

ArgumentType = Literal["text", "number", "whole number", "yes or no", "choice", "json"]
Choice = Annotated[str, StringConstraints(max_length=200)]
ArgumentName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_FROM_SCHEMA: Mapping[str, ArgumentType] = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "yes or no",
}


class Argument(BaseModel):
    """One field of the form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ArgumentName = Field(title="Name", description="As the tool calls it.")
    title: str = Field("", max_length=200, title="Title", description="As people read it.")
    description: str = Field(
        "", max_length=1_000, title="Description", description="What the tool says of it."
    )
    type: ArgumentType = Field("text", title="Type", description="What it must be.")
    choices: list[Choice] = Field(
        default_factory=list, max_length=shape.MAX_CHOICES, title="Choices", description="Of a choice."
    )
    needed: bool = Field(False, title="Needed", description="Whether the tool refuses to do without it.")


def read(schema: Any) -> list[Argument]:
    """The form of a tool's schema, in its order.

    Raises:
        ValueError: it is no schema of named arguments, or has too many; the message says so for a person.
    """
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise ValueError("The schema of its arguments is none that can be read.")
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise ValueError("The schema of its arguments is none that can be read.")
    if len(properties) > MAX_ARGUMENTS:
        raise ValueError(
            f"It takes {len(properties)} arguments, and at most {MAX_ARGUMENTS} can be filled in."
        )
    if not all(isinstance(name, str) and 0 < len(name) <= 100 and name.isprintable() for name in properties):
        raise ValueError("One of its arguments has a name that cannot be shown.")
    missing = [name for name in required if name not in properties]
    if missing:
        raise ValueError(f"It needs the argument {str(missing[0])[:100]!r}, and does not say what that is.")
    return [_argument(name, inner, name in required) for name, inner in properties.items()]


def _argument(name: str, schema: Any, needed: bool) -> Argument:
    inner = _only(schema) if isinstance(schema, dict) else {}
    choices = inner.get("enum")
    if (
        isinstance(choices, list)
        and 0 < len(choices) <= shape.MAX_CHOICES
        and all(isinstance(choice, str) and 0 < len(choice) <= 200 for choice in choices)
    ):
        kind: ArgumentType = "choice"
    else:
        said = inner.get("type")
        kind, choices = _FROM_SCHEMA.get(said, "json") if isinstance(said, str) else "json", []
    told = schema if isinstance(schema, dict) else {}
    return Argument(
        name=name,
        title=words(told.get("title"), 200),
        description=words(told.get("description") or inner.get("description"), 1_000),
        type=kind,
        choices=choices,
        needed=needed,
    )


def _only(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is left when null is taken away: `anyOf` of something and null is that something, not needed."""
    for word in ("anyOf", "oneOf"):
        parts = schema.get(word)
        if isinstance(parts, list):
            rest = [part for part in parts if isinstance(part, dict) and part.get("type") != "null"]
            if len(rest) == 1:
                return rest[0]
    kind = schema.get("type")
    if isinstance(kind, list) and len(kind) == 2 and "null" in kind:
        return {**schema, "type": next(each for each in kind if each != "null")}
    return schema


def words(text: Any, most: int) -> str:
    """What a stranger's server wrote, as one short line."""
    if not isinstance(text, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * most]).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def as_shape(arguments: Sequence[Argument]) -> shape.Schema | None:
    """What a model is held to when it fills them in; None where there are none.

    JSON inside is a text there, and read afterwards.
    """
    if not arguments:
        return None
    return shape.normal({"type": "object", "properties": {each.name: _shape(each) for each in arguments}})


def _shape(argument: Argument) -> dict[str, Any]:
    kind: dict[ArgumentType, str] = {"number": "number", "whole number": "integer", "yes or no": "boolean"}
    simple = kind.get(argument.type, "string")
    inner: dict[str, Any] = {"type": simple if argument.needed else [simple, "null"]}
    if argument.type == "choice":
        inner["enum"] = argument.choices
    return inner


def fill(
    arguments: Sequence[Argument], templates: Mapping[str, str], values: Mapping[str, Any]
) -> dict[str, Any]:
    """What is sent: each argument from its template; those left empty that are not needed are left out.

    Raises:
        ValueUnfit: a value is not of its argument's type, or one that is needed is empty.
    """
    said = {name: in_words(value) for name, value in values.items()}
    filled: dict[str, Any] = {}
    for argument in arguments:
        template = templates.get(argument.name, "")
        text = insert(template, said) if argument.type != "json" else template
        if text.strip() == "":
            if argument.needed:
                raise ValueUnfit(f"The tool needs “{argument.name}”, and it is empty. Nothing was sent.")
            continue
        filled[argument.name] = (
            places.json_with(template, values) if argument.type == "json" else made(argument, text)
        )
    return filled


def made(argument: Argument, value: Any) -> Any:
    """A value as this argument's type. Raises ValueUnfit."""
    match argument.type:
        case "number":
            return kept(argument.name, "number", value)
        case "whole number":
            number = kept(argument.name, "number", value)
            if not isinstance(number, int):
                raise ValueUnfit(f"“{argument.name}” is to be a whole number, and {number} is none.")
            return number
        case "yes or no":
            return kept(argument.name, "yes or no", value)
        case "json":
            return kept(argument.name, "json", value)
        case "choice" if in_words(value).strip() not in argument.choices:
            raise ValueUnfit(f"“{argument.name}” is to be one of {', '.join(argument.choices)[:300]}.")
        case "choice":
            return in_words(value).strip()
        case "text":
            text = in_words(value)
            if len(text) > MAX_TEXT_CHARACTERS:
                raise ValueUnfit(f"“{argument.name}” is longer than {MAX_TEXT_CHARACTERS:,} characters.")
            return text


def find_faults(arguments: Sequence[Argument], templates: Mapping[str, str]) -> list[str]:
    """What is wrong with a filled-in form before any value is there, in words."""
    faults = []
    for argument in arguments:
        template = templates.get(argument.name, "")
        if argument.needed and not template.strip():
            faults.append(f"“{argument.title or argument.name}” is needed: fill it in.")
        if argument.type == "json" and template.strip() and (fault := places.find_json_fault(template)):
            faults.append(f"“{argument.title or argument.name}”: {fault}")
    unknown = set(templates) - {argument.name for argument in arguments}
    faults += [f"The tool takes no {name[:60]!r}: choose the tool again." for name in sorted(unknown)]
    return faults
