"""Drive one run to its end, and make that end one database transaction with everything that hangs on it.

The answer, its charge and proof, the run's record, what is kept beside it (a chat's message) and where the run had
got to change together or not at all. A run that waits for a person ends nothing: it lets go of its reservation,
is kept as waiting, and nothing of it stays in memory.
"""

import asyncio
import importlib
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime import service as runtime
from agent_runtime import threads
from agent_runtime.events import (
    Event,
    NodeFinished,
    NodeRecovered,
    NodeRetried,
    NodeStarted,
    PersonAsked,
    RunCancelled,
    RunFailedEvent,
    RunFinished,
    RunParked,
    RunResumed,
    StepEvent,
    data,
)
from agent_runtime.limits import RunLimits
from agent_runtime.people import PersonSaid
from agent_runtime.ports import Tools
from backend.agent_calls.service import AgentCalls
from backend.clock import Clock
from backend.database import Database
from backend.inquiries import store as inquiries_store
from backend.inquiries.store import Inquiry
from backend.runs import store
from backend.runs.beside import Keeper
from backend.runs.handle import Answered, RunFailed, RunHandle, RunWaits
from backend.runs.invocation import Invocation, Trial
from backend.runs.uses import use_of
from backend.sealed import Sealer, SealerFor, open_json, seal_json
from licensing.errors import LicensingError
from licensing.service import Licensing
from licensing.values import ReservationId

if TYPE_CHECKING:
    from agent_runtime.checkpoints import SealedCheckpoints

log = logging.getLogger("qanat.runs")

ToolsFor = Callable[[str, str, str], Awaitable[Tools]]
"""The tools of a run: of the agent's owner, whose vaults it searches, for the person who asks, through this agent."""
Equip = Callable[[Tools, str, Invocation], Tools]
"""Adds to the tools what belongs to one run, by its id: what it remembers, whom it may ask."""
ENGINE = "agent_runtime.checkpoints"
CANCELLED = RunFailed("cancelled", "Stopped. Nothing was charged.")
NOTHING_MISSED: Mapping[str, Any] = {"count": 0, "documents": []}
"""For what was answered before answers said which documents were not searched."""
NOTHING_LEFT_OUT: Mapping[str, Any] = {"count": 0, "passages": []}
"""For what was answered before answers said which passages no model could be given."""


@dataclass
class Life:
    """One run under way in this process."""

    handle: RunHandle
    invocation: Invocation
    sealer: Sealer
    """Of the person who asked."""
    replies: Mapping[str, PersonSaid] = field(default_factory=dict)
    """What people have said to it so far."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    is_new: bool = True
    """Whether nothing was kept of it before this life but how it began."""
    checkpoints: "SealedCheckpoints | None" = None

    @property
    def run_id(self) -> str:
        return self.handle.run_id

    def record(self, **more: Any) -> dict[str, Any]:
        """What is kept of the run for the person who asked."""
        kept: dict[str, Any] = {"question": self.invocation.question}
        if self.invocation.keeps_steps:
            kept["steps"] = self.steps
        if trial := self.invocation.trial:  # of what was published the version has the graph
            kept |= {"graph": self.invocation.graph.document(), **trial.about}
        return {**kept, **more}

    def begin_anew(self) -> None:
        """Nothing of it was told yet but the steps that it takes over."""
        trial = self.invocation.trial or Trial()
        self.steps = [dict(step) for step in trial.steps]


class Driving:
    """Runs graphs and records how they end."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        licensing: Licensing,
        *,
        sealer_for: SealerFor,
        tools_for: ToolsFor,
        limits: RunLimits,
        calls: AgentCalls,
    ) -> None:
        self._database = database
        self._clock = clock
        self._licensing = licensing
        self._calls = calls
        self._sealer_for = sealer_for
        self._tools_for = tools_for
        self._limits = limits
        self.equip: Equip = lambda tools, run_id, invocation: tools
        self.keepers: dict[str, Keeper] = {}
        """Who keeps what beside runs, by name."""

    async def drive(self, life: Life) -> None:
        """Run to the end, or until a person is asked. Only being cancelled is raised: then the run goes on later."""
        try:
            while not await self._drive(life):
                life.replies, life.is_new = await self.replies(life.run_id), False
        except (
            Exception
        ) as error:  # whatever it was, the person is told, the money is freed and the log has it
            log.exception("run.broke run=%s", life.run_id)
            failure = RunFailed(
                "internal", "Something broke on our side. Nothing was charged; please ask again."
            )
            if isinstance(error, LicensingError):
                failure = RunFailed("not_charged", f"{error} Nothing was charged.")
            with suppress(Exception):
                await self.fail(life, failure)
            await life.handle.finish(failure)

    async def _drive(self, life: Life) -> bool:
        """False where the run was parked for answers that have come meanwhile."""
        invocation, handle = life.invocation, life.handle
        life.begin_anew()
        tools = await self._tools_for(invocation.owner_id, invocation.user_id, invocation.agent_id)
        tools = self.equip(tools, life.run_id, invocation)
        events = runtime.run(
            invocation.graph,
            invocation.question,
            tools,
            run_id=handle.run_id,
            limits=self._limits,
            cancelled=handle.cancelled,
            checkpoints=await self._checkpoints(life),
            earlier=(invocation.trial or Trial()).earlier,
            replies=life.replies,
            is_new=life.is_new,
        )
        async with aclosing(events):
            async for event in events:
                match event:
                    case RunFinished():
                        await self._charge(life, event)
                        return True
                    case RunFailedEvent():
                        await self.fail(life, RunFailed(event.code, event.message), at=event.node_id)
                        return True
                    case RunCancelled():
                        await self.fail(life, CANCELLED)
                        return True
                    case RunParked():
                        return await self._park(life, event)
                    case RunResumed():
                        await self._tell_again(life, event)
                    case _:
                        _note(life.steps, event)
                        await self._tell(life, event)
        raise RuntimeError("the run ended without saying how")

    async def _tell(self, life: Life, event: Event) -> None:
        if life.invocation.keeps_steps or not isinstance(event, StepEvent):
            await life.handle.tell(event.type, data(event))

    async def _tell_again(self, life: Life, event: RunResumed) -> None:
        """What had happened before, for who looks on from now; once in a life."""
        for earlier in event.earlier:
            _note(life.steps, earlier)
        if life.handle.has_told:
            return
        await life.handle.tell("run.started", {"run_id": life.run_id})
        for earlier in event.earlier:
            await self._tell(life, earlier)
        if event.said:
            await life.handle.tell("answer.delta", {"text": event.said})

    async def _checkpoints(self, life: Life) -> "SealedCheckpoints":
        if ENGINE not in sys.modules:  # importing it takes a second, once
            await asyncio.to_thread(importlib.import_module, ENGINE)
        from agent_runtime.checkpoints import SealedCheckpoints

        life.checkpoints = SealedCheckpoints(self._database, life.sealer, tenant_id=life.invocation.user_id)
        return life.checkpoints

    # How a run ends

    async def _charge(self, life: Life, event: RunFinished) -> None:
        invocation = life.invocation
        finished = dict(data(event))
        if not invocation.keeps_steps:  # names of files are the vault owner's, who is the agent's author
            finished["not_ready"] = {**finished["not_ready"], "documents": []}
            finished["left_out"] = {**finished["left_out"], "passages": []}
        sealed = seal_json(life.sealer, life.record(**finished), "run", life.run_id)
        charge, proof_id = 0, None
        async with self._database.writing() as connection:
            if invocation.reservation_id is not None:
                charged = await self._licensing.charge(
                    connection,
                    ReservationId(invocation.reservation_id),
                    use_of(invocation.question, event),
                )
                charge, proof_id = charged.charge, str(charged.proof_id)
            await self._calls.charge(connection, life.run_id, life.sealer)
            answered = Answered(
                run_id=life.run_id,
                answer=event.answer,
                citations=finished["citations"],
                sentences=finished["sentences"],
                not_ready=finished["not_ready"],
                left_out=finished["left_out"],
                prompt_tokens=event.usage.prompt_tokens,
                completion_tokens=event.usage.completion_tokens,
                model=event.usage.model,
                took_ms=event.usage.took_ms,
                charge=charge,
                proof_id=proof_id,
                found=event.found,
            )
            await store.finish(
                connection,
                life.run_id,
                state="finished",
                at=self._clock.now(),
                record=sealed,
                charge=charge,
                proof_id=proof_id,
            )
            await self._let_go(connection, life, answered)
        log.info("run.finished run=%s charge=%d took_ms=%d", life.run_id, charge, event.usage.took_ms)
        await life.handle.tell("run.finished", finished_facts(finished))
        await life.handle.tell("charge", {"charge": charge, "proof_id": proof_id})
        await life.handle.finish(answered)

    async def fail(self, life: Life, failure: RunFailed, *, at: str | None = None) -> None:
        """End a run without an answer: what it reserved is free again, and whoever looks is told why."""
        invocation = life.invocation
        failed_at = at if invocation.keeps_steps else None
        more = {"failed_at": failed_at} if invocation.keeps_steps and at else {}
        record = life.record(**more, failure={"code": failure.code, "message": failure.detail})
        state = "cancelled" if failure is CANCELLED else "failed"
        async with self._database.writing() as connection:
            if invocation.reservation_id is not None:
                await self._licensing.release(ReservationId(invocation.reservation_id), connection=connection)
            await self._calls.release(connection, life.run_id)
            await store.finish(
                connection,
                life.run_id,
                state=state,
                at=self._clock.now(),
                record=seal_json(life.sealer, record, "run", life.run_id),
            )
            if invocation.request_key:
                # Nothing was answered and nothing charged: the same key may try again.
                await store.forget_request(
                    connection, user_id=invocation.user_id, request_key=invocation.request_key
                )
            await self._let_go(connection, life, failure)
        log.info("run.%s run=%s code=%s", state, life.run_id, failure.code)
        if failure is CANCELLED:
            await life.handle.tell("run.cancelled", {})
        else:
            await life.handle.tell(
                "run.failed", {"node_id": failed_at, "code": failure.code, "message": failure.detail}
            )
        await life.handle.finish(failure)

    async def _let_go(self, connection: AsyncConnection, life: Life, outcome: Answered | RunFailed) -> None:
        """What is kept beside the run learns of its end; where it had got to is needed no more."""
        if not life.is_new:
            await inquiries_store.withdraw_of_run(connection, life.run_id, at=self._clock.now())
        if not life.is_new or (life.checkpoints and life.checkpoints.has_written):
            await threads.forget(connection, tenant_id=life.invocation.user_id, thread_id=life.run_id)
        await self._calls.let_go(connection, life.run_id, life.invocation.user_id)
        if beside := life.invocation.beside:
            await self.keepers[beside.keeper].finish(connection, life.sealer, beside.facts, outcome)

    # Waiting for people

    async def _park(self, life: Life, event: RunParked) -> bool:
        """Keep what is asked and let the run rest; False where all of it was answered already.

        What was reserved is given back: nobody's money is held while somebody thinks. It is reserved anew, at the
        same price, when the run goes on.
        """
        invocation, now = life.invocation, self._clock.now()
        sealers = {
            person: await self._sealer_for(person) for person in (invocation.user_id, invocation.owner_id)
        }
        async with self._database.writing() as connection:
            known = {
                inquiry.request_id: inquiry
                for inquiry in await inquiries_store.list_of_run(connection, life.run_id)
            }
            if any(known[a.request_id].state != "open" for a in event.asked if a.request_id in known):
                return False
            for asked in event.asked:
                if asked.request_id not in known:
                    person = invocation.user_id if asked.whom == "asker" else invocation.owner_id
                    inquiry = _inquiry(life, asked, person, sealers[person], now)
                    await inquiries_store.add(connection, inquiry)
                    known[asked.request_id] = inquiry
            if invocation.reservation_id is not None:
                await self._licensing.release(ReservationId(invocation.reservation_id), connection=connection)
            await self._calls.release(connection, life.run_id)
            record = seal_json(life.sealer, life.record(), "run", life.run_id)
            await store.park(connection, life.run_id, record=record)
            if beside := invocation.beside:
                await self.keepers[beside.keeper].wait(connection, life.sealer, beside.facts)
        log.info("run.waiting run=%s asked=%d", life.run_id, len(event.asked))
        asks = [(known[asked.request_id], asked) for asked in event.asked]
        await life.handle.tell("run.parked", parked_facts(invocation.user_id, asks))
        await life.handle.finish(RunWaits(_waits_for(invocation.user_id, asks)))
        return True

    async def replies(self, run_id: str) -> dict[str, PersonSaid]:
        """What people have said to a run, by the id of the request."""
        async with self._database.reading() as connection:
            answered = [
                inquiry
                for inquiry in await inquiries_store.list_of_run(connection, run_id)
                if inquiry.state in ("approved", "rejected", "timed_out")
            ]
        said: dict[str, PersonSaid] = {}
        for inquiry in answered:
            sealer = await self._sealer_for(inquiry.user_id)
            reply = (
                open_json(sealer, inquiry.reply, "inquiry-reply", inquiry.id)
                if inquiry.reply
                else {"value": "", "note": ""}
            )
            said[inquiry.request_id] = PersonSaid(inquiry.state, reply["value"], reply["note"])  # type: ignore[arg-type]
        return said


def _inquiry(life: Life, asked: PersonAsked, person: str, sealer: Sealer, now: datetime) -> Inquiry:
    inquiry_id = uuid4().hex
    content = asked.model_dump(mode="json", include={"title", "instructions", "value", "may_edit", "node_id"})
    return Inquiry(
        id=inquiry_id,
        run_id=life.run_id,
        request_id=asked.request_id,
        user_id=person,
        agent_id=life.invocation.agent_id,
        state="open",
        content=seal_json(sealer, content, "inquiry", inquiry_id),
        reply=None,
        created_at=now,
        expires_at=now + timedelta(seconds=asked.timeout_s) if asked.timeout_s else None,
        answered_at=None,
    )


def parked_facts(user_id: str, asks: Sequence[tuple[Inquiry, PersonAsked]]) -> dict[str, Any]:
    """What the person who asked is told of a run that waits; what somebody else is asked is not theirs to read."""
    return {
        "asked": [
            {
                "title": asked.title,
                "inquiry_id": inquiry.id if inquiry.user_id == user_id else None,
                "expires_at": inquiry.expires_at.isoformat() if inquiry.expires_at else None,
            }
            for inquiry, asked in asks
        ]
    }


def _waits_for(user_id: str, asks: Sequence[tuple[Inquiry, PersonAsked]]) -> str:
    inquiry, asked = asks[0]
    whom = "you" if inquiry.user_id == user_id else "the agent's owner"
    return (
        f"The agent waits for {whom} to decide on “{asked.title}”. It goes on by itself after that; "
        "nothing was charged so far."
    )


def _note(steps: list[dict[str, Any]], event: Event) -> None:
    """Keep what the person who drew the agent may want to see of each step."""
    if isinstance(event, NodeStarted):
        steps.append({**data(event), "troubles": []})
    elif isinstance(event, NodeRetried | NodeRecovered | NodeFinished):
        told = data(event)
        for step in reversed(steps):
            if step["node_id"] == event.node_id and step.get("inside") == told.get("inside"):
                if isinstance(event, NodeFinished):
                    step.update(told)
                else:
                    step["troubles"].append({"type": event.type, **told})
                return


def finished_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """What `run.finished` carries over HTTP."""
    told = {name: record[name] for name in ("answer", "citations", "sentences", "usage")}
    return {
        **told,
        "found": record.get("found", True),
        "not_ready": record.get("not_ready", NOTHING_MISSED),
        "left_out": record.get("left_out", NOTHING_LEFT_OUT),
    }
