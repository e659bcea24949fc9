"""Choose one of several ways."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime import conditions, rules
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import (
    Drawn,
    Fault,
    Inputs,
    Outputs,
    RowOutputs,
    Settings,
    Socket,
    node_kind,
)
from agent_runtime.node_kinds.names import SocketName
from agent_runtime.node_kinds.values import Answer, Passages, Value, as_text
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


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Row):
    """A condition like a sentence."""

    value: str = Field(
        "question",
        max_length=40,
        title="Value",
        description=(
            "question (what was asked), text (the words that arrive), passages (how many arrive), best_score (of the "
            "best passage), answer (its words), found (whether it found anything), quoted (whether it is a "
            "quotation), citations (how many it has), or the name of a value that arrives."
        ),
        json_schema_extra={"format": "suggest", "examples": list(VARIABLES)},
    )
    comparison: rules.Comparison = Field(
        "contains", title="Comparison", description="Capitals do not matter."
    )
    other: str = Field(
        "",
        max_length=500,
        title="Compared with",
        description="A word, several, or a number; for “is empty” nothing.",
    )


class Branch(Row):
    """One way, and when to take it."""

    id: SocketName = Field(
        "then",
        title="Id",
        description="Its output's name, which edges keep.",
        json_schema_extra={"format": "row-id"},
    )
    name: str = Field("Then", min_length=1, max_length=60, title="Name", description="Shown at its output.")
    match: Literal["all", "any"] = Field(
        "all", title="When", description="all: every sentence is true. any: at least one is."
    )
    rules: list[Rule] = Field(
        default_factory=list,
        max_length=10,
        title="Sentences",
        description="For example: question contains price.",
        json_schema_extra={"format": "rows", "default": []},
    )
    condition: str = Field(
        "",
        max_length=conditions.MAX_CHARACTERS,
        title="Or a condition",
        description=(
            "Counts in place of the sentences when it is written. For example: passages > 0 && size(question) < 200. "
            "Numbers among named values are compared with a point, as in total > 100.0."
        ),
        json_schema_extra={"format": "condition"},
    )


class IfOtherwiseSettings(Settings):
    branches: list[Branch] = Field(
        default_factory=lambda: [
            Branch(rules=[Rule(value="passages", comparison="is more than", other="0")])
        ],
        min_length=1,
        max_length=10,
        title="Branches",
        description="The first that is true is taken; when none is, “Otherwise”.",
        json_schema_extra={
            "format": "rows",
            "default": [
                {
                    "id": "then",
                    "name": "Then",
                    "rules": [{"value": "passages", "comparison": "is more than", "other": "0"}],
                }
            ],
        },
    )


def _from_one_condition(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Version 1 had one condition and the outputs `then` and `otherwise`, which edges still lead from."""
    condition = settings.get("condition", "passages > 0")
    rest = {name: value for name, value in settings.items() if name != "condition"}
    return {**rest, "branches": [{"id": "then", "name": "Then", "condition": condition}]}


def _faults(settings: IfOtherwiseSettings, drawn: Drawn) -> Iterable[Fault]:
    known = {**{name: names.AS_VARIABLE[kind] for name, kind in drawn.fields.items()}, **VARIABLES}
    ids = [branch.id for branch in settings.branches]
    if len(set(ids)) < len(ids) or "otherwise" in ids:
        yield "branch_repeated", "Two branches have the same id: remove one and add it again."
    for branch in settings.branches:
        faults = (
            [conditions.find_fault(branch.condition, known)]
            if branch.condition
            else [rules.find_fault(rule.value, rule.comparison, rule.other, known) for rule in branch.rules]
        )
        if not branch.condition and not branch.rules:
            faults = ["it has no sentence: add one, or remove the branch."]
        for fault in filter(None, faults):
            yield "condition_invalid", f"“{branch.name}”: {fault}"


@node_kind(
    "if_otherwise",
    version=2,
    migrations={1: _from_one_condition},
    title="If / otherwise",
    category="logic",
    settings=IfOtherwiseSettings,
    inputs=[Socket(name="value", type="any", title="Value")],
    outputs=[Socket(name="otherwise", type="any", title="Otherwise", passes="value")],
    outputs_from=RowOutputs(setting="branches", type="any", passes="value"),
    example={
        "branches": [
            {
                "id": "price",
                "name": "About prices",
                "match": "any",
                "rules": [
                    {"value": "question", "comparison": "contains", "other": "price"},
                    {"value": "question", "comparison": "contains", "other": "cost"},
                ],
            },
            {"id": "short", "name": "Very short", "condition": "size(question) < 10"},
        ]
    },
    faults=_faults,
)
async def if_otherwise(inputs: Inputs, settings: IfOtherwiseSettings, step: Step) -> Outputs:
    """Sends what arrives along the first branch whose conditions are true, and along "Otherwise" when none is.

    The steps on the ways not taken are skipped. Conditions read like sentences: question contains price ·
    passages is more than 0 · total is at least 100.
    """
    value = inputs["value"]
    types, named = names.variables(names.fields(inputs))
    types, values = {**types, **VARIABLES}, {**named, **_seen(value, step.question)}
    for branch in settings.branches:
        if _is_taken(branch, types, values):
            step.detail.update(branch=branch.name, because=_why(branch))
            return {branch.id: value}
    step.detail.update(branch="Otherwise")
    return {"otherwise": value}


def _seen(value: Value, question: str) -> dict[str, Any]:
    """What conditions may ask of the value that arrives."""
    answer = value if isinstance(value, Answer) else None
    passages = value.items if isinstance(value, Passages) else ()
    return {
        "question": question,
        "text": as_text(value),
        "answer": answer.text if answer else "",
        "found": answer.found if answer else bool(as_text(value).strip()),
        "quoted": bool(answer and answer.quoted),
        "passages": len(passages),
        "best_score": max((passage.score for passage in passages), default=0.0),
        "citations": len(answer.citations) if answer else 0,
    }


def _is_taken(
    branch: Branch, types: Mapping[str, conditions.VariableType], values: Mapping[str, Any]
) -> bool:
    if branch.condition:
        return conditions.decide(branch.condition, types, values)
    told = (rules.holds(rule.value, rule.comparison, rule.other, values) for rule in branch.rules)
    return all(told) if branch.match == "all" else any(told)


def _why(branch: Branch) -> str:
    joined = " and " if branch.match == "all" else " or "
    sentences = (rules.in_words(rule.value, rule.comparison, rule.other) for rule in branch.rules)
    return branch.condition or joined.join(sentences)
