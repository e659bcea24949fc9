"""The JSON that a model is asked to answer with: a JSON schema, of which we take what a grammar can enforce.

Objects with named properties, lists, texts, numbers, yes or no, choices, and any of those or null. Nothing refers
elsewhere and nothing is a pattern, so a schema that a person typed can neither fetch, loop nor fill the memory.
A value is checked against its schema too, whoever enforced it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from agent_runtime.errors import ModelFailed

Schema: TypeAlias = Mapping[str, Any]

MAX_DEPTH = 5
MAX_PROPERTIES = 60
"""In the whole schema."""
MAX_ITEMS = 20
MAX_TEXT_CHARACTERS = 400
MAX_CHOICES = 50

_WORDS = frozenset({"type", "properties", "required", "additionalProperties", "items", "maxItems"})
_WORDS |= {"maxLength", "enum", "title", "description"}
_TYPES = ("object", "array", "string", "number", "integer", "boolean")


def read(text: str) -> Schema:
    """The schema in a JSON text.

    Raises:
        ValueError: it is none that we take; the message says why, for a person.
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("It is not JSON: check the commas and quotes.") from error
    fault = find_fault(schema)
    if fault:
        raise ValueError(fault)
    if _type(schema)[0] != "object":
        raise ValueError('The whole must be an object: {"type": "object", "properties": {…}}.')
    return normal(schema)


def find_fault(schema: Any, place: str = "the schema", depth: int = 0) -> str | None:
    """What keeps a schema from being one that we take, in words."""
    if not isinstance(schema, dict):
        return f"{place} must be a JSON object."
    if depth > MAX_DEPTH:
        return f"{place} is nested more than {MAX_DEPTH} deep."
    unknown = sorted(set(schema) - _WORDS)
    if unknown:
        return f"{place} uses {unknown[0][:40]!r}, which is not taken here: use {', '.join(sorted(_WORDS))}."
    kind, _ = _type(schema)
    if kind not in _TYPES:
        return f"{place} needs a type: one of {', '.join(_TYPES)}, or a list of one of them and null."
    return next((fault for fault in _faults(schema, kind, place, depth) if fault), None)


def _faults(schema: Schema, kind: str, place: str, depth: int) -> Iterator[str | None]:
    if kind == "object":
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            yield f"{place} needs properties."
            return
        if depth == 0 and _count(schema) > MAX_PROPERTIES:
            yield f"{place} has more than {MAX_PROPERTIES} properties."
            return
        for name, inner in properties.items():
            if not name.isidentifier() or len(name) > 40:
                yield f"{name[:40]!r} cannot be the name of a property: use letters, digits and _."
            yield find_fault(inner, repr(name), depth + 1)
    if kind == "array":
        yield find_fault(schema.get("items"), f"the items of {place}", depth + 1)
        yield _bound(schema, "maxItems", MAX_ITEMS, place)
    if kind == "string":
        yield _bound(schema, "maxLength", MAX_TEXT_CHARACTERS, place)
    if "enum" in schema:
        choices = schema["enum"]
        if kind != "string" or not isinstance(choices, list) or not 0 < len(choices) <= MAX_CHOICES:
            yield f"the enum of {place} must be a list of at most {MAX_CHOICES} texts."
        elif not all(isinstance(choice, str) and len(choice) <= 200 for choice in choices):
            yield f"the enum of {place} must be a list of short texts."


def _bound(schema: Schema, name: str, most: int, place: str) -> str | None:
    value = schema.get(name, most)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
        return f"{name} of {place} must be a whole number of at most {most}."
    return None


def _type(schema: Schema) -> tuple[str, bool]:
    """The type, and whether null is as good; an empty type when there is none."""
    kind = schema.get("type")
    if isinstance(kind, list) and len(kind) == 2 and "null" in kind:
        kind = next((each for each in kind if each != "null"), "")
        return (kind if isinstance(kind, str) else "", True)
    return (kind if isinstance(kind, str) else "", False)


def _count(schema: Any) -> int:
    """How many properties there are, at any depth; no deeper than a schema may be."""
    pending, seen = [(schema, 0)], 0
    while pending:
        here, depth = pending.pop()
        if not isinstance(here, dict) or depth > MAX_DEPTH:
            continue
        inner = here.get("properties")
        inner = list(inner.values()) if isinstance(inner, dict) else []
        seen += len(inner)
        pending += [(each, depth + 1) for each in [*inner, here.get("items")]]
    return seen


def normal(schema: Schema) -> Schema:
    """The schema with every property required and no others allowed, as servers that enforce schemas want it."""
    changed = dict(schema)
    if "properties" in schema:
        changed["properties"] = {name: normal(inner) for name, inner in schema["properties"].items()}
        changed["required"] = list(schema["properties"])
        changed["additionalProperties"] = False
    if "items" in schema:
        changed["items"] = normal(schema["items"])
    return changed


def grammar(schema: Schema) -> str:
    """The schema as a grammar in llama.cpp's notation (GBNF)."""
    rules = dict(_FIXED)
    rules["root"] = _rule(schema, rules)
    return "\n".join(f"{name} ::= {rule}" for name, rule in rules.items())


_FIXED = {
    "gap": '" "?',
    "char": r'[^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})',
    "whole": r'"-"? ("0" | [1-9] [0-9]{0,14})',
}


def _rule(schema: Schema, rules: dict[str, str]) -> str:
    kind, is_optional = _type(schema)
    match kind:
        case "object":
            members = [
                f'{_text(name)} gap ":" gap {_named(inner, rules)}'
                for name, inner in schema["properties"].items()
            ]
            rule = '"{" gap ' + ' gap "," gap '.join(members) + ' gap "}"'
        case "array":
            item = _named(schema["items"], rules)
            most = schema.get("maxItems", MAX_ITEMS)
            more = f' (gap "," gap {item}){{0,{most - 1}}}' if most > 1 else ""
            rule = f'"[" gap ({item}{more})? gap "]"'
        case "string" if "enum" in schema:
            rule = " | ".join(_text(choice) for choice in schema["enum"])
        case "string":
            rule = f'"\\"" char{{0,{schema.get("maxLength", MAX_TEXT_CHARACTERS)}}} "\\""'
        case "number":
            rule = 'whole ("." [0-9]{1,6})?'
        case "integer":
            rule = "whole"
        case _:
            rule = '"true" | "false"'
    return f'({rule}) | "null"' if is_optional else rule


def _named(schema: Schema, rules: dict[str, str]) -> str:
    """Add the schema as a rule of its own and give its name, which nobody chose."""
    rule = _rule(schema, rules)
    name = f"part{len(rules)}"
    rules[name] = rule
    return name


def _text(text: str) -> str:
    """A JSON text as a literal of the grammar."""
    literal = json.dumps(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{literal}"'


def parse(reply: str, schema: Schema) -> dict[str, Any]:
    """What a model wrote, as the JSON object that it was asked for.

    Raises:
        ModelFailed: it is not; the message says in what.
    """
    try:
        value = json.loads(reply, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFailed(
            "The model was asked for JSON, and what it wrote is none, or breaks off. Ask again; if it stays so, allow "
            "the step more length, or choose a larger model."
        ) from error
    fault = _misfit(value, schema, "its answer")
    if fault:
        raise ModelFailed(f"The model did not answer in the form that it was asked for: {fault}. Ask again.")
    assert isinstance(value, dict)
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _misfit(value: Any, schema: Schema, place: str) -> str | None:
    kind, is_optional = _type(schema)
    if value is None and is_optional:
        return None
    match kind, value:
        case "object", dict():
            wanted = schema["properties"]
            if set(value) != set(wanted):
                odd = sorted(set(value) ^ set(wanted))[0][:40]
                return f"{odd!r} is missing or was not asked for"
            return next((told for name in wanted if (told := _misfit(value[name], wanted[name], name))), None)
        case "array", list():
            if len(value) > schema.get("maxItems", MAX_ITEMS):
                return f"{place} has too many items"
            return next((told for item in value if (told := _misfit(item, schema["items"], place))), None)
        case "string", str():
            if len(value) > schema.get("maxLength", MAX_TEXT_CHARACTERS):
                return f"{place} is too long"
            return None if value in schema.get("enum", [value]) else f"{place} is none of the choices"
        case "boolean", bool():
            return None
        case ("number", int() | float()) | ("integer", int()) if not isinstance(value, bool):
            return None
    return f"{place} is not of the type {kind}"
