"""What agents remember of people: kept for runs, shown to the person, erased when they say so.

An agent reaches only what was said to it by the person who asks. Its author never does: a run's steps are told to
nobody but the person who asked, and nothing here takes the id of an author.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from agent_runtime.errors import MemoryFull
from agent_runtime.ports import About
from backend.agents.service import Agents
from backend.clock import Clock
from backend.database import Database
from backend.errors import NotFound
from backend.facts import store
from backend.facts.store import Fact
from backend.sealed import Sealer, SealerFor, open_json, seal_json

MOST = 100
"""In one place: of one person with one agent, or in one conversation."""


@dataclass(frozen=True)
class OpenFact:
    fact: Fact
    name: str
    value: str
    agent: str
    """The name of the agent that remembers it; empty when its author took it away."""


class Facts:
    """Every method takes the person's id; somebody else's facts are not found."""

    def __init__(self, database: Database, clock: Clock, agents: Agents, *, sealer_for: SealerFor) -> None:
        self._database = database
        self._clock = clock
        self._agents = agents
        self._sealer_for = sealer_for

    def of(self, user_id: str, agent_id: str, chat_id: str | None) -> "RunMemory":
        """What this agent may reach in a run of this person; without a chat the run is its own conversation."""
        return RunMemory(self, user_id, agent_id, chat_id)

    async def list_facts(self, user_id: str) -> list[OpenFact]:
        """All that is remembered of a person, the latest first."""
        sealer = await self._sealer_for(user_id)
        async with self._database.reading() as connection:
            found = await store.list_facts(connection, user_id)
        names = {agent_id: await self._name(agent_id) for agent_id in {fact.agent_id for fact in found}}
        opened = []
        for fact in found:
            held = _open(sealer, fact)
            opened.append(OpenFact(fact, held["name"], held["value"], names[fact.agent_id]))
        return opened

    async def erase(self, user_id: str, fact_id: str) -> None:
        """Raises NotFound."""
        async with self._database.writing() as connection:
            if not await store.erase(connection, user_id=user_id, fact_id=fact_id):
                raise NotFound("That is not remembered of you, or no more.")

    async def erase_all(self, user_id: str, *, agent_id: str | None = None) -> int:
        """Erase what one agent remembers of a person, or what all do; how much it was."""
        async with self._database.writing() as connection:
            return await store.erase(connection, user_id=user_id, agent_id=agent_id)

    async def recall(self, user_id: str, agent_id: str, chat_id: str | None, name: str) -> str | None:
        sealer = await self._sealer_for(user_id)
        async with self._database.reading() as connection:
            there = await store.list_place(connection, user_id=user_id, agent_id=agent_id, chat_id=chat_id)
        found = _named(sealer, there, name)
        return _open(sealer, found)["value"] if found else None

    async def remember(self, user_id: str, agent_id: str, chat_id: str | None, name: str, value: str) -> None:
        sealer = await self._sealer_for(user_id)
        async with self._database.writing() as connection:
            there = await store.list_place(connection, user_id=user_id, agent_id=agent_id, chat_id=chat_id)
            found = _named(sealer, there, name)
            if found is None and len(there) >= MOST:
                raise MemoryFull(
                    f"This agent remembers {MOST} things already and no more than that: erase some under “What agents "
                    "remember”."
                )
            fact_id, now = found.id if found else uuid4().hex, self._clock.now()
            sealed = seal_json(sealer, {"name": name, "value": value}, "fact", fact_id)
            if found:
                await store.change(connection, fact_id, sealed=sealed, at=now)
            elif chat_id is None or await store.has_chat(connection, chat_id):  # it may be deleted meanwhile
                await store.add(connection, Fact(fact_id, user_id, agent_id, chat_id, sealed, now))

    async def forget(self, user_id: str, agent_id: str, chat_id: str | None, name: str) -> None:
        sealer = await self._sealer_for(user_id)
        async with self._database.writing() as connection:
            there = await store.list_place(connection, user_id=user_id, agent_id=agent_id, chat_id=chat_id)
            if found := _named(sealer, there, name):
                await store.erase(connection, user_id=user_id, fact_id=found.id)

    async def _name(self, agent_id: str) -> str:
        try:
            return (await self._agents.get_by_id(agent_id)).name
        except NotFound:
            return ""


@dataclass(frozen=True)
class RunMemory:
    """`agent_runtime.ports.Memory` of one run."""

    facts: Facts
    user_id: str
    agent_id: str
    chat_id: str | None
    _said_in_run: dict[str, str] = field(default_factory=dict)
    """Of a run outside any chat, such as one over the API: its conversation is the run itself."""

    async def recall(self, name: str, *, about: About) -> str | None:
        if self._is_run_alone(about):
            return self._said_in_run.get(name)
        return await self.facts.recall(self.user_id, self.agent_id, self._place(about), name)

    async def remember(self, name: str, value: str, *, about: About) -> None:
        if self._is_run_alone(about):
            self._said_in_run[name] = value
        else:
            await self.facts.remember(self.user_id, self.agent_id, self._place(about), name, value)

    async def forget(self, name: str, *, about: About) -> None:
        if self._is_run_alone(about):
            self._said_in_run.pop(name, None)
        else:
            await self.facts.forget(self.user_id, self.agent_id, self._place(about), name)

    def _is_run_alone(self, about: About) -> bool:
        return about == "conversation" and self.chat_id is None

    def _place(self, about: About) -> str | None:
        return self.chat_id if about == "conversation" else None


def _named(sealer: Sealer, there: Sequence[Fact], name: str) -> Fact | None:
    return next((fact for fact in there if _open(sealer, fact)["name"] == name), None)


def _open(sealer: Sealer, fact: Fact) -> dict[str, str]:
    held: dict[str, str] = open_json(sealer, fact.sealed, "fact", fact.id)
    return held
