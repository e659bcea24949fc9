"""Make, edit, export and import agents. What a graph means is the runtime's; here is whose it is and its drafts."""

import json
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from agent_runtime import service as runtime
from agent_runtime.errors import GraphUnreadable
from agent_runtime.graph import AgentFile, Graph, Problem, read_agent_document
from backend.agent_tests import store as tests_store
from backend.agents import kept_drafts, store
from backend.agents.store import Agent, Version
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.sealed import SealerFor

KEPT_OPEN = 64
"""Graphs of published versions, which never change, that are kept in memory."""
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


CheckCalls = Callable[[str, str, str, dict[str, Any]], Awaitable[list[Problem]]]
"""The problems of a draft's steps that run other agents: by owner, agent, its name, and the draft."""


@dataclass(frozen=True)
class OpenAgent:
    """An agent with its draft opened."""

    agent: Agent
    graph: dict[str, Any]
    """The draft as saved: a graph document, perhaps not yet a valid one."""
    problems: Sequence[Problem]


class Agents:
    """Every method takes the owner's id; somebody else's agent is not found."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sealer_for: SealerFor,
        *,
        model_names: Callable[[], Collection[str]] | None = None,
    ) -> None:
        """`model_names` are what steps may choose; without, their choices are not checked before a run."""
        self._database = database
        self._clock = clock
        self._opened: OrderedDict[tuple[str, str], Graph] = OrderedDict()
        self._sealer_for = sealer_for
        self._model_names = model_names
        self.check_calls: CheckCalls | None = None
        """Set by the wiring: what keeps a draft from running other agents."""

    async def create(self, owner_id: str, *, name: str, description: str, graph: dict[str, Any]) -> OpenAgent:
        agent_id = uuid4().hex
        now = self._clock.now()
        agent = Agent(
            id=agent_id,
            owner_id=owner_id,
            name=_checked_name(name),
            description=description.strip(),
            slug=None,
            draft=await self._seal(owner_id, graph, "agent-draft", agent_id),
            revision=1,
            created_at=now,
            updated_at=now,
        )
        async with self._database.writing() as connection:
            await store.add_agent(connection, agent)
        return OpenAgent(agent, graph, await self._problems_of(agent, graph))

    async def get(self, owner_id: str, agent_id: str) -> OpenAgent:
        agent = await self._own(owner_id, agent_id)
        graph = runtime.migrate_draft(await self._open(owner_id, agent.draft, "agent-draft", agent_id))
        return OpenAgent(agent, graph, await self._problems_of(agent, graph))

    async def list_agents(self, owner_id: str) -> list[Agent]:
        async with self._database.reading() as connection:
            return await store.list_agents(connection, owner_id)

    async def save_draft(
        self, owner_id: str, agent_id: str, graph: dict[str, Any], *, base_revision: int
    ) -> OpenAgent:
        """Keep the draft, valid or not; its problems come back with it.

        Raises:
            Conflict: the draft was saved elsewhere since `base_revision`; nothing was overwritten.
        """
        await self._own(owner_id, agent_id)
        sealed = await self._seal(owner_id, graph, "agent-draft", agent_id)
        async with self._database.writing() as connection:
            saved = await store.save_draft(
                connection, agent_id, draft=sealed, base_revision=base_revision, at=self._clock.now()
            )
        if not saved:
            current = await self._own(owner_id, agent_id)
            raise Conflict(
                "This agent was saved in another window since you opened it. Reload to see that state; "
                "your changes are still on this page.",
                revision=current.revision,
            )
        return await self.get(owner_id, agent_id)

    async def change(self, owner_id: str, agent_id: str, *, name: str, description: str) -> OpenAgent:
        await self._own(owner_id, agent_id)
        async with self._database.writing() as connection:
            await store.change_agent(
                connection,
                agent_id,
                name=_checked_name(name),
                description=description.strip(),
                at=self._clock.now(),
            )
        return await self.get(owner_id, agent_id)

    async def delete(self, owner_id: str, agent_id: str) -> None:
        """Take the agent away; who holds a license to a published version keeps proofs and withdrawable money."""
        await self._own(owner_id, agent_id)
        async with self._database.writing() as connection:
            await store.mark_deleted(connection, agent_id, at=self._clock.now())
            await kept_drafts.delete_of(connection, agent_id)
            await tests_store.delete_of_agent(connection, agent_id)

    async def export(self, owner_id: str, agent_id: str) -> dict[str, Any]:
        """The agent file (`*.agent.json`). Raises Invalid when the draft is not a graph document."""
        opened = await self.get(owner_id, agent_id)
        file = AgentFile(
            name=opened.agent.name, description=opened.agent.description, graph=valid_graph(opened.graph)
        )
        return file.document()

    async def import_file(self, owner_id: str, document: dict[str, Any]) -> OpenAgent:
        """A new draft from an agent file. Nothing runs and nothing is fetched.

        Raises:
            Invalid: the file is not an agent file; says where.
        """
        try:
            file = read_agent_document(document)
        except GraphUnreadable as error:
            raise Invalid(str(error)) from error
        graph = file.graph.document()
        return await self.create(owner_id, name=file.name, description=file.description, graph=graph)

    # Published versions

    async def find_published(self, slug: str) -> tuple[Agent, Version] | None:
        """The agent under this slug and its newest version; `slug@3` pins version 3."""
        name, _, number = slug.partition("@")
        async with self._database.reading() as connection:
            agent = await store.find_agent(connection, slug=name)
            versions = await store.list_versions(connection, agent.id) if agent else []
        for version in versions:
            if not number or str(version.number) == number:
                assert agent is not None
                return agent, version
        return None

    async def get_published(self, slug: str) -> tuple[Agent, Version]:
        """As `find_published`. Raises NotFound when there is none."""
        found = await self.find_published(slug)
        if found is None:
            raise NotFound(f"There is no published agent {slug!r}. `GET /v1/models` lists those you may use.")
        return found

    async def get_version(self, version_id: str) -> Version:
        async with self._database.reading() as connection:
            version = await store.find_version(connection, version_id)
        if version is None:
            raise NotFound("That version does not exist.")
        return version

    async def get_by_id(self, agent_id: str) -> Agent:
        async with self._database.reading() as connection:
            agent = await store.find_agent(connection, agent_id=agent_id)
        if agent is None:
            raise NotFound("This agent was deleted by its author.")
        return agent

    async def list_published(self) -> list[tuple[Agent, Version]]:
        async with self._database.reading() as connection:
            agents = await store.list_published(connection)
            return [
                (agent, versions[0])
                for agent in agents
                if (versions := await store.list_versions(connection, agent.id))
            ]

    async def list_versions(self, owner_id: str, agent_id: str) -> list[Version]:
        await self._own(owner_id, agent_id)
        async with self._database.reading() as connection:
            return await store.list_versions(connection, agent_id)

    async def find_by_asset(self, asset_id: str) -> tuple[Agent, Version] | None:
        async with self._database.reading() as connection:
            return await store.find_agent_of_asset(connection, asset_id)

    async def open_version(self, agent: Agent, version: Version) -> Graph:
        """The published graph, checked against its digest."""
        return await self.open_graph(agent.owner_id, version)

    async def open_graph(self, owner_id: str, version: Version) -> Graph:
        """As `open_version`, also when the agent was deleted since."""
        which = (version.id, version.graph_digest)
        if known := self._opened.get(which):
            self._opened.move_to_end(which)
            return known
        document = await self._open(owner_id, version.graph, "agent-version", version.id)
        graph = Graph.model_validate(document)
        if runtime.digest(graph) != version.graph_digest:
            raise Invalid("The stored graph of this version does not match its digest; restore a backup.")
        self._opened[which] = graph
        while len(self._opened) > KEPT_OPEN:
            self._opened.popitem(last=False)
        return graph

    async def _problems_of(self, agent: Agent, graph: dict[str, Any]) -> Sequence[Problem]:
        found = runtime.check(graph, models=self._model_names() if self._model_names else None)
        if self.check_calls:
            found += await self.check_calls(agent.owner_id, agent.id, agent.name, graph)
        return found

    async def _own(self, owner_id: str, agent_id: str) -> Agent:
        async with self._database.reading() as connection:
            agent = await store.find_agent(connection, agent_id=agent_id)
        if agent is None or agent.owner_id != owner_id:
            raise NotFound("There is no such agent among yours.")
        return agent

    async def _seal(self, owner_id: str, graph: dict[str, Any], *context: str) -> bytes:
        sealer = await self._sealer_for(owner_id)
        return sealer.seal(json.dumps(graph, ensure_ascii=False).encode(), *context)

    async def _open(self, owner_id: str, sealed: bytes, *context: str) -> dict[str, Any]:
        sealer = await self._sealer_for(owner_id)
        document: dict[str, Any] = json.loads(sealer.open(sealed, *context))
        return document


def valid_graph(document: dict[str, Any], problems: Sequence[Problem] | None = None) -> Graph:
    """The graph in this document. Raises Invalid with the first thing that is wrong.

    `problems` are those that are known already; without, the document is checked by itself.
    """
    problems = runtime.check(document) if problems is None else problems
    if problems:
        raise Invalid(
            f"This agent cannot run yet: {problems[0].message}",
            problems=[problem_facts(problem) for problem in problems],
        )
    return Graph.model_validate(document)


def problem_facts(problem: Problem) -> dict[str, Any]:
    return {
        "node_id": problem.node_id,
        "edge_id": problem.edge_id,
        "code": problem.code,
        "message": problem.message,
    }


def slug_of(name: str) -> str:
    """A slug from a name: ASCII where the name has any, else `agent-` and a short random part."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")
    return slug or f"agent-{uuid4().hex[:6]}"


def checked_slug(slug: str) -> str:
    if not SLUG.fullmatch(slug):
        raise Invalid("A slug has 1 to 64 small letters, digits and hyphens, for example `river-law`.")
    return slug


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid("Give the agent a name of 1 to 120 characters.")
    return name
