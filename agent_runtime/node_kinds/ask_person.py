"""Have a person decide before the run goes on."""

from collections.abc import Iterable

from pydantic import Field

from agent_runtime.insertion import insert, unknown
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.values import Answer, Value, as_text
from agent_runtime.people import Whom
from agent_runtime.step import Step

SECONDS_PER_HOUR = 3_600.0


class AskPersonSettings(Settings):
    title: str = Field(
        "Please check this",
        min_length=1,
        max_length=120,
        title="Title",
        description="What is to be decided, in a few words. The person who asked the agent sees it too.",
    )
    instructions: str = Field(
        "",
        max_length=4_000,
        title="Instructions",
        description=(
            "What to look at before deciding. {{question}} inserts the question and {{text}} the words that arrive; "
            "named values that arrive go by their names."
        ),
        json_schema_extra={"format": "template"},
    )
    whom: Whom = Field(
        "owner",
        title="Who decides",
        description="`owner` is you, whose agent this is; `asker` is the person who asked it.",
    )
    may_edit: bool = Field(
        True,
        title="May change the text",
        description="Whether the person may change the words before approving them. Only texts and answers can be.",
    )
    wait_hours: float = Field(
        0.0,
        ge=0.0,
        le=8_760.0,
        allow_inf_nan=False,
        title="Wait at most (hours)",
        description="After so many hours without a decision it goes on at “No decision in time”. 0 waits for ever.",
    )


def _faults(settings: AskPersonSettings, drawn: Drawn) -> Iterable[Fault]:
    known = ("question", "text", *drawn.fields)
    for name in unknown(settings.instructions, set(known)):
        names_ = ", ".join(f"{{{{{each}}}}}" for each in known)
        yield "insertion_unknown", f"{{{{{name}}}}} is not known here: use one of {names_}."
    if "rejected" not in drawn.leaving:
        yield "branch_unconnected", "Connect “Rejected”: it says what is answered when the person says no."
    if settings.wait_hours and "timed_out" not in drawn.leaving:
        yield (
            "branch_unconnected",
            "Connect “No decision in time”, or wait for ever: otherwise a late decision leaves no answer.",
        )


@node_kind(
    "ask_person",
    is_quick=True,
    title="Ask a person",
    category="logic",
    settings=AskPersonSettings,
    inputs=[Socket(name="value", type="any", title="To decide on")],
    outputs=[
        Socket(name="approved", type="any", title="Approved", passes="value"),
        Socket(name="rejected", type="text", title="Rejected"),
        Socket(name="timed_out", type="text", title="No decision in time"),
    ],
    example={
        "title": "May this be sent?",
        "instructions": "The customer asked: {{question}}",
        "whom": "owner",
        "wait_hours": 48,
    },
    faults=_faults,
)
async def ask_person(inputs: Inputs, settings: AskPersonSettings, step: Step) -> Outputs:
    """Shows what arrives to a person, who approves it, changes it or rejects it. Until then the run waits.

    Waiting takes up nothing, holds no money and survives a restart of the server. Who is asked finds it in their
    inbox; the one who asked the agent also finds it in the chat. “Rejected” carries the note that the person left.
    """
    value = inputs["value"]
    text = as_text(value)
    said = step.ask_person(
        title=settings.title,
        instructions=insert(
            settings.instructions, names.words(inputs) | {"question": step.question, "text": text}
        ),
        value=text,
        may_edit=settings.may_edit and isinstance(value, str | Answer),
        whom=settings.whom,
        timeout_s=settings.wait_hours * SECONDS_PER_HOUR or None,
    )
    step.detail.update(decision=said.decision, note=said.note)
    match said.decision:
        case "approved":
            return {"approved": _as_left(value, text, said.value)}
        case "rejected":
            return {"rejected": said.note or "This was rejected."}
    return {"timed_out": "Nobody decided in time."}


def _as_left(value: Value, before: str, after: str) -> Value:
    """What was approved. Words that a person changed are theirs: what they rested on before does not hold for them."""
    if after == before:
        return value
    return Answer(after) if isinstance(value, Answer) else after
