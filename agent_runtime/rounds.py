"""Run the steps inside a node: round after round or several at one time, each kept as it ends.

A round is one trip through the steps inside, with a state of its own. With checkpoints it has a place of its own too,
named by everything that it depends on, so that a run that was cut off repeats no round that ended, and a round that
begins with something else is never mistaken for it.
"""

import asyncio
import contextvars
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from agent_runtime import plain_json, recovery
from agent_runtime.earlier import Outcome
from agent_runtime.events import PersonAsked, Round
from agent_runtime.graph import Edge
from agent_runtime.node_kinds.values import Value
from agent_runtime.people import AwaitsPerson
from agent_runtime.step import RoundEnded, RoundFailed

if TYPE_CHECKING:
    from agent_runtime.checkpoints import SealedCheckpoints

Outcomes: TypeAlias = Mapping[str, Outcome]


@dataclass(frozen=True)
class Inner:
    """The steps inside one node, compiled. Holds nothing of any run."""

    node_id: str
    app: Any
    step_limit: int
    steps: frozenset[str]
    ends: Mapping[str, Sequence[Edge]]
    """The edges that lead back, by end."""
    from_outside: tuple[str, ...]
    """The nodes outside whose values steps inside use directly."""
    digest: str
    """Of the steps inside, as they are drawn."""

    def place(self, rounds: Sequence[Round], begins: Mapping[str, Value], around: Outcomes) -> str:
        """Where a round is kept: the same as long as all that it depends on is."""
        used = {node: around.get(node) for node in self.from_outside}
        path = [[each.node_id, each.number] for each in rounds]
        return hashlib.sha256(plain_json.encode([self.digest, path, dict(begins), used])).hexdigest()

    def gather(self, outcomes: Outcomes) -> dict[str, Value]:
        """What a round that ended leads back: at each end the first value that arrived."""
        found: dict[str, Value] = {}
        for end, edges in self.ends.items():
            for edge in edges:
                outcome = outcomes.get(edge.source.node)
                if outcome and edge.source.socket in outcome:
                    found[end] = outcome[edge.source.socket]
                    break
        return found


class Drive(Protocol):
    async def __call__(
        self,
        inner: Inner,
        begin: Mapping[str, Value] | None,
        rounds: Sequence[Round],
        checkpoints: "SealedCheckpoints | None",
    ) -> Outcomes:
        """Send one round through the engine to its end; `begin` None goes on with the one that is kept."""


TakeUp: TypeAlias = "Callable[[SealedCheckpoints], Awaitable[Outcomes | None]]"
"""What is kept of a round that had begun before, whose use counts on; None when it had not."""


@dataclass(frozen=True)
class Rounds:
    """The rounds of one visit to a node. What a kind's behaviour runs the steps inside with."""

    inner: Inner
    rounds: tuple[Round, ...]
    """Those that this visit is in itself."""
    around: Outcomes
    drive: Drive
    take_up: TakeUp
    checkpoints: "SealedCheckpoints | None"
    may_have_begun: bool
    """Whether rounds may be kept from before: the run was cut off, or this step is tried again."""
    failed: Callable[[Exception, Round], recovery.Failure]
    """Notes that a round failed that the run can do without; in words."""

    async def __call__(
        self,
        begins: Sequence[Mapping[str, Value]],
        *,
        first: int = 1,
        at_once: int = 1,
        keep_going: bool = False,
    ) -> list[RoundEnded]:
        """See `Step.rounds`."""
        numbered = [
            (Round(node_id=self.inner.node_id, number=number), begin)
            for number, begin in enumerate(begins, first)
        ]
        kept = [
            await self._kept(each, begin) for each, begin in numbered
        ]  # all that was used counts from the start
        room, is_over = asyncio.Semaphore(at_once), asyncio.Event()
        asked: list[PersonAsked] = []

        async def one(place: int) -> RoundEnded:
            async with room:
                if is_over.is_set():
                    return {}  # nobody asks any more
                each, begin = numbered[place]
                try:
                    outcomes = await self._run(each, begin, kept[place])
                except AwaitsPerson as waiting:  # the others need not wait for that
                    asked.extend(waiting.asked)
                    return {}
                except Exception as error:
                    if not keep_going or not recovery.may_recover(error):
                        is_over.set()
                        raise
                    return RoundFailed(self.failed(error, each).message)
                return self.inner.gather(outcomes)

        ended = await _all(one, len(numbered))
        if asked:
            raise AwaitsPerson(*asked)
        return ended

    async def _kept(self, each: Round, begin: Mapping[str, Value]) -> Outcomes | None:
        saver = self._saver(each, begin) if self.may_have_begun else None
        return await self.take_up(saver) if saver else None

    async def _run(self, each: Round, begin: Mapping[str, Value], kept: Outcomes | None) -> Outcomes:
        if kept is not None and self.inner.steps <= kept.keys():
            return kept
        rounds = (*self.rounds, each)
        return await self.drive(self.inner, begin if kept is None else None, rounds, self._saver(each, begin))

    def _saver(self, each: Round, begin: Mapping[str, Value]) -> "SealedCheckpoints | None":
        if self.checkpoints is None:
            return None
        return self.checkpoints.inside(self.inner.place((*self.rounds, each), begin, self.around))


async def _all(one: Callable[[int], Coroutine[Any, Any, RoundEnded]], count: int) -> list[RoundEnded]:
    """What each gives, in order. The first that fails ends the others. The engine finds the run around a round by the
    task's context, so each round gets an empty one."""

    tasks = [asyncio.create_task(one(place), context=contextvars.Context()) for place in range(count)]
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in tasks:
                if task in done:
                    task.result()
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
