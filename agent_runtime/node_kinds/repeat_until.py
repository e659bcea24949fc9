"""Do the same again until it is good."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from agent_runtime.conditions import VariableType
from agent_runtime.errors import RoundsUsedUp
from agent_runtime.node_kinds import deciding, names
from agent_runtime.node_kinds.deciding import Decision, Rule
from agent_runtime.node_kinds.declare import (
    TEXTS,
    Body,
    Drawn,
    Fault,
    Inputs,
    Outputs,
    Settings,
    Socket,
    SocketType,
    node_kind,
)
from agent_runtime.node_kinds.values import Value
from agent_runtime.step import RoundFailed, Step

ROUND: dict[str, VariableType] = {"round": "number"}


class Rounds(Settings):
    most_rounds: int = Field(
        5,
        ge=1,
        le=50,
        title="Most rounds",
        description="It never goes on for longer, whatever the condition says.",
    )
    if_never: Literal["end_the_run", "last_value", "branch"] = Field(
        "end_the_run",
        title="When it is still not true then",
        description=(
            "End the run: with a message that says so. Last value: go on with what the last round gave. "
            "Branch: hand that on at “If never” instead."
        ),
    )


class RepeatUntilSettings(Rounds, Decision):
    """The condition comes first in the form."""

    rules: list[Rule] = Field(
        default_factory=lambda: [Rule(value="text", comparison="is not empty")],
        max_length=10,
        title="Until",
        description="Asked of what a round led back, for example: text contains done. round is how many there were.",
        json_schema_extra={
            "format": "rows",
            "default": [{"value": "text", "comparison": "is not empty", "other": ""}],
        },
    )


def _faults(settings: RepeatUntilSettings, drawn: Drawn) -> Iterable[Fault]:
    known = {**deciding.known(drawn.back_fields), **ROUND}
    if not settings.condition and not settings.rules:
        yield "condition_missing", "It is not said when to stop: add a sentence."
    for fault in settings.faults(known):
        yield "condition_invalid", fault
    begins, back = drawn.input_types.get("value"), drawn.back_types.get("result")
    if begins and back and _family(begins) != _family(back) and "any" not in (begins, back):
        yield (
            "rounds_do_not_fit",
            "The next round begins with what the last one led back, which is of another sort than what arrives "
            "from outside: lead back the same sort to “Result”.",
        )
    lost = sorted(set(drawn.fields) - set(drawn.back_fields)) if begins == "values" else []
    if lost and back:
        yield (
            "values_lost",
            f"From the second round on the steps inside would miss {', '.join(lost)}: lead them back to “Result” too.",
        )
    if settings.if_never == "branch" and "never" not in drawn.leaving:
        yield (
            "never_unconnected",
            "When it is never true it takes a branch, and none is drawn from “If never”.",
        )


def _family(kind: SocketType) -> str:
    return "words" if kind in TEXTS else kind


@node_kind(
    "repeat_until",
    title="Repeat until",
    category="logic",
    settings=RepeatUntilSettings,
    inputs=[Socket(name="value", type="any", title="Begins with")],
    outputs=[
        Socket(name="done", type="any", title="Once it is true", passes="result"),
        Socket(name="never", type="any", title="If never", passes="result"),
    ],
    body=Body(
        begins=[
            Socket(name="current", type="any", title="Value so far", passes="value"),
            Socket(name="round", type="text", title="Number of the round"),
        ],
        ends=[Socket(name="result", type="any", title="Result")],
        most=lambda settings: int(settings.most_rounds),
    ),
    example={
        "rules": [{"value": "text", "comparison": "contains", "other": "done"}],
        "most_rounds": 4,
        "if_never": "last_value",
    },
    faults=_faults,
    takes_one=True,
)
async def repeat_until(inputs: Inputs, settings: RepeatUntilSettings, step: Step) -> Outputs:
    """Does the steps that you put inside it again and again, until a condition on their result is true.

    The first round begins with what arrives, each further one with the result of the one before: "Value so far".
    Inside, lead to "Result" what the next round is to begin with. It stops at its maximum of rounds, whatever happens.
    """
    value: Value = inputs["value"]
    for number in range(1, settings.most_rounds + 1):
        [ended] = await step.rounds([{"current": value, "round": str(number)}], first=number)
        step.detail["rounds"] = number
        if isinstance(ended, RoundFailed) or "result" not in ended:
            raise RoundsUsedUp(
                f"Round {number} of “Repeat until” led back nothing, since the branch that it took does not lead to "
                "“Result”. Lead every branch inside to it."
            )
        value = ended["result"]
        named = names.fields({"value": value})
        types, values = deciding.seen(value, step.question, named)
        if settings.holds({**types, **ROUND}, {**values, "round": number}):
            step.detail.update(outcome="true", because=settings.in_words())
            return {"done": value}
    told = (
        f"After {settings.most_rounds} rounds “{settings.in_words()}” was still not true. Allow more rounds, make the "
        "condition easier to reach, or say in the settings what happens then."
    )
    if settings.if_never == "end_the_run":
        raise RoundsUsedUp(told)
    step.detail.update(outcome="never true", message=told)
    return {"done" if settings.if_never == "last_value" else "never": value}
