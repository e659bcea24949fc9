"""Agents and their published versions in SQL. Graphs are sealed: they hold what their author wrote."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

agents = Table(
    "agents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("description", String(2000), nullable=False),
    Column("slug", String(64), unique=True),
    Column("draft", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False),
    Column("deleted_at", String(32)),
)
agent_versions = Table(
    "agent_versions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("agent_id", ForeignKey("agents.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("state", String(12), nullable=False),  # publishing | published
    Column("graph", LargeBinary, nullable=False),
    Column("graph_digest", String(64), nullable=False),
    Column("notes", String(2000), nullable=False),
    Column("asset_id", String(80)),
    Column("published_at", String(32), nullable=False),
    UniqueConstraint("agent_id", "number"),
)


@dataclass(frozen=True)
class Agent:
    id: str
    owner_id: str
    name: str
    description: str
    slug: str | None
    """The name it is published under; `None` until then."""
    draft: bytes
    """Sealed graph."""
    revision: int
    """Counts the saves of the draft: who saves names the revision they began with."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Version:
    id: str
    agent_id: str
    number: int
    state: str
    """`publishing` until the chain has it, then `published` for good."""
    graph: bytes
    """Sealed graph."""
    graph_digest: str
    notes: str
    asset_id: str | None
    published_at: datetime


def _agent(row: Any) -> Agent:
    return Agent(
        id=row.id,
        owner_id=row.owner_id,
        name=row.name,
        description=row.description,
        slug=row.slug,
        draft=row.draft,
        revision=row.revision,
        created_at=datetime.fromisoformat(row.created_at),
        updated_at=datetime.fromisoformat(row.updated_at),
    )


def _version(row: Any) -> Version:
    return Version(
        id=row.id,
        agent_id=row.agent_id,
        number=row.number,
        state=row.state,
        graph=row.graph,
        graph_digest=row.graph_digest,
        notes=row.notes,
        asset_id=row.asset_id,
        published_at=datetime.fromisoformat(row.published_at),
    )


async def add_agent(connection: AsyncConnection, agent: Agent) -> None:
    await connection.execute(
        insert(agents).values(
            id=agent.id,
            owner_id=agent.owner_id,
            name=agent.name,
            description=agent.description,
            slug=agent.slug,
            draft=agent.draft,
            revision=agent.revision,
            created_at=agent.created_at.isoformat(),
            updated_at=agent.updated_at.isoformat(),
        )
    )


async def find_agent(
    connection: AsyncConnection, *, agent_id: str | None = None, slug: str | None = None
) -> Agent | None:
    query = select(agents).where(agents.c.deleted_at.is_(None))
    if agent_id is not None:
        query = query.where(agents.c.id == agent_id)
    if slug is not None:
        query = query.where(agents.c.slug == slug)
    row = (await connection.execute(query)).first()
    return _agent(row) if row else None


async def find_owner(connection: AsyncConnection, agent_id: str) -> str | None:
    """Whose agent it is, also when it was deleted since."""
    owner_id: str | None = (
        await connection.execute(select(agents.c.owner_id).where(agents.c.id == agent_id))
    ).scalar()
    return owner_id


async def list_agents(connection: AsyncConnection, owner_id: str) -> list[Agent]:
    query = (
        select(agents)
        .where(agents.c.owner_id == owner_id, agents.c.deleted_at.is_(None))
        .order_by(agents.c.updated_at.desc())
    )
    return [_agent(row) for row in await connection.execute(query)]


async def list_published(connection: AsyncConnection) -> list[Agent]:
    query = (
        select(agents)
        .where(agents.c.slug.is_not(None), agents.c.deleted_at.is_(None))
        .order_by(agents.c.name)
    )
    return [_agent(row) for row in await connection.execute(query)]


async def save_draft(
    connection: AsyncConnection, agent_id: str, *, draft: bytes, base_revision: int, at: datetime
) -> bool:
    """Whether the draft was still at `base_revision`, and so is saved now."""
    result = await connection.execute(
        update(agents)
        .where(agents.c.id == agent_id, agents.c.revision == base_revision)
        .values(draft=draft, revision=base_revision + 1, updated_at=at.isoformat())
    )
    return result.rowcount == 1


async def change_agent(
    connection: AsyncConnection, agent_id: str, *, name: str, description: str, at: datetime
) -> None:
    await connection.execute(
        update(agents)
        .where(agents.c.id == agent_id)
        .values(name=name, description=description, updated_at=at.isoformat())
    )


async def set_slug(connection: AsyncConnection, agent_id: str, slug: str) -> None:
    await connection.execute(update(agents).where(agents.c.id == agent_id).values(slug=slug))


async def mark_deleted(connection: AsyncConnection, agent_id: str, *, at: datetime) -> None:
    """Hide the agent; its published versions stay for those who hold licenses and proofs."""
    await connection.execute(
        update(agents).where(agents.c.id == agent_id).values(deleted_at=at.isoformat(), draft=b"")
    )


async def add_version(connection: AsyncConnection, version: Version) -> None:
    await connection.execute(
        insert(agent_versions).values(
            id=version.id,
            agent_id=version.agent_id,
            number=version.number,
            state=version.state,
            graph=version.graph,
            graph_digest=version.graph_digest,
            notes=version.notes,
            asset_id=version.asset_id,
            published_at=version.published_at.isoformat(),
        )
    )


async def list_versions(
    connection: AsyncConnection, agent_id: str, *, state: str = "published"
) -> list[Version]:
    """Newest first."""
    query = (
        select(agent_versions)
        .where(agent_versions.c.agent_id == agent_id, agent_versions.c.state == state)
        .order_by(agent_versions.c.number.desc())
    )
    return [_version(row) for row in await connection.execute(query)]


async def find_version(connection: AsyncConnection, version_id: str) -> Version | None:
    row = (await connection.execute(select(agent_versions).where(agent_versions.c.id == version_id))).first()
    return _version(row) if row else None


async def find_agent_of_asset(connection: AsyncConnection, asset_id: str) -> tuple[Agent, Version] | None:
    """The agent and version behind an asset, also when the agent was deleted since."""
    row = (
        await connection.execute(select(agent_versions).where(agent_versions.c.asset_id == asset_id))
    ).first()
    if row is None:
        return None
    agent = (await connection.execute(select(agents).where(agents.c.id == row.agent_id))).first()
    return (_agent(agent), _version(row)) if agent else None


async def mark_published(connection: AsyncConnection, version_id: str, *, asset_id: str) -> None:
    await connection.execute(
        update(agent_versions)
        .where(agent_versions.c.id == version_id)
        .values(state="published", asset_id=asset_id)
    )


async def delete_unpublished(connection: AsyncConnection, agent_id: str) -> None:
    """Forget attempts to publish that never reached the chain."""
    await connection.execute(
        delete(agent_versions).where(
            agent_versions.c.agent_id == agent_id,
            agent_versions.c.state == "publishing",
            agent_versions.c.asset_id.is_(None),
        )
    )
