"""Give names to values: words with values inserted, or formulas."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime import conditions
from agent_runtime.conditions import VariableType
from agent_runtime.errors import ValueUnfit
from agent_runtime.insertion import insert, unknown
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.names import AS_VARIABLE, NAME_HELP, FieldName, FieldType
from agent_runtime.node_kinds.values import Data, as_text, in_words
from agent_runtime.step import Step

WORDS = ("question", "text", "second", "third")
MAX_VALUE_CHARACTERS = 100_000


class NamedValue(BaseModel):
    """One value to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FieldName = Field("value", title="Name", description=NAME_HELP)
    made_from: Literal["words", "formula"] = Field(
        "words",
        title="Made from",
        description="words: a text in which {{name}} inserts a value. formula: a calculation such as total * 1.19.",
    )
    value: str = Field(
        "{{text}}",
        max_length=8_000,
        title="Value",
        description=(
            "{{question}} inserts what was asked; {{text}}, {{second}} and {{third}} the words that arrive. Named "
            "values that arrive, and those above, go by their names. In a formula names stand without braces."
        ),
        json_schema_extra={"format": "template"},
    )
    type: FieldType = Field(
        "text",
        title="Kept as",
        description="list: one item a line. json: read as JSON.",
    )


class SetValuesSettings(Settings):
    values: list[NamedValue] = Field(
        default_factory=lambda: [NamedValue.model_validate({})],
        min_length=1,
        max_length=20,
        title="Values",
        description="In this order; each may use those above it.",
        json_schema_extra={"format": "rows", "default": [{"name": "value", "value": "{{text}}"}]},
    )


def _faults(settings: SetValuesSettings, drawn: Drawn) -> Iterable[Fault]:
    for problem in names.taken([value.name for value in settings.values]):
        yield "name_taken", problem
    known: dict[str, VariableType] = dict.fromkeys(WORDS, "text")
    known |= {name: AS_VARIABLE[kind] for name, kind in drawn.fields.items()}
    for value in settings.values:
        if value.made_from == "formula":
            fault = conditions.find_formula_fault(value.value, known)
            if fault:
                yield "formula_invalid", f"“{value.name}”: {fault}"
        else:
            for name in unknown(value.value, known):
                yield (
                    "insertion_unknown",
                    f"{{{{{name}}}}} is not known at “{value.name}”: use one of {', '.join(sorted(known))}.",
                )
        known[value.name] = AS_VARIABLE[value.type]


def _gives(settings: SetValuesSettings) -> Mapping[str, FieldType]:
    return {value.name: value.type for value in settings.values}


@node_kind(
    "set_values",
    title="Set values",
    category="logic",
    settings=SetValuesSettings,
    inputs=[
        Socket(name="value", type="any", title="Text"),
        Socket(name="second", type="any", title="Second", required=False),
        Socket(name="third", type="any", title="Third", required=False),
    ],
    outputs=[Socket(name="values", type="values", title="Values")],
    example={
        "values": [
            {"name": "greeting", "value": "You asked: {{question}}"},
            {"name": "length", "made_from": "formula", "value": "size(text)", "type": "number"},
        ]
    },
    faults=_faults,
    gives=_gives,
)
async def set_values(inputs: Inputs, settings: SetValuesSettings, step: Step) -> Outputs:
    """Gives names to values and combines what arrives: write a text with values inserted, or a formula.

    Steps after it use the values by their names: {{total}} in a text, total > 100.0 in a condition. Formulas know
    + - * / %, comparisons, "yes ? this : that", size(…) and string(…).
    """
    said = {"question": step.question, "text": as_text(inputs["value"])}
    for name in ("second", "third"):
        said[name] = as_text(inputs[name]) if name in inputs else ""
    arrived, made = names.fields(inputs), dict[str, Any]()
    for value in settings.values:
        here = {**said, **arrived, **made}
        made[value.name] = _made(value, here)
    return {"values": Data(made)}


def _made(value: NamedValue, here: Mapping[str, Any]) -> Any:
    if value.made_from == "formula":
        types, values = names.variables(here)
        return _kept(value, conditions.work_out(value.value, types, values))
    text = insert(value.value, {name: in_words(field) for name, field in here.items()})
    return _kept(value, text)


def _kept(value: NamedValue, made: Any) -> Any:
    """A value as its type, raises ValueUnfit when it is none of that."""
    if isinstance(made, str) and len(made) > MAX_VALUE_CHARACTERS:
        raise ValueUnfit(f"“{value.name}” is longer than {MAX_VALUE_CHARACTERS:,} characters: insert less.")
    match value.type:
        case "text":
            return in_words(made)
        case "number":
            return _number(value.name, made)
        case "yes or no":
            return _yes_or_no(value.name, made)
        case "list":
            return (
                made
                if isinstance(made, list)
                else [line for line in in_words(made).splitlines() if line.strip()]
            )
        case "json":
            return _json(value.name, made)


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
