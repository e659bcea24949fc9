"""Conditions that a person builds like sentences, or writes in CEL, and what they may ask of a value that arrives."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime import conditions, rules
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.names import FieldType
from agent_runtime.node_kinds.values import Answer, Passages, Value, as_text

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


class Decision(Row):
    """When something is so: sentences, or one condition in their place."""

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

    def faults(self, known: Mapping[str, conditions.VariableType]) -> Iterable[str]:
        """What keeps it from being decided, in words."""
        if self.condition:
            found = [conditions.find_fault(self.condition, known)]
        else:
            found = [rules.find_fault(rule.value, rule.comparison, rule.other, known) for rule in self.rules]
        return filter(None, found)

    def holds(self, types: Mapping[str, conditions.VariableType], values: Mapping[str, Any]) -> bool:
        """Raises ConditionFailed: it cannot be told with these values."""
        if self.condition:
            return conditions.decide(self.condition, types, values)
        told = (rules.holds(rule.value, rule.comparison, rule.other, values) for rule in self.rules)
        return all(told) if self.match == "all" else any(told)

    def in_words(self) -> str:
        joined = " and " if self.match == "all" else " or "
        sentences = (rules.in_words(rule.value, rule.comparison, rule.other) for rule in self.rules)
        return self.condition or joined.join(sentences)


def known(fields: Mapping[str, FieldType]) -> dict[str, conditions.VariableType]:
    """What conditions may ask for where these named values arrive."""
    return {**{name: names.AS_VARIABLE[kind] for name, kind in fields.items()}, **VARIABLES}


def seen(
    value: Value, question: str, named: Mapping[str, Any]
) -> tuple[dict[str, conditions.VariableType], dict[str, Any]]:
    """The types and values that conditions see: of the value that arrives, and of named values beside it."""
    types, values = names.variables(named)
    answer = value if isinstance(value, Answer) else None
    passages = value.items if isinstance(value, Passages) else ()
    of_value = {
        "question": question,
        "text": as_text(value),
        "answer": answer.text if answer else "",
        "found": answer.found if answer else bool(as_text(value).strip()),
        "quoted": bool(answer and answer.quoted),
        "passages": len(passages),
        "best_score": max((passage.score for passage in passages), default=0.0),
        "citations": len(answer.citations) if answer else 0,
    }
    return {**types, **VARIABLES}, {**values, **of_value}
