"""One invocation, from question to credit: permit, reserve, run, charge, prove.

Nothing runs that was not reserved, nothing is charged above the reservation. The charge, the proof and the
run's record are one database transaction (`driving.py`). All that a run needs is kept with it, sealed, before it
begins, so that one that a crash or a stop of the server interrupted goes on at the next start.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime import threads
from agent_runtime.graph import Graph
from agent_runtime.limits import RunLimits
from backend.accounts.principal import Principal
from backend.agent_calls.service import AgentCalls
from backend.agents.service import Agents, valid_graph
from backend.agents.store import Agent, Version
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Forbidden, NotFound, Problem
from backend.inquiries import store as inquiries_store
from backend.runs import store
from backend.runs.beside import Beside, Keeper
from backend.runs.driving import (
    CANCELLED,
    NOTHING_LEFT_OUT,
    NOTHING_MISSED,
    Driving,
    Equip,
    Life,
    ToolsFor,
    finished_facts,
)
from backend.runs.handle import Answered, RunFailed, RunHandle, RunWaits
from backend.runs.invocation import Invocation, Trial, read
from backend.runs.store import Run
from backend.runs.uses import digest
from backend.sealed import Sealer, SealerFor, open_json, seal_json
from licensing.errors import LicensingError
from licensing.service import Licensing
from licensing.values import Address, AssetId, ReservationId

log = logging.getLogger("qanat.runs")

__all__ = ["Answered", "Beside", "Keeper", "RunFailed", "RunHandle", "RunWaits", "Runs", "ToolsFor", "Trial"]

MOST_RESUMPTIONS = 5
"""How often a run goes on from the same place after the server was stopped: it may be what stops the server."""
STOPPED = RunFailed("interrupted", "The server is being stopped. Ask again in a moment; nothing was charged.")
GOES_ON = RunFailed("interrupted", "The server is being stopped. The run goes on when it is back.")


@dataclass(frozen=True)
class _Running:
    life: Life
    task: "asyncio.Task[None]"


class Runs:
    """Starts runs, goes on with those that were interrupted, and keeps what they said, sealed for who asked."""

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
        calls: AgentCalls,
    ) -> None:
        self._database = database
        self._clock = clock
        self._agents = agents
        self._licensing = licensing
        self._sealer_for = sealer_for
        self._calls = calls
        self._driving = Driving(
            database,
            clock,
            licensing,
            sealer_for=sealer_for,
            tools_for=tools_for,
            limits=limits,
            calls=calls,
        )
        self._keyed: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._running: dict[str, _Running] = {}

    def keep_beside(self, name: str, keeper: Keeper) -> None:
        """Let somebody keep something beside runs, under a name that stays the same over restarts."""
        self._driving.keepers[name] = keeper

    def equip_with(self, equip: Equip) -> None:
        """Give each run, beside its tools, what belongs to it alone."""
        self._driving.equip = equip

    async def start(self) -> None:
        """Go on with the runs that were interrupted. Those that nobody can come back for, or that cannot go on,
        are said to have failed, and what they reserved is free again.
        """
        async with self._database.reading() as connection:
            interrupted = await store.list_running(connection)
        for run in interrupted:
            await self._go_on(run, after_crash=True)
        if interrupted:
            log.warning("runs.interrupted count=%d resumed=%d", len(interrupted), len(self._running))

    async def stop(self) -> None:
        """Let go of what runs: it goes on at the next start, where somebody can come back for it."""
        running = list(self._running.values())
        for one in running:
            if one.life.invocation.is_awaited:
                one.task.cancel()
            else:
                one.life.handle.cancel()
        if running:
            await asyncio.wait([one.task for one in running], timeout=10)

    # Starting

    async def ask(
        self,
        principal: Principal,
        *,
        slug: str,
        question: str,
        idempotency_key: str | None = None,
        beside: Beside | None = None,
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
        if version.asset_id is None:
            raise NotFound("This version is still being published. Try again in a moment.")
        invocation = Invocation(
            user_id=principal.user.id,
            address=principal.user.address,
            agent_id=agent.id,
            owner_id=agent.owner_id,
            version_id=version.id,
            asset_id=version.asset_id,
            graph=await self._agents.open_version(agent, version),
            question=question,
            request_key=idempotency_key or None,
            body_digest=digest(f"{agent.id}\n{version.number}\n{question}"),
            beside=beside,
        )
        if not idempotency_key:
            return await self._launch(invocation)
        async with self._one_at_a_time(principal.user.id, idempotency_key):
            earlier = await self._earlier(principal, idempotency_key, invocation.body_digest)
            return earlier or await self._launch(invocation)

    async def try_draft(self, principal: Principal, *, agent_id: str, question: str) -> RunHandle:
        """Run one's own draft as it is saved; free, and recorded with every step.

        Raises:
            NotFound: not an agent of theirs. Invalid: the draft cannot run yet.
        """
        opened = await self._agents.get(principal.user.id, agent_id)
        graph = valid_graph(opened.graph, opened.problems)
        return await self.try_graph(principal, opened.agent, graph, question)

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
        invocation = Invocation(
            user_id=principal.user.id,
            address=principal.user.address,
            agent_id=agent.id,
            owner_id=agent.owner_id,
            version_id=version.id if version else None,
            asset_id=None,
            graph=graph,
            question=question,
            trial=trial or Trial(),
        )
        return await self._launch(invocation)

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
        return await self.follow(principal.user.id, run_id)

    async def _launch(self, invocation: Invocation) -> RunHandle:
        """Reserve, keep the run and what hangs on it, all in one transaction, and let it begin."""
        run_id = uuid4().hex
        handle = RunHandle(run_id, self._clock.now())
        sealer = await self._sealer_for(invocation.user_id)
        planned = await self._calls.plan(invocation)
        async with self._database.writing() as connection:
            invocation = await self._reserve(connection, run_id, invocation)
            await store.add(
                connection,
                Run(
                    id=run_id,
                    user_id=invocation.user_id,
                    agent_id=invocation.agent_id,
                    version_id=invocation.version_id,
                    state="running",
                    started_at=handle.started_at,
                    finished_at=None,
                    record=seal_json(sealer, {"question": invocation.question}, "run", run_id),
                    charge=0,
                    proof_id=None,
                    invocation=_sealed(sealer, run_id, invocation),
                ),
            )
            await self._calls.reserve(connection, run_id, planned, invocation)
            if invocation.request_key:
                await store.remember_request(
                    connection,
                    user_id=invocation.user_id,
                    request_key=invocation.request_key,
                    body_digest=invocation.body_digest,
                    run_id=run_id,
                )
            if beside := invocation.beside:
                await self._driving.keepers[beside.keeper].begin(
                    connection, sealer, beside.facts, run_id=run_id, question=invocation.question
                )
        self._live(Life(handle, invocation, sealer))
        return handle

    async def _reserve(self, connection: AsyncConnection, run_id: str, invocation: Invocation) -> Invocation:
        """Set aside the most that the run may cost; a draft costs nothing."""
        if invocation.asset_id is None:
            return invocation
        permission = self._licensing.check(Address(invocation.address), AssetId(int(invocation.asset_id)))
        reservation = await self._licensing.reserve(
            permission,
            idempotency_key=run_id,
            request_digest=digest(invocation.question),
            connection=connection,
        )
        return replace(invocation, reservation_id=str(reservation.reservation_id))

    def _live(self, life: Life) -> None:
        task = asyncio.create_task(self._drive(life), name=f"run-{life.run_id}")
        running = self._running[life.run_id] = _Running(life, task)

        def forget(_: "asyncio.Task[None]") -> None:
            if self._running.get(life.run_id) is running:
                del self._running[life.run_id]

        task.add_done_callback(forget)

    async def _drive(self, life: Life) -> None:
        try:
            await self._driving.drive(life)
        except asyncio.CancelledError:
            await life.handle.finish(GOES_ON)
            raise

    # Going on

    async def go_on(self, run_id: str) -> None:
        """Go on with a run that waited for a person, and whose state was changed to running for that."""
        if running := self._running.get(run_id):  # it has just been parked, and is about to end here
            await asyncio.wait({running.task})
        async with self._database.reading() as connection:
            run = await store.get_any(connection, run_id)
        await self._go_on(run, after_crash=False)

    async def _go_on(self, run: Run, *, after_crash: bool) -> None:
        """Rebuild the run from what is kept of it; where that cannot be, it fails and says why."""
        try:
            life = await self._rebuilt(run)
        except Exception:  # of a version that kept none, or damaged: nobody waits for this one for ever
            log.exception("run.not_resumed run=%s", run.id)
            async with self._database.writing() as connection:
                await store.give_up(connection, run.id, at=self._clock.now())
            return
        if after_crash and not life.invocation.is_awaited:
            await self._driving.fail(life, STOPPED)
            return
        try:
            planned = await self._calls.plan(life.invocation)
            async with self._database.writing() as connection:
                if after_crash and await self._is_stuck(connection, run):
                    failure = RunFailed(
                        "interrupted",
                        "The server was stopped again and again while this ran. Nothing was charged.",
                    )
                else:
                    failure = None
                    life.invocation = await self._reserve_again(connection, run, life)
                    await self._calls.reserve_again(connection, run.id, planned)
                    if beside := life.invocation.beside:
                        await self._driving.keepers[beside.keeper].go_on(
                            connection, life.sealer, beside.facts
                        )
        except Problem as error:  # an agent that it runs cannot be run any more
            failure = RunFailed(
                "not_permitted", f"This run was interrupted. {error.detail} Nothing was charged."
            )
        except LicensingError as error:
            failure = RunFailed(
                "not_permitted",
                f"This run was interrupted, and what it had reserved could not be reserved again. {error} "
                "Nothing was charged.",
            )
        if failure:
            await self._driving.fail(life, failure)
            return
        self._live(life)
        log.info("run.resumed run=%s", run.id)

    async def _rebuilt(self, run: Run) -> Life:
        sealer = await self._sealer_for(run.user_id)
        if run.invocation is None:
            raise ValueError("nothing was kept of how it began")
        document = open_json(sealer, run.invocation, "run-invocation", run.id)
        if document["graph"] is None:
            version = await self._agents.get_version(run.version_id or "")
            graph = await self._agents.open_graph(document["owner_id"], version)
        else:
            graph = Graph.model_validate(document["graph"])
        invocation = read(
            document, user_id=run.user_id, agent_id=run.agent_id, version_id=run.version_id, graph=graph
        )
        replies = await self._driving.replies(run.id)
        return Life(RunHandle(run.id, run.started_at), invocation, sealer, replies, is_new=False)

    async def _is_stuck(self, connection: AsyncConnection, run: Run) -> bool:
        reached = await threads.reached(connection, tenant_id=run.user_id, thread_id=run.id)
        resumptions = run.resumptions + 1 if reached == run.reached else 1
        await store.note_resumption(connection, run.id, reached=reached, resumptions=resumptions)
        return resumptions > MOST_RESUMPTIONS

    async def _reserve_again(self, connection: AsyncConnection, run: Run, life: Life) -> Invocation:
        """The reservation the run had, where it is still held; else the same anew, as the license allows now."""
        invocation = life.invocation
        if invocation.reservation_id and await self._licensing.hold_on(
            connection, ReservationId(invocation.reservation_id)
        ):
            return invocation
        again = await self._reserve(connection, run.id, invocation)
        await store.keep_invocation(connection, run.id, _sealed(life.sealer, run.id, again))
        return again

    # Stopping

    async def cancel(self, user_id: str, run_id: str) -> None:
        """Stop a run of this person, also one that waits; one that has ended already stays as it is."""
        if (running := self._running.get(run_id)) and running.life.invocation.user_id == user_id:
            running.life.handle.cancel()
            return
        async with self._database.writing() as connection:
            run = await store.find(connection, user_id=user_id, run_id=run_id)
            if run is None or not await store.change_state(connection, run_id, of="waiting", to="running"):
                return  # from here on nobody's answer wakes it
        await self._driving.fail(await self._rebuilt(run), CANCELLED)

    # Looking back

    async def follow(self, user_id: str, run_id: str) -> RunHandle:
        """What happens on a run of this person, from its beginning, or how it ended. Raises NotFound."""
        if (running := self._running.get(run_id)) and running.life.invocation.user_id == user_id:
            return running.life.handle
        run = await self.get(user_id, run_id)
        handle = RunHandle(run.id, run.started_at)
        await handle.tell("run.started", {"run_id": run.id})
        record = await self.open_record(run)
        match run.state:
            case "finished":
                await _replay(handle, run, record)
            case "waiting":
                asked = await self._asked(run)
                await handle.tell("run.parked", {"asked": asked})
                titles = ", ".join(f"“{each['title']}”" for each in asked if each["title"])
                await handle.finish(
                    RunWaits(f"The agent waits for a person to decide: {titles or 'not by you'}.")
                )
            case "running":
                await handle.finish(GOES_ON)
            case _:
                failure = record.get("failure") or {"code": "failed", "message": "There was no answer."}
                event = "run.cancelled" if run.state == "cancelled" else "run.failed"
                await handle.tell(event, {"node_id": None, **failure} if event == "run.failed" else {})
                await handle.finish(RunFailed(failure["code"], failure["message"]))
        return handle

    async def _asked(self, run: Run) -> list[dict[str, Any]]:
        """What a waiting run asks, as far as it is for the person who asked to know."""
        async with self._database.reading() as connection:
            inquiries = await inquiries_store.list_of_run(connection, run.id)
        asked = []
        for inquiry in inquiries:
            if inquiry.state != "open":
                continue
            sealer = await self._sealer_for(inquiry.user_id)
            content = open_json(sealer, inquiry.content, "inquiry", inquiry.id)
            asked.append(
                {
                    "title": content["title"],
                    "inquiry_id": inquiry.id if inquiry.user_id == run.user_id else None,
                    "expires_at": inquiry.expires_at.isoformat() if inquiry.expires_at else None,
                }
            )
        return asked

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


def _sealed(sealer: Sealer, run_id: str, invocation: Invocation) -> bytes:
    return seal_json(sealer, invocation.document(), "run-invocation", run_id)


async def _replay(handle: RunHandle, run: Run, record: dict[str, Any]) -> None:
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
    await handle.tell("answer.delta", {"text": answered.answer})
    await handle.tell("run.finished", finished_facts(record))
    await handle.tell("charge", {"charge": run.charge, "proof_id": run.proof_id})
    await handle.finish(answered)
