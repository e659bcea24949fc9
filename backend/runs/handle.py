"""One run under way: what happened so far, for as many listeners as there are, and how it ended."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Answered:
    """How a run ended well, and what it cost."""

    run_id: str
    answer: str
    citations: Sequence[Mapping[str, Any]]
    sentences: Sequence[Mapping[str, Any]]
    not_ready: Mapping[str, Any]
    """`agent_runtime.events.NotReady`: what was not searched, by name for the vaults' owner only."""
    left_out: Mapping[str, Any]
    """`agent_runtime.events.LeftOut`: what no model could be given, by name for the vaults' owner only."""
    prompt_tokens: int
    completion_tokens: int
    model: str
    took_ms: int
    charge: int
    """In the currency's smallest unit."""
    proof_id: str | None
    found: bool = True
    """False where it says that nothing was found."""


class RunFailed(Exception):
    """The run ended without an answer; nothing was charged. `code` is for programs, `detail` for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class RunWaits(RunFailed):
    """The run waits for a person and goes on by itself once they have answered. Nothing was charged so far."""

    def __init__(self, detail: str) -> None:
        super().__init__("waits_for_person", detail)


@dataclass
class RunHandle:
    """Follow a run with `events()`, wait for its end with `result()`, stop it with `cancel()`."""

    run_id: str
    started_at: datetime
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: int = 0
    """Who follows `events()` now."""
    _happened: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)
    _result: asyncio.Future[Answered] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def has_told(self) -> bool:
        """Whether anything happened yet that listeners are told."""
        return bool(self._happened)

    async def events(self) -> AsyncGenerator[tuple[str, Mapping[str, Any]]]:
        """`(type, data)` from the first event to the last, also for who comes late."""
        told = 0
        self.listeners += 1
        try:
            while True:
                async with self._more:
                    while told == len(self._happened) and not self._result.done():
                        await self._more.wait()
                    new = self._happened[told:]
                    ended = self._result.done()
                for item in new:
                    yield item
                told += len(new)
                if ended and told == len(self._happened):
                    return
        finally:
            self.listeners -= 1

    async def result(self) -> Answered:
        """The answer. Raises RunFailed when there is none."""
        return await asyncio.shield(self._result)

    def cancel(self) -> None:
        """Ask the run to stop; it ends within a second and costs nothing."""
        self.cancelled.set()

    async def tell(self, event: str, data: Mapping[str, Any]) -> None:
        async with self._more:
            self._happened.append((event, data))
            self._more.notify_all()

    async def finish(self, outcome: Answered | RunFailed) -> None:
        async with self._more:
            if not self._result.done():
                if isinstance(outcome, RunFailed):
                    self._result.set_exception(outcome)
                    self._result.exception()  # a run whose listener left is not an unhandled error
                else:
                    self._result.set_result(outcome)
            self._more.notify_all()
