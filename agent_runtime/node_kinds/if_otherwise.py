"""Choose one of two ways."""

from collections.abc import Iterable

from pydantic import Field

from agent_runtime import conditions
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.values import Answer, Passages, as_text
from agent_runtime.step import Step

VARIABLES: dict[str, conditions.VariableType] = {
    "question": "text",
    "text": "text",
    "answer": "text",
    "found": "yes or no",
    "quoted": "yes or no",
    "passages": "number",
    "best_score": "decimal",
    "citations": "number",
}


class IfOtherwiseSettings(Settings):
    condition: str = Field(
        "passages > 0",
        min_length=1,
        max_length=conditions.MAX_CHARACTERS,
        title="Condition",
        description=(
            "When this is true the value goes out at “then”, else at “otherwise”. It may use: question (what was "
            "asked), text (the words that arrive), passages (how many arrive), best_score (of the best "
            "passage), answer (its words), found (whether the answer found anything), quoted (whether it is a "
            "quotation), citations (how many it has); and named values that arrive, by their names, numbers among "
            "them compared with a point, as in total > 100.0."
        ),
        json_schema_extra={"format": "condition"},
    )


def _types(drawn: Drawn) -> dict[str, conditions.VariableType]:
    return {name: names.AS_VARIABLE[kind] for name, kind in drawn.fields.items()}


def _faults(settings: IfOtherwiseSettings, drawn: Drawn) -> Iterable[Fault]:
    fault = conditions.find_fault(settings.condition, {**_types(drawn), **VARIABLES})
    if fault:
        yield "condition_invalid", fault


@node_kind(
    "if_otherwise",
    title="If / otherwise",
    category="logic",
    settings=IfOtherwiseSettings,
    inputs=[Socket(name="value", type="any", title="Value")],
    outputs=[
        Socket(name="then", type="any", title="Then", passes="value"),
        Socket(name="otherwise", type="any", title="Otherwise", passes="value"),
    ],
    example={"condition": "passages > 0"},
    faults=_faults,
)
async def if_otherwise(inputs: Inputs, settings: IfOtherwiseSettings, step: Step) -> Outputs:
    """Sends what arrives one way when a condition is true, and the other way when it is not.

    The steps on the way not taken are skipped. Examples of conditions: passages > 0 ·
    question.contains("price") · size(question) < 200 · found && citations >= 1.
    """
    value = inputs["value"]
    answer = value if isinstance(value, Answer) else None
    passages = value.items if isinstance(value, Passages) else ()
    types, named = names.variables(names.fields(inputs))
    is_true = conditions.decide(
        settings.condition,
        {**types, **VARIABLES},
        {
            **named,
            "question": step.question,
            "text": as_text(value),
            "answer": answer.text if answer else "",
            "found": answer.found if answer else bool(passages) or (isinstance(value, str) and bool(value)),
            "quoted": bool(answer and answer.quoted),
            "passages": len(passages),
            "best_score": max((passage.score for passage in passages), default=0.0),
            "citations": len(answer.citations) if answer else 0,
        },
    )
    step.detail.update(condition=settings.condition, result=is_true)
    return {"then" if is_true else "otherwise": value}
