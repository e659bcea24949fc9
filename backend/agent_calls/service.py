"""What a run sets aside for the agents that it may ask, what they answer, and what is charged for it in the end.

Everything is set aside before the run begins and charged in the transaction that ends it well, so that a run that
fails costs nobody anything. A step that is done again after a crash gets the answer that it got before.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime import service as runtime
from agent_runtime import threads
from agent_runtime.errors import AgentFailed, AgentRefused, InnerLimitReached
from agent_runtime.events import NodeFinished, RunFailedEvent, RunFinished, data
from agent_runtime.limits import Meter, RunLimits
from agent_runtime.ports import AgentSaid, Tools
from backend.agent_calls import store
from backend.agent_calls.planning import CallPlanner, CallRefused, Planned
from backend.agent_calls.store import AgentCall
from backend.agents.service import Agents
from backend.database import Database
from backend.errors import CannotAnswer, Invalid, NotFound
from backend.runs.invocation import Invocation
from backend.runs.uses import digest, use_of
from backend.sealed import Sealer, SealerFor, open_json, seal_json
from licensing.errors import ChainUnavailable, LicensingError, NotPermitted
from licensing.service import Licensing
from licensing.values import ReservationId

ToolsFor = Callable[[str, str, str], Awaitable[Tools]]
Equip = Callable[[Tools, str, Invocation], Tools]


class AgentCalls:
    """Lets runs ask other agents."""

    def __init__(
        self,
        database: Database,
        agents: Agents,
        licensing: Licensing,
        planner: CallPlanner,
        *,
        sealer_for: SealerFor,
        tools_for: ToolsFor,
        limits: RunLimits,
    ) -> None:
        self._database = database
        self._agents = agents
        self._licensing = licensing
        self._planner = planner
        self._sealer_for = sealer_for
        self._tools_for = tools_for
        self._limits = limits
        self.equip: Equip = lambda tools, run_id, invocation: tools

    # Money, in the transactions of the run

    async def plan(self, invocation: Invocation) -> Sequence[Planned]:
        """What a run may ask; empty for most.

        Raises:
            Invalid: the agent is drawn so that it cannot run. CannotAnswer: its author must do something first.
            NotPermitted, ChainUnavailable (licensing): for the author who runs their own agent.
        """
        if not runtime.calls_of(invocation.graph):
            return ()
        agent = await self._agents.get_by_id(invocation.agent_id)
        try:
            return await self._planner.plan(
                owner_id=invocation.owner_id, agent_id=agent.id, name=agent.name, graph=invocation.graph
            )
        except CallRefused as refused:
            if invocation.keeps_steps:
                raise Invalid(f"This agent cannot run: {refused.message}") from refused
            raise _cannot_answer(agent.name) from refused
        except (NotPermitted, ChainUnavailable) as refused:
            if invocation.keeps_steps:
                raise
            raise _cannot_answer(agent.name) from refused

    async def reserve(
        self, connection: AsyncConnection, run_id: str, planned: Sequence[Planned], invocation: Invocation
    ) -> None:
        """Set aside the most that each call may cost its holder. Raises as `plan`."""
        number = 0
        for each in planned:
            for _ in range(each.times):
                call = AgentCall(
                    id=hashlib.sha256(f"{run_id}/{number}".encode()).hexdigest()[:32],
                    run_id=run_id,
                    caller_id=each.caller_id,
                    slug=each.slug,
                    agent_id=each.agent.id,
                    version_id=each.version.id,
                    holder_id=each.holder_id,
                    reservation_id=None,
                    price=each.permission.max_charge,
                    step=None,
                    state="planned",
                    sealed=None,
                    proof_id=None,
                )
                number += 1
                try:
                    reservation = await self._licensing.reserve(
                        each.permission,
                        idempotency_key=call.id,
                        request_digest=digest(call.id),
                        connection=connection,
                    )
                except LicensingError as refused:
                    if invocation.user_id == each.holder_id:
                        raise
                    raise _cannot_answer("") from refused
                await store.add(connection, replace(call, reservation_id=str(reservation.reservation_id)))

    async def reserve_again(
        self, connection: AsyncConnection, run_id: str, planned: Sequence[Planned]
    ) -> None:
        """For a run that goes on: what was given back, or ran out, is set aside anew. Raises LicensingError."""
        allowed = {(each.caller_id, each.slug): each.permission for each in planned}
        for call in await store.list_of_run(connection, run_id):
            held = ReservationId(call.reservation_id or "")
            permission = allowed.get((call.caller_id, call.slug))
            if permission is None or await self._licensing.hold_on(connection, held):
                continue
            reservation = await self._licensing.reserve(
                permission, idempotency_key=call.id, request_digest=digest(call.id), connection=connection
            )
            await store.change(connection, call.id, reservation_id=str(reservation.reservation_id))

    async def charge(self, connection: AsyncConnection, run_id: str, sealer: Sealer) -> None:
        """Charge what was answered, credit its receipts, and give back the rest. Raises LicensingError."""
        for call in await store.list_of_run(connection, run_id):
            if call.reservation_id is None:
                continue
            reservation_id = ReservationId(call.reservation_id)
            if call.state != "answered" or call.sealed is None:
                await self._licensing.release(reservation_id, connection=connection)
                continue
            said = open_json(sealer, call.sealed, "agent-call", call.id)
            finished = RunFinished.model_validate(said["finished"])
            charged = await self._licensing.charge(
                connection, reservation_id, use_of(said["question"], finished)
            )
            await store.change(connection, call.id, state="charged", proof_id=str(charged.proof_id))

    async def release(self, connection: AsyncConnection, run_id: str) -> None:
        """Give back all that is set aside: the run failed, or waits."""
        for call in await store.list_of_run(connection, run_id):
            if call.reservation_id is not None:
                await self._licensing.release(ReservationId(call.reservation_id), connection=connection)

    async def let_go(self, connection: AsyncConnection, run_id: str, user_id: str) -> None:
        """The run has ended: where the agents that it asked had got to is needed no more."""
        for call in await store.list_of_run(connection, run_id):
            await threads.forget(connection, tenant_id=user_id, thread_id=call.id)
        await store.forget_unasked(connection, run_id)

    # Asking

    def of(self, run_id: str, invocation: Invocation) -> "AskedByRun":
        """What one agent of one run may ask. `invocation` names the agent that asks and its owner."""
        return AskedByRun(self, run_id, invocation)

    async def ask(
        self, run_id: str, invocation: Invocation, slug: str, question: str, step_id: str, meter: Meter
    ) -> AgentSaid:
        """See `agent_runtime.ports.OtherAgents`."""
        step = hashlib.sha256(step_id.encode()).hexdigest()
        async with self._database.writing() as connection:
            call = await store.take(
                connection, run_id=run_id, caller_id=invocation.agent_id, slug=slug, step=step
            )
        if call is None:
            raise AgentRefused(
                f"The agent {slug!r} may not be asked any more in this run: it was asked as often as was set aside for."
            )
        sealer = await self._sealer_for(invocation.user_id)
        agent = await self._agents.get_by_id(call.agent_id)
        if call.state == "answered" and call.sealed is not None:
            return _said(open_json(sealer, call.sealed, "agent-call", call.id), agent.name, call.price)
        try:
            said = await self._run(run_id, call, agent.owner_id, invocation, question, sealer, meter)
        except Exception:
            async with self._database.writing() as connection:  # it may be asked again, also something else
                await threads.forget(connection, tenant_id=invocation.user_id, thread_id=call.id)
                await store.change(connection, call.id, step=None)
            raise
        async with self._database.writing() as connection:
            sealed = seal_json(sealer, said, "agent-call", call.id)
            await store.change(connection, call.id, state="answered", sealed=sealed)
        return _said(said, agent.name, call.price)

    async def _run(
        self,
        run_id: str,
        call: AgentCall,
        owner_id: str,
        asking: Invocation,
        question: str,
        sealer: Sealer,
        meter: Meter,
    ) -> dict[str, Any]:
        """Run the agent to its answer. Its steps are told to its author alone, where that is who asks."""
        from agent_runtime.checkpoints import SealedCheckpoints  # a run is under way: the engine is there

        version = await self._agents.get_version(call.version_id)
        graph = await self._agents.open_graph(owner_id, version)
        asked = replace(asking, agent_id=call.agent_id, owner_id=owner_id, version_id=version.id)
        tools = await self._tools_for(owner_id, asking.user_id, call.agent_id)
        is_seen = asking.keeps_steps and owner_id == asking.user_id
        steps: list[Mapping[str, Any]] = []
        events = runtime.run(
            graph,
            question,
            self.equip(tools, run_id, asked),
            run_id=call.id,
            limits=self._limits,
            checkpoints=SealedCheckpoints(self._database, sealer, tenant_id=asking.user_id),
            within=meter,
        )
        async with aclosing(events):
            async for event in events:
                if isinstance(event, NodeFinished) and is_seen:
                    steps.append(data(event))
                if isinstance(event, RunFinished):
                    return {"question": question, "finished": dict(data(event)), "steps": steps}
                if isinstance(event, RunFailedEvent):
                    if event.code == "limit_reached":
                        raise InnerLimitReached(event.message)
                    raise AgentFailed(f"The agent {call.slug!r} could not answer: {event.message}")
        raise AgentFailed(f"The agent {call.slug!r} gave no answer. Ask again.")


@dataclass(frozen=True)
class AskedByRun:
    """`agent_runtime.ports.OtherAgents` of one agent in one run."""

    calls: AgentCalls
    run_id: str
    invocation: Invocation

    async def ask(self, agent: str, question: str, *, step_id: str, meter: Meter) -> AgentSaid:
        try:
            return await self.calls.ask(self.run_id, self.invocation, agent, question, step_id, meter)
        except NotFound as gone:
            raise AgentRefused(f"The agent {agent!r} was taken away by its author.") from gone


def _said(kept: Mapping[str, Any], name: str, price: int) -> AgentSaid:
    finished = RunFinished.model_validate(kept["finished"])
    return AgentSaid(name=name, finished=finished, charge=price, steps=kept["steps"])


def _cannot_answer(name: str) -> CannotAnswer:
    who = f"“{name}”" if name else "This agent"
    return CannotAnswer(
        f"{who} runs another agent, and its author's license for that does not cover it now. Nothing was charged. "
        "Its author must see to it; ask again later."
    )
