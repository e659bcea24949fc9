"""What happens on a run, as it is told to whoever follows it. Values only.

Sent as server-sent events: `event: <type>`, `data: <event.data()>`. A run has one `run.started`,
then any number of node, waiting and delta events, and ends with exactly one of `run.finished`, `run.failed`,
`run.cancelled` and `run.parked`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A value that never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(Frozen):
    """The claim that part of an answer rests on these very words. `document_text[start:end] == quote`."""

    number: int = Field(ge=1, description="Counted from 1, in the order the answer names them.")
    passage_id: str
    vault_id: str
    document_id: str
    document: str = Field(description="The document's name.")
    page: int | None = Field(description="Counted from 1; null for documents without pages.")
    start: int = Field(ge=0, description="Character offset into the document's text.")
    end: int = Field(ge=0, description="Character offset into the document's text, excluded.")
    quote: str


class AnswerSentence(Frozen):
    """A sentence of an answer. `answer[start:end] == text`."""

    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    supported: bool = Field(description="Whether the passages it cites say what it says.")
    citations: list[int] = Field(description="Numbers of the citations it rests on.")


class NotReadyDocument(Frozen):
    """A document that no search of the run could look at."""

    vault_id: str
    document_id: str
    document: str = Field(description="Its name.")
    stage: Literal["waiting", "reading", "preparing", "failed", "stopped"]
    reason: str = Field(description="Why it failed, in a few words; empty otherwise.")


class NotReady(Frozen):
    """What the searched vaults hold that was not searched, since it was not ready or could not be read."""

    count: int = Field(0, ge=0)
    documents: list[NotReadyDocument] = Field(
        default=[], description="The first of them, for the vault's owner only; empty for everybody else."
    )


class LeftOutPassage(Frozen):
    """A passage that a search found and no model read, since the window was full."""

    passage_id: str
    vault_id: str
    document_id: str
    document: str = Field(description="The document's name.")
    page: int | None
    start: int = Field(ge=0, description="Character offset into the document's text.")
    end: int = Field(ge=0, description="Character offset into the document's text, excluded.")


class LeftOut(Frozen):
    """The passages that did not fit into a model's window, so that the answer does not rest on them."""

    count: int = Field(0, ge=0)
    passages: list[LeftOutPassage] = Field(
        default=[], description="The first of them, for the vaults' owner only; empty for everybody else."
    )


class Usage(Frozen):
    """What a run used."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    model_calls: int = 0
    steps: int = 0
    model: str = Field(
        "", description="The model that was asked; several with commas between them; empty when none was."
    )
    took_ms: int = 0


class RunStarted(Frozen):
    type: Literal["run.started"] = "run.started"
    run_id: str


class RunWaiting(Frozen):
    """The run waits for a model that answers others first. Told again whenever the number changes."""

    type: Literal["run.waiting"] = "run.waiting"
    ahead: int = Field(ge=0, description="How many replies come before; 0 once it is this run's turn.")


class Arrived(Frozen):
    """Where the value at an input came from."""

    node: str
    socket: str


class Round(Frozen):
    """One time that a node runs the steps inside it: for one item of its list, or one more time."""

    node_id: str
    number: int = Field(ge=1)


INSIDE: Any = Field(
    default=[], description="For a step inside others, which of their rounds it is in, outermost first."
)


class PersonAsked(Frozen):
    """What a run asks of a person. It goes on once they have answered, or once the time for that is over."""

    request_id: str = Field(
        description="The step and which of its requests: the same at every try of the step."
    )
    node_id: str
    title: str
    instructions: str
    value: str = Field(description="What is to be approved.")
    may_edit: bool
    whom: Literal["asker", "owner"] = Field(description="Who asked the agent, or whose agent it is.")
    timeout_s: float | None = Field(description="After so many seconds it counts as timed out; null: never.")


class NodeStarted(Frozen):
    type: Literal["node.started"] = "node.started"
    node_id: str
    kind: str
    title: str
    arrived: dict[str, Arrived] = Field(
        default={}, description="By input, whose output is read there: what the step took in."
    )
    inside: list[Round] = INSIDE


class NodeRetried(Frozen):
    """A step failed and is about to be tried again."""

    type: Literal["node.retried"] = "node.retried"
    node_id: str
    kind: str
    attempt: int = Field(ge=2, description="Which try begins now; the first is 1.")
    pause_s: float = Field(description="Seconds until it begins.")
    code: str
    message: str = Field(description="Why the try before failed.")
    inside: list[Round] = INSIDE


class NodeRecovered(Frozen):
    """A step failed for good, and the run goes on as its builder decided. `node.finished` follows.

    Of a node with steps inside it also tells that one of its rounds failed; `inside` then ends with that round.
    """

    type: Literal["node.recovered"] = "node.recovered"
    node_id: str
    kind: str
    by: Literal["default", "branch", "left_out"] = Field(
        description="Whether a default value is handed on, its output for failures is taken, or the round is left out."
    )
    code: str
    message: str = Field(description="Why it failed.")
    inside: list[Round] = INSIDE


class NodeFinished(Frozen):
    type: Literal["node.finished"] = "node.finished"
    node_id: str
    kind: str
    took_ms: int
    output: Any = Field(description="What the node hands on, by socket, JSON-ready.")
    detail: dict[str, Any] = Field(
        description="How it came to that: the prompt as sent, scores, the condition's result, what was left out."
    )
    inside: list[Round] = INSIDE


class AnswerDelta(Frozen):
    """A piece of the answer, in order. `run.finished` carries the whole, which is what counts."""

    type: Literal["answer.delta"] = "answer.delta"
    text: str


class RunFinished(Frozen):
    type: Literal["run.finished"] = "run.finished"
    answer: str
    found: bool = Field(True, description="False when the answer says that nothing was found.")
    citations: list[Citation]
    sentences: list[AnswerSentence]
    not_ready: NotReady = NotReady()
    left_out: LeftOut = LeftOut()
    usage: Usage


class RunFailedEvent(Frozen):
    type: Literal["run.failed"] = "run.failed"
    node_id: str | None
    code: str
    message: str = Field(description="What happened and what to do, in words for the person who asked.")
    usage: Usage = Usage()


class RunCancelled(Frozen):
    type: Literal["run.cancelled"] = "run.cancelled"
    usage: Usage = Usage()


class RunParked(Frozen):
    """The run waits for people and takes up nothing meanwhile. Running it again, with what they said, goes on."""

    type: Literal["run.parked"] = "run.parked"
    asked: list[PersonAsked]
    usage: Usage = Usage()


StepEvent: TypeAlias = NodeStarted | NodeRetried | NodeRecovered | NodeFinished
"""What tells of single steps: for whoever drew the agent, and for nobody else."""


class RunResumed(Frozen):
    """The run goes on after it was cut off or parked; the first event then, in place of `run.started`."""

    type: Literal["run.resumed"] = "run.resumed"
    run_id: str
    earlier: list[StepEvent] = Field(description="What was told of the steps that ended before.")
    said: str = Field(description="The part of the answer that was shown and stays.")


Event: TypeAlias = (
    RunStarted
    | RunResumed
    | RunWaiting
    | StepEvent
    | AnswerDelta
    | RunParked
    | RunFinished
    | RunFailedEvent
    | RunCancelled
)
AnyEvent: TypeAlias = Annotated[Event, Field(discriminator="type")]
"""The same for pydantic and OpenAPI, told apart by `type`."""


def data(event: Event) -> Mapping[str, Any]:
    """What travels beside the event's type."""
    return event.model_dump(mode="json", exclude={"type"})
