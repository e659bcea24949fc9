"""The states an agent has had: its draft, its versions, drafts put aside. Compare any two; take one back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from agent_runtime import service as runtime
from agent_runtime.differences import Difference
from backend.agents import kept_drafts, store
from backend.agents.kept_drafts import KeptDraft
from backend.agents.service import Agents, OpenAgent
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, NotFound
from backend.sealed import SealerFor, open_json, seal_json

DRAFT = "draft"
LIVE = "live"
KEPT = "kept-"


@dataclass(frozen=True)
class State:
    name: str
    """`draft`, the number of a version, or `kept-` and the id of a draft that was put aside."""
    graph: dict[str, Any]
    at: datetime
    notes: str


class History:
    """Every method takes the owner's id; somebody else's agent is not found."""

    def __init__(self, database: Database, clock: Clock, agents: Agents, *, sealer_for: SealerFor) -> None:
        self._database = database
        self._clock = clock
        self._agents = agents
        self._sealer_for = sealer_for

    async def state(self, owner_id: str, agent_id: str, name: str) -> State:
        """By its name; `live` is the newest version's. Raises NotFound."""
        opened = await self._agents.get(owner_id, agent_id)
        if name == DRAFT:
            return State(DRAFT, opened.graph, opened.agent.updated_at, "")
        if name.startswith(KEPT):
            for kept in await self.list_kept(owner_id, agent_id):
                if KEPT + kept.id == name:
                    return State(name, await self._open(owner_id, kept), kept.kept_at, "")
        for version in await self._agents.list_versions(owner_id, agent_id):
            if name in (str(version.number), LIVE):  # newest first
                graph = await self._agents.open_version(opened.agent, version)
                return State(str(version.number), graph.document(), version.published_at, version.notes)
        raise NotFound(f"This agent has no version or kept draft {name[:60]!r}.")

    async def compare(
        self, owner_id: str, agent_id: str, before: str, after: str
    ) -> tuple[State, State, Difference]:
        """What became of one state in another. Raises NotFound."""
        old = await self.state(owner_id, agent_id, before)
        new = await self.state(owner_id, agent_id, after)
        return old, new, runtime.compare(old.graph, new.graph)

    async def restore(self, owner_id: str, agent_id: str, name: str, *, base_revision: int) -> OpenAgent:
        """Make an earlier state the draft. What the draft was is kept beside it, unless a version is the same.

        Raises:
            NotFound: there is no such state. Conflict: the draft was saved elsewhere since `base_revision`.
        """
        state = await self.state(owner_id, agent_id, name)
        draft = (await self._agents.get(owner_id, agent_id)).graph
        version = int(name) if name.isdecimal() else None
        kept = None
        if not await self._is_a_version(owner_id, agent_id, draft):
            kept = await self._sealed(owner_id, agent_id, draft, reason="restored", version=version)
        sealer = await self._sealer_for(owner_id)
        async with self._database.writing() as connection:
            saved = await store.save_draft(
                connection,
                agent_id,
                draft=seal_json(sealer, state.graph, "agent-draft", agent_id),
                base_revision=base_revision,
                at=self._clock.now(),
            )
            if saved and kept is not None:
                await kept_drafts.add(connection, kept)
        if not saved:
            raise Conflict(
                "The draft was saved in another window since you opened this page. Reload it, then restore again."
            )
        return await self._agents.get(owner_id, agent_id)

    async def keep(self, owner_id: str, agent_id: str, graph: dict[str, Any]) -> KeptDraft:
        """Put a drawing aside that another one replaces. Raises NotFound."""
        await self._agents.get(owner_id, agent_id)
        kept = await self._sealed(owner_id, agent_id, graph, reason="replaced", version=None)
        async with self._database.writing() as connection:
            await kept_drafts.add(connection, kept)
        return kept

    async def list_kept(self, owner_id: str, agent_id: str) -> list[KeptDraft]:
        """Newest first. Raises NotFound."""
        await self._agents.get(owner_id, agent_id)
        async with self._database.reading() as connection:
            return await kept_drafts.list_of(connection, agent_id)

    async def _is_a_version(self, owner_id: str, agent_id: str, draft: Mapping[str, Any]) -> bool:
        for version in await self._agents.list_versions(owner_id, agent_id):
            state = await self.state(owner_id, agent_id, str(version.number))
            if runtime.compare(state.graph, draft).is_empty:
                return True
        return False

    async def _sealed(
        self, owner_id: str, agent_id: str, graph: dict[str, Any], *, reason: str, version: int | None
    ) -> KeptDraft:
        kept_id = uuid4().hex
        sealer = await self._sealer_for(owner_id)
        return KeptDraft(
            id=kept_id,
            agent_id=agent_id,
            reason=reason,
            version=version,
            graph=seal_json(sealer, graph, "agent-kept-draft", kept_id),
            kept_at=self._clock.now(),
        )

    async def _open(self, owner_id: str, kept: KeptDraft) -> dict[str, Any]:
        sealer = await self._sealer_for(owner_id)
        graph: dict[str, Any] = open_json(sealer, kept.graph, "agent-kept-draft", kept.id)
        return runtime.migrate_draft(graph)
