"""Give names to values: words with values inserted, or formulas."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime import conditions
from agent_runtime.conditions import VariableType
from agent_runtime.insertion import insert, unknown
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.keeping import kept
from agent_runtime.node_kinds.names import AS_VARIABLE, NAME_HELP, FieldName, FieldType
from agent_runtime.node_kinds.values import Data, as_text, in_words
from agent_runtime.step import Step

WORDS = ("question", "text", "second", "third")


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
    is_quick=True,
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
        return kept(value.name, value.type, conditions.work_out(value.value, types, values))
    text = insert(value.value, {name: in_words(field) for name, field in here.items()})
    return kept(value.name, value.type, text)
