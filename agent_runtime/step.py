"""What a node's behaviour may reach while it runs: the run's question, its tools, its meter, its voice."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from agent_runtime.errors import ModelMissing
from agent_runtime.events import PersonAsked
from agent_runtime.journal import InMemory, Journal
from agent_runtime.left_out import LeftOut, named
from agent_runtime.limits import Meter
from agent_runtime.not_ready import Unsearched
from agent_runtime.people import AwaitsPerson, PersonSaid, Whom
from agent_runtime.ports import ChatMessage, ChatModel, Passage, ReplyEnd, Sampling, TextDelta, Tools, Waiting

if TYPE_CHECKING:
    from agent_runtime.node_kinds.values import Value

RETRY_TEMPERATURE = 0.4


@dataclass(frozen=True)
class RoundFailed:
    """A round of the steps inside a node that gave nothing."""

    why: str
    """In words that a person may see."""


RoundEnded: TypeAlias = "Mapping[str, Value] | RoundFailed"
"""What the steps inside led back, by end; an end that a branch not taken leads to is missing."""


class RunsRounds(Protocol):
    """Runs the steps inside a node."""

    async def __call__(
        self,
        begins: "Sequence[Mapping[str, Value]]",
        *,
        first: int = 1,
        at_once: int = 1,
        keep_going: bool = False,
    ) -> list[RoundEnded]:
        """One round for each of `begins`, at most `at_once` at a time; how they ended, in the order of `begins`.

        They are numbered from `first`. Where the run was cut off, rounds that ended before are not done again.
        With `keep_going` a round that fails is told of in its place; without, it ends the others and raises. A limit
        of the whole run ends it either way.
        """


async def no_rounds(
    begins: "Sequence[Mapping[str, Value]]", *, first: int = 1, at_once: int = 1, keep_going: bool = False
) -> list[RoundEnded]:
    """For a node without steps inside."""
    return [{} for _ in begins]


@dataclass
class Step:
    """One node's turn in one run."""

    node_id: str
    question: str
    """What the person asked, whichever edge led here."""
    tools: Tools
    meter: Meter
    speak: Callable[[str], None] = lambda text: None
    """Show a piece of the answer at once; silent unless this node's output is the run's answer."""
    step_id: str = ""
    """The run, the node and which visit of it: the same when the step is tried again, also after a crash. What acts on
    the world outside passes it along, so that it acts once."""
    unsearched: Unsearched = field(default_factory=Unsearched)
    """Where a search notes what it could not look at."""
    left_out: LeftOut = field(default_factory=LeftOut)
    """Where a step notes the passages that its model could not be given."""
    wait: Callable[[int], None] = lambda ahead: None
    """Tell how many others a model answers first."""
    journal: Journal = field(default_factory=InMemory)
    """Where a step that does several things notes them, so that none is done twice when it begins anew."""
    replies: Mapping[str, PersonSaid] = field(default_factory=dict)
    """What people have said so far, by the id of the request."""
    is_answer: bool = False
    """Whether what it hands on is the run's answer itself."""
    attempt: int = 1
    """Which try of this step it is. A model is asked somewhat differently from the second on, so that it may do
    better: what it wrote at temperature 0 it would only write again."""
    rounds: RunsRounds = no_rounds
    """Runs the steps that are drawn inside this node."""
    detail: dict[str, Any] = field(default_factory=dict)
    """JSON-ready facts for the trace, filled by the behaviour."""

    def ask_person(
        self,
        *,
        title: str,
        instructions: str,
        value: str,
        may_edit: bool = True,
        whom: Whom = "asker",
        timeout_s: float | None = None,
        number: int = 1,
    ) -> PersonSaid:
        """What a person says to this. Until they have said it the run is parked, and this step begins anew afterwards.

        So whatever a step does before it asks is done once more; it acts on the world outside only after.
        `number` tells apart the requests of one step.

        Raises:
            AwaitsPerson: nothing was said yet; to be let through, since it is no failure.
        """
        request_id = f"{self.step_id}/{number}"
        if said := self.replies.get(request_id):
            return said
        raise AwaitsPerson(
            PersonAsked(
                request_id=request_id,
                node_id=self.node_id,
                title=title,
                instructions=instructions,
                value=value,
                may_edit=may_edit,
                whom=whom,
                timeout_s=timeout_s,
            )
        )

    async def model(self, name: str = "") -> ChatModel:
        """The model of that name, or the server's own choice when the name is empty.

        Raises:
            ModelMissing: there is none of that name.
        """
        if not name:
            return self.tools.model
        if self.tools.models is None:
            raise ModelMissing(
                f"There is no model {name!r} here: choose another one in the settings of this step, or none."
            )
        return await self.tools.models.find(name)

    def leave_out(self, passages: Sequence[Passage]) -> None:
        """Say of passages that arrived that no model reads them, in this step and in the answer."""
        if passages:
            missed = named(passages)
            self.left_out.note(missed)
            self.detail["left_out"] = [each.model_dump(mode="json") for each in missed]

    async def ask(
        self, messages: Sequence[ChatMessage], sampling: Sampling, *, model: ChatModel | None = None
    ) -> AsyncGenerator[str, None]:
        """Yield what a model writes, the server's own choice or another, counted against the run's limits.

        Raises:
            LimitReached: the run has no tokens left for this.
            ModelError: see `ChatModel.reply`.
        """
        model = model or self.tools.model
        prompt_tokens = await model.count_tokens(messages)
        self.meter.count_prompt(prompt_tokens)
        self.meter.count_model(model.name)
        room = min(sampling.max_tokens, self.meter.tokens_left)
        asked = replace(sampling, max_tokens=room)
        if self.attempt > 1:
            freer = max(sampling.temperature, RETRY_TEMPERATURE)
            asked = replace(asked, seed=sampling.seed + self.attempt - 1, temperature=freer)
        pieces, clock, in_line = 0, asyncio.get_running_loop().time, False
        tokens = {"prompt": prompt_tokens, "room": room, "window": model.context_tokens}
        self.detail.setdefault("models", []).append({"model": model.name, "tokens": tokens})
        try:
            async with aclosing(model.reply(messages, asked)) as parts:
                async for part in parts:
                    if isinstance(part, Waiting):
                        if (part.ahead > 0) != in_line:
                            in_line = part.ahead > 0
                            (self.meter.join_line if in_line else self.meter.leave_line)(clock())
                        self.wait(part.ahead)
                    elif isinstance(part, TextDelta):
                        pieces += 1
                        yield part.text
                    else:
                        self.meter.correct_prompt(part.prompt_tokens - prompt_tokens)
                        pieces = part.completion_tokens
                        tokens.update(_counted(part))
        finally:  # also when the step has read enough and leaves early: then pieces stand for tokens
            if in_line:
                self.meter.leave_line(clock())
            self.meter.count_completion(pieces)


def _counted(end: ReplyEnd) -> dict[str, Any]:
    """What a model told of its reply, for the trace."""
    return {
        "prompt": end.prompt_tokens,
        "reused": end.reused_tokens,
        "written": end.completion_tokens,
        "cut_short": end.reason == "length",
    }
