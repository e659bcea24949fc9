"""Choose one of several ways."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from agent_runtime.node_kinds import deciding, names
from agent_runtime.node_kinds.deciding import Decision, Row, Rule
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
from agent_runtime.step import Step


class Way(Row):
    """An output that edges lead from."""

    id: SocketName = Field(
        "then",
        title="Id",
        description="Its output's name, which edges keep.",
        json_schema_extra={"format": "row-id"},
    )
    name: str = Field("Then", min_length=1, max_length=60, title="Name", description="Shown at its output.")


class Branch(Decision, Way):
    """One way, and when to take it. The fields of `Way` come first in the form."""


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
    known = deciding.known(drawn.fields)
    ids = [branch.id for branch in settings.branches]
    if len(set(ids)) < len(ids) or "otherwise" in ids:
        yield "branch_repeated", "Two branches have the same id: remove one and add it again."
    for branch in settings.branches:
        faults = branch.faults(known)
        if not branch.condition and not branch.rules:
            faults = ["it has no sentence: add one, or remove the branch."]
        for fault in faults:
            yield "condition_invalid", f"“{branch.name}”: {fault}"


@node_kind(
    "if_otherwise",
    version=2,
    migrations={1: _from_one_condition},
    is_quick=True,
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
    types, values = deciding.seen(value, step.question, names.fields(inputs))
    for branch in settings.branches:
        if branch.holds(types, values):
            step.detail.update(branch=branch.name, because=branch.in_words())
            return {branch.id: value}
    step.detail.update(branch="Otherwise")
    return {"otherwise": value}
