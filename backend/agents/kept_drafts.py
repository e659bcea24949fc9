"""Drafts that were put aside when something else took their place, so that nothing drawn is lost. Sealed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

MOST = 20
"""Of one agent; the oldest go first."""

kept_drafts = Table(
    "agent_kept_drafts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reason", String(12), nullable=False),  # restored | replaced
    Column("version", Integer),
    Column("graph", LargeBinary, nullable=False),
    Column("kept_at", String(32), nullable=False),
)


@dataclass(frozen=True)
class KeptDraft:
    id: str
    agent_id: str
    reason: str
    """`restored`: an earlier state took its place. `replaced`: it was saved over, or put aside, in another window."""
    version: int | None
    """The version that took its place, if it was one."""
    graph: bytes
    """Sealed graph."""
    kept_at: datetime


def _kept(row: Any) -> KeptDraft:
    return KeptDraft(
        id=row.id,
        agent_id=row.agent_id,
        reason=row.reason,
        version=row.version,
        graph=row.graph,
        kept_at=datetime.fromisoformat(row.kept_at),
    )


async def add(connection: AsyncConnection, kept: KeptDraft) -> None:
    """Keep it, and of all that are kept of this agent the newest `MOST`."""
    await connection.execute(
        insert(kept_drafts).values(
            id=kept.id,
            agent_id=kept.agent_id,
            reason=kept.reason,
            version=kept.version,
            graph=kept.graph,
            kept_at=kept.kept_at.isoformat(),
        )
    )
    newest = [each.id for each in await list_of(connection, kept.agent_id)][:MOST]
    await connection.execute(
        delete(kept_drafts).where(kept_drafts.c.agent_id == kept.agent_id, kept_drafts.c.id.not_in(newest))
    )


async def list_of(connection: AsyncConnection, agent_id: str) -> list[KeptDraft]:
    """Newest first."""
    query = (
        select(kept_drafts)
        .where(kept_drafts.c.agent_id == agent_id)
        .order_by(kept_drafts.c.kept_at.desc(), kept_drafts.c.id)
    )
    return [_kept(row) for row in await connection.execute(query)]


async def delete_of(connection: AsyncConnection, agent_id: str) -> None:
    await connection.execute(delete(kept_drafts).where(kept_drafts.c.agent_id == agent_id))
