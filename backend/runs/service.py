"""One invocation, from question to credit: permit, reserve, run, charge, prove.

Nothing runs that was not reserved, nothing is charged above the reservation. The charge, the proof and the
run's record are one database transaction; a crash before it costs nobody anything, after it loses nothing.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime import service as runtime
from agent_runtime.earlier import NOTHING, Earlier
from agent_runtime.events import (
    Event,
    NodeFinished,
    NodeRecovered,
    NodeRetried,
    NodeStarted,
    RunCancelled,
    RunFailedEvent,
    RunFinished,
    StepEvent,
    data,
)
from agent_runtime.graph import Graph
from agent_runtime.limits import RunLimits
from agent_runtime.ports import Tools
from backend.accounts.principal import Principal
from backend.agents.service import Agents, valid_graph
from backend.agents.store import Agent, Version
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Forbidden, NotFound
from backend.runs import store
from backend.runs.handle import Answered, RunFailed, RunHandle
from backend.runs.store import Run
from backend.sealed import SealerFor, open_json, seal_json
from licensing.service import Licensing
from licensing.values import Address, AssetId, Reservation, Use

log = logging.getLogger("qanat.runs")

__all__ = ["Answered", "Finish", "RunFailed", "RunHandle", "Runs"]

ToolsFor = Callable[[str, str, str], Awaitable[Tools]]
"""The tools of a run: of the agent's owner, whose vaults it searches, for the person who asks, through this agent."""
Finish = Callable[[AsyncConnection, Answered | RunFailed], Awaitable[None]]
"""Records the end of a run beside it, in the same transaction."""
Begin = Callable[[AsyncConnection, str], Awaitable[None]]
"""Records what belongs to a run's beginning beside it, in the same transaction; takes the run's id."""


@dataclass(frozen=True)
class _Invocation:
    principal: Principal
    agent: Agent
    version: Version | None
    graph: Graph
    question: str
    begin: Begin | None
    finish: Finish | None
    request_key: str | None
    body_digest: str
    trial: "Trial | None" = None

    @property
    def keeps_steps(self) -> bool:
        """Steps quote the author's vault at length: they are kept for the author alone."""
        return self.principal.user.id == self.agent.owner_id


@dataclass(frozen=True)
class Trial:
    """What a run of one's own for trying something begins with."""

    earlier: Earlier = NOTHING
    steps: Sequence[Mapping[str, Any]] = ()
    """The trace of the steps that it takes over from an earlier run."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What it is for, as its record keeps it: the run that it repeats a part of (`again`), the test (`test_id`)."""


class Runs:
    """Starts runs and keeps what they said, sealed for who asked."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        agents: Agents,
        licensing: Licensing,
        *,
        sealer_for: SealerFor,
        tools_for: ToolsFor,
        limits: RunLimits,
    ) -> None:
        self._database = database
        self._clock = clock
        self._agents = agents
        self._licensing = licensing
        self._sealer_for = sealer_for
        self._tools_for = tools_for
        self._limits = limits
        self._keyed: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._running: dict[str, tuple[str, RunHandle, asyncio.Task[None]]] = {}

    async def start(self) -> None:
        """Say of the runs that a crash interrupted that they failed. Their reservations are freed by licensing."""
        async with self._database.writing() as connection:
            ended = await store.fail_running(connection, at=self._clock.now())
        if ended:
            log.warning("runs.interrupted count=%d", ended)

    async def stop(self) -> None:
        """Cancel what runs and wait for it to end."""
        tasks = []
        for _, handle, task in self._running.values():
            handle.cancel()
            tasks.append(task)
        if tasks:
            await asyncio.wait(tasks, timeout=10)

    # Starting

    async def ask(
        self,
        principal: Principal,
        *,
        slug: str,
        question: str,
        idempotency_key: str | None = None,
        begin: Begin | None = None,
        finish: Finish | None = None,
        version_id: str | None = None,
    ) -> RunHandle:
        """Ask a published agent. When this returns, the most it may cost is reserved and the run is under way.

        The same `idempotency_key` with the same question joins the run it started, or replays its answer.

        Raises:
            NotFound: no such agent. Forbidden: this API key may not use it.
            Conflict: the key was used for another question.
            NotPermitted, ChainUnavailable (licensing): no license, no budget, no word from the chain.
        """
        agent, version = await self._agents.get_published(slug)
        if version_id is not None:
            version = await self._agents.get_version(version_id)
        if principal.slugs is not None and agent.slug not in principal.slugs:
            raise Forbidden(f"This API key may not use {agent.slug!r}. Make one that may under API keys.")
        graph = await self._agents.open_version(agent, version)
        body_digest = _digest(f"{agent.id}\n{version.number}\n{question}")
        invocation = _Invocation(
            principal, agent, version, graph, question, begin, finish, idempotency_key or None, body_digest
        )
        if not idempotency_key:
            return await self._reserve_and_launch(invocation)
        async with self._one_at_a_time(principal.user.id, idempotency_key):
            earlier = await self._earlier(principal, idempotency_key, body_digest)
            return earlier or await self._reserve_and_launch(invocation)

    async def _reserve_and_launch(self, invocation: _Invocation) -> RunHandle:
        version, principal = invocation.version, invocation.principal
        if version is None or version.asset_id is None:
            raise NotFound("This version is still being published. Try again in a moment.")
        run_id = uuid4().hex
        permission = self._licensing.check(Address(principal.user.address), AssetId(int(version.asset_id)))
        reservation = await self._licensing.reserve(
            permission, idempotency_key=run_id, request_digest=_digest(invocation.question)
        )
        try:
            return await self._launch(run_id, invocation, reservation)
        except BaseException:
            await self._licensing.release(reservation.reservation_id)
            raise

    async def try_draft(self, principal: Principal, *, agent_id: str, question: str) -> RunHandle:
        """Run one's own draft as it is saved; free, and recorded with every step.

        Raises:
            NotFound: not an agent of theirs. Invalid: the draft cannot run yet.
        """
        opened = await self._agents.get(principal.user.id, agent_id)
        return await self.try_graph(
            principal, opened.agent, valid_graph(opened.graph, opened.problems), question
        )

    async def try_graph(
        self,
        principal: Principal,
        agent: Agent,
        graph: Graph,
        question: str,
        *,
        version: Version | None = None,
        trial: Trial | None = None,
    ) -> RunHandle:
        """Run any graph as this agent, which is the principal's own; free, and recorded with every step."""
        invocation = _Invocation(
            principal, agent, version, graph, question, None, None, None, "", trial or Trial()
        )
        return await self._launch(uuid4().hex, invocation, None)

    def _one_at_a_time(self, user_id: str, key: str) -> asyncio.Lock:
        """Requests with one idempotency key wait for each other until the first has left its mark."""
        return self._keyed.setdefault((user_id, key), asyncio.Lock())

    async def _earlier(self, principal: Principal, key: str, body_digest: str) -> RunHandle | None:
        async with self._database.reading() as connection:
            found = await store.find_request(connection, user_id=principal.user.id, request_key=key)
        if found is None:
            return None
        first_digest, run_id = found
        if first_digest != body_digest:
            raise Conflict(
                "This Idempotency-Key was used for another question. Use a new key for a new question."
            )
        if run_id in self._running:
            return self._running[run_id][1]
        run = await self.get(principal.user.id, run_id)
        return await self._replay(run)

    async def _replay(self, run: Run) -> RunHandle:
        record = await self.open_record(run)
        handle = RunHandle(run.id, run.started_at)
        answered = Answered(
            run_id=run.id,
            answer=record["answer"],
            citations=record["citations"],
            sentences=record["sentences"],
            not_ready=record.get("not_ready", NOTHING_MISSED),
            left_out=record.get("left_out", NOTHING_LEFT_OUT),
            prompt_tokens=record["usage"]["prompt_tokens"],
            completion_tokens=record["usage"]["completion_tokens"],
            model=record["usage"]["model"],
            took_ms=record["usage"]["took_ms"],
            charge=run.charge,
            proof_id=run.proof_id,
            found=record.get("found", True),
        )
        await handle.tell("run.started", {"run_id": run.id})
        await handle.tell("answer.delta", {"text": answered.answer})
        await handle.tell("run.finished", _finished(record))
        await handle.tell("charge", {"charge": run.charge, "proof_id": run.proof_id})
        await handle.finish(answered)
        return handle

    async def _launch(
        self, run_id: str, invocation: _Invocation, reservation: Reservation | None
    ) -> RunHandle:
        handle = RunHandle(run_id, self._clock.now())
        user_id = invocation.principal.user.id
        sealer = await self._sealer_for(user_id)
        record = seal_json(sealer, {"question": invocation.question}, "run", run_id)
        run = Run(
            id=run_id,
            user_id=user_id,
            agent_id=invocation.agent.id,
            version_id=invocation.version.id if invocation.version else None,
            state="running",
            started_at=handle.started_at,
            finished_at=None,
            record=record,
            charge=0,
            proof_id=None,
        )
        async with self._database.writing() as connection:
            await store.add(connection, run)
            if invocation.request_key:
                await store.remember_request(
                    connection,
                    user_id=user_id,
                    request_key=invocation.request_key,
                    body_digest=invocation.body_digest,
                    run_id=run_id,
                )
            if invocation.begin:
                await invocation.begin(connection, run_id)
        task = asyncio.create_task(self._execute(handle, invocation, reservation), name=f"run-{run_id}")
        self._running[run_id] = (user_id, handle, task)
        task.add_done_callback(lambda _: self._running.pop(run_id, None))
        return handle

    # Running

    async def _execute(
        self, handle: RunHandle, invocation: _Invocation, reservation: Reservation | None
    ) -> None:
        record: dict[str, Any] = {"question": invocation.question}
        steps: list[dict[str, Any]] = []
        trial = invocation.trial or Trial()
        if invocation.keeps_steps:
            steps.extend(dict(step) for step in trial.steps)
            record["steps"] = steps
        if invocation.trial:  # of what was published the version has the graph
            record |= {"graph": invocation.graph.document(), **trial.about}
        try:
            tools = await self._tools_for(
                invocation.agent.owner_id, invocation.principal.user.id, invocation.agent.id
            )
            async for event in runtime.run(
                invocation.graph,
                invocation.question,
                tools,
                run_id=handle.run_id,
                limits=self._limits,
                cancelled=handle.cancelled,
                earlier=trial.earlier,
            ):
                _note(steps, event)
                if isinstance(event, RunFinished):
                    await self._charge(handle, invocation, reservation, record, event)
                    return
                if isinstance(event, RunFailedEvent):
                    if invocation.keeps_steps:
                        record["failed_at"] = event.node_id
                    await self._fail(
                        handle, invocation, reservation, record, RunFailed(event.code, event.message)
                    )
                    return
                if isinstance(event, RunCancelled):
                    await self._fail(handle, invocation, reservation, record, _CANCELLED)
                    return
                if invocation.keeps_steps or not isinstance(event, StepEvent):
                    await handle.tell(event.type, data(event))
            raise RuntimeError("the run ended without saying how")
        except Exception:  # whatever it was, the person is told, the money is freed and the log has it
            log.exception("run.broke run=%s", handle.run_id)
            failure = RunFailed(
                "internal", "Something broke on our side. Nothing was charged; please ask again."
            )
            with suppress(Exception):
                await self._fail(handle, invocation, reservation, record, failure)
            await handle.finish(failure)

    async def _charge(
        self,
        handle: RunHandle,
        invocation: _Invocation,
        reservation: Reservation | None,
        record: dict[str, Any],
        event: RunFinished,
    ) -> None:
        finished = dict(data(event))
        if not invocation.keeps_steps:  # names of files are the vault owner's, who is the agent's author
            finished["not_ready"] = {**finished["not_ready"], "documents": []}
            finished["left_out"] = {**finished["left_out"], "passages": []}
        record.update(finished)
        sealer = await self._sealer_for(invocation.principal.user.id)
        sealed = seal_json(sealer, record, "run", handle.run_id)
        charge, proof_id = 0, None
        async with self._database.writing() as connection:
            if reservation is not None:
                charged = await self._licensing.charge(
                    connection, reservation.reservation_id, _use(invocation.question, event)
                )
                charge, proof_id = charged.charge, str(charged.proof_id)
            answered = Answered(
                run_id=handle.run_id,
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
                handle.run_id,
                state="finished",
                at=self._clock.now(),
                record=sealed,
                charge=charge,
                proof_id=proof_id,
            )
            if invocation.finish:
                await invocation.finish(connection, answered)
        log.info("run.finished run=%s charge=%d took_ms=%d", handle.run_id, charge, event.usage.took_ms)
        await handle.tell("run.finished", _finished(finished))
        await handle.tell("charge", {"charge": charge, "proof_id": proof_id})
        await handle.finish(answered)

    async def _fail(
        self,
        handle: RunHandle,
        invocation: _Invocation,
        reservation: Reservation | None,
        record: dict[str, Any],
        failure: RunFailed,
    ) -> None:
        if reservation is not None:
            await self._licensing.release(reservation.reservation_id)
        record["failure"] = {"code": failure.code, "message": failure.detail}
        sealer = await self._sealer_for(invocation.principal.user.id)
        state = "cancelled" if failure is _CANCELLED else "failed"
        async with self._database.writing() as connection:
            await store.finish(
                connection,
                handle.run_id,
                state=state,
                at=self._clock.now(),
                record=seal_json(sealer, record, "run", handle.run_id),
            )
            if invocation.request_key:
                # Nothing was answered and nothing charged: the same key may try again.
                await store.forget_request(
                    connection, user_id=invocation.principal.user.id, request_key=invocation.request_key
                )
            if invocation.finish:
                await invocation.finish(connection, failure)
        log.info("run.%s run=%s code=%s", state, handle.run_id, failure.code)
        if failure is _CANCELLED:
            await handle.tell("run.cancelled", {})
        else:
            await handle.tell(
                "run.failed",
                {"node_id": record.get("failed_at"), "code": failure.code, "message": failure.detail},
            )
        await handle.finish(failure)

    # Looking back

    async def get(self, user_id: str, run_id: str) -> Run:
        """A run of this person. Raises NotFound."""
        async with self._database.reading() as connection:
            run = await store.find(connection, user_id=user_id, run_id=run_id)
        if run is None:
            raise NotFound("There is no such run among yours.")
        return run

    async def require_proof(self, user_id: str, proof_id: str) -> None:
        """Raises NotFound unless the proof is of a run of this person."""
        async with self._database.reading() as connection:
            if not await store.owns_proof(connection, user_id=user_id, proof_id=proof_id):
                raise NotFound("There is no such proof among yours.")

    async def open_record(self, run: Run) -> dict[str, Any]:
        """Question, answer, citations and, for one's own agents, every step."""
        sealer = await self._sealer_for(run.user_id)
        record: dict[str, Any] = open_json(sealer, run.record, "run", run.id)
        return record

    def cancel(self, user_id: str, run_id: str) -> None:
        """Stop a run of this person; one that has ended already stays as it is."""
        running = self._running.get(run_id)
        if running and running[0] == user_id:
            running[1].cancel()


NOTHING_MISSED: Mapping[str, Any] = {"count": 0, "documents": []}
"""For what was answered before answers said which documents were not searched."""
NOTHING_LEFT_OUT: Mapping[str, Any] = {"count": 0, "passages": []}
"""For what was answered before answers said which passages no model could be given."""
_CANCELLED = RunFailed("cancelled", "Stopped. Nothing was charged.")


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


def _finished(record: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: record[name] for name in ("answer", "citations", "sentences", "usage")}
    return {
        **told,
        "found": record.get("found", True),
        "not_ready": record.get("not_ready", NOTHING_MISSED),
        "left_out": record.get("left_out", NOTHING_LEFT_OUT),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _use(question: str, event: RunFinished) -> Use:
    citations = [
        {
            "number": citation.number,
            "document": _digest(citation.document_id),
            "page": citation.page,
            "start": citation.start,
            "end": citation.end,
            "quote_digest": _digest(citation.quote),
        }
        for citation in event.citations
    ]
    return Use(
        amount=None,
        request_digest=_digest(question),
        answer_digest=_digest(event.answer),
        citations=citations,
        usage={
            "prompt_tokens": event.usage.prompt_tokens,
            "completion_tokens": event.usage.completion_tokens,
        },
    )
