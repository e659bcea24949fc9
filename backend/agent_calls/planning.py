"""Which agents a run may ask, one through another, and who pays: settled before it begins.

Each agent is asked under the license of whoever drew the agent that asks it. What would never end (an agent that asks
itself through others), goes too deep, or may cost without bound is refused in words, when it is saved and when it runs.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from agent_runtime import service as runtime
from agent_runtime.calls import Call
from agent_runtime.graph import Graph, Problem
from backend.accounts.service import Accounts
from backend.agents.service import Agents
from backend.agents.store import Agent, Version
from licensing.errors import ChainUnavailable, NotPermitted
from licensing.service import Licensing
from licensing.values import Address, AssetId, Permission

MOST_DEEP = 3
"""How many agents may be asked one through another."""
MOST_CALLS = 50
"""In one run, of all agents together: for each the most that it may cost is set aside before the run begins."""


class CallRefused(Exception):
    """An agent cannot be asked as it is drawn; `message` is for the person who drew it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Planned:
    """One agent that may be asked, so many times."""

    caller_id: str
    """The agent that asks."""
    slug: str
    """As that agent's step names it."""
    agent: Agent
    version: Version
    holder_id: str
    """Who drew the agent that asks, under whose license it is."""
    permission: Permission
    times: int


@dataclass(frozen=True)
class _Asking:
    """An agent on the way from the one that was asked first."""

    agent_id: str
    name: str
    owner_id: str


class CallPlanner:
    """Looks only; nothing changes here."""

    def __init__(self, agents: Agents, accounts: Accounts, licensing: Licensing) -> None:
        self._agents = agents
        self._accounts = accounts
        self._licensing = licensing

    async def plan(self, *, owner_id: str, agent_id: str, name: str, graph: Graph) -> list[Planned]:
        """All agents that a run of this graph may ask, those that they ask included.

        Raises:
            CallRefused: it cannot be run as it is drawn.
            NotPermitted, ChainUnavailable: `licensing`'s word on the license that is missing.
        """
        asking = (_Asking(agent_id, name, owner_id),)
        planned: list[Planned] = []
        for call in runtime.calls_of(graph):
            planned += [each async for each in self._walk(asking, call, call.most)]
        _bounded(planned)
        return planned

    async def problems(
        self, owner_id: str, agent_id: str, name: str, document: dict[str, Any]
    ) -> list[Problem]:
        """What keeps the steps of this draft from asking other agents, in words."""
        try:
            graph = Graph.model_validate(document)
        except ValidationError:
            return []  # told by the checks
        asking = (_Asking(agent_id, name, owner_id),)
        problems, planned = [], []
        for call in runtime.calls_of(graph):
            try:
                planned += [each async for each in self._walk(asking, call, call.most)]
            except CallRefused as refused:
                problems.append(Problem(node_id=call.node_id, code=refused.code, message=refused.message))
            except NotPermitted as refused:
                words = f"“{call.title}” runs {call.agent!r}, which you may not use now: {refused}"
                problems.append(Problem(node_id=call.node_id, code="agent_not_licensed", message=words))
            except ChainUnavailable:
                continue  # whether there is a license is asked again before each run
        try:
            _bounded(planned)
        except CallRefused as refused:
            problems.append(Problem(code=refused.code, message=refused.message))
        return problems

    async def _walk(self, path: tuple[_Asking, ...], call: Call, times: int) -> AsyncIterator[Planned]:
        asker = path[-1]
        found = await self._agents.find_published(call.agent)
        if found is None:
            raise CallRefused(
                "agent_unknown",
                f"“{call.title}” of “{asker.name}” runs {call.agent!r}, and no agent is published under that name: "
                "choose another one.",
            )
        agent, version = found
        ring = [step.name for step in path if step.agent_id == agent.id]
        if ring:
            begins = next(place for place, step in enumerate(path) if step.agent_id == agent.id)
            names = " → ".join(f"“{name}”" for name in [*(step.name for step in path[begins:]), agent.name])
            raise CallRefused(
                "agent_ring",
                f"These agents would run each other for ever: {names}. Choose another agent here.",
            )
        if len(path) > MOST_DEEP:
            names = " → ".join(f"“{step.name}”" for step in path)
            raise CallRefused(
                "agents_too_deep",
                f"At most {MOST_DEEP} agents may be run one through another, and {names} → “{agent.name}” is more.",
            )
        graph = await self._agents.open_version(agent, version)
        if runtime.asks_people(graph):
            raise CallRefused(
                "agent_asks_people",
                f"“{agent.name}” asks a person before it answers, and another agent cannot wait for that: choose one "
                "that answers by itself.",
            )
        yield Planned(
            caller_id=asker.agent_id,
            slug=call.agent,
            agent=agent,
            version=version,
            holder_id=asker.owner_id,
            permission=await self._permission(asker, agent, version),
            times=times,
        )
        inner = (*path, _Asking(agent.id, agent.name, agent.owner_id))
        for next_call in runtime.calls_of(graph):
            async for each in self._walk(inner, next_call, times * next_call.most):
                yield each

    async def _permission(self, asker: _Asking, agent: Agent, version: Version) -> Permission:
        if version.asset_id is None:
            raise CallRefused(
                "agent_unknown", f"“{agent.name}” is still being published: try again in a moment."
            )
        holder = Address((await self._accounts.get(asker.owner_id)).address)
        asset_id = AssetId(int(version.asset_id))
        permission = self._licensing.check(holder, asset_id)
        others = [share for share in self._licensing.get_asset(asset_id).shares if share.address != holder]
        if permission.kind == "author" and others:
            raise CallRefused(
                "agent_shared",
                f"“{agent.name}” is yours and shares what it earns with others, who would get nothing when your own "
                "agent runs it, since your own use is free. Draw its steps into this agent instead, and give them "
                "their shares here.",
            )
        return permission


def _bounded(planned: Sequence[Planned]) -> None:
    times = sum(each.times for each in planned)
    if times > MOST_CALLS:
        raise CallRefused(
            "too_many_agent_calls",
            f"This agent may run other agents up to {times} times for one question, and at most {MOST_CALLS} are "
            "allowed: lower “Most items” or “Most rounds” of the steps around them.",
        )
