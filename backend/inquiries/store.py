"""What runs ask of people, in SQL. What is asked and what was said are sealed for the person who is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

inquiries = Table(
    "inquiries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("request_id", String(300), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("agent_id", ForeignKey("agents.id"), nullable=False),
    Column("state", String(10), nullable=False),  # open | approved | rejected | timed_out | withdrawn
    Column("content", LargeBinary, nullable=False),
    Column("reply", LargeBinary),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32)),
    Column("answered_at", String(32)),
    UniqueConstraint("run_id", "request_id"),
)
Index("inquiries_that_run_out", inquiries.c.state, inquiries.c.expires_at)


@dataclass(frozen=True)
class Inquiry:
    id: str
    run_id: str
    request_id: str
    """The step and which of its requests, as the runtime names it."""
    user_id: str
    """Who is asked."""
    agent_id: str
    state: str
    content: bytes
    """Sealed JSON: title, instructions, value, may_edit."""
    reply: bytes | None
    """Sealed JSON: value, note."""
    created_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None


def _inquiry(row: Any) -> Inquiry:
    return Inquiry(
        id=row.id,
        run_id=row.run_id,
        request_id=row.request_id,
        user_id=row.user_id,
        agent_id=row.agent_id,
        state=row.state,
        content=row.content,
        reply=row.reply,
        created_at=datetime.fromisoformat(row.created_at),
        expires_at=datetime.fromisoformat(row.expires_at) if row.expires_at else None,
        answered_at=datetime.fromisoformat(row.answered_at) if row.answered_at else None,
    )


async def add(connection: AsyncConnection, inquiry: Inquiry) -> None:
    await connection.execute(
        insert(inquiries).values(
            id=inquiry.id,
            run_id=inquiry.run_id,
            request_id=inquiry.request_id,
            user_id=inquiry.user_id,
            agent_id=inquiry.agent_id,
            state=inquiry.state,
            content=inquiry.content,
            created_at=inquiry.created_at.isoformat(),
            expires_at=inquiry.expires_at.isoformat() if inquiry.expires_at else None,
        )
    )


async def list_of_run(connection: AsyncConnection, run_id: str) -> Sequence[Inquiry]:
    """All that a run ever asked, oldest first."""
    query = select(inquiries).where(inquiries.c.run_id == run_id)
    return [
        _inquiry(row)
        for row in await connection.execute(query.order_by(inquiries.c.created_at, inquiries.c.id))
    ]


async def list_of_person(
    connection: AsyncConnection, user_id: str, *, only_open: bool, limit: int
) -> Sequence[Inquiry]:
    """What this person is asked, newest first."""
    query = select(inquiries).where(inquiries.c.user_id == user_id)
    if only_open:
        query = query.where(inquiries.c.state == "open")
    query = query.order_by(inquiries.c.created_at.desc(), inquiries.c.id).limit(limit)
    return [_inquiry(row) for row in await connection.execute(query)]


async def find(connection: AsyncConnection, *, user_id: str, inquiry_id: str) -> Inquiry | None:
    query = select(inquiries).where(inquiries.c.id == inquiry_id, inquiries.c.user_id == user_id)
    row = (await connection.execute(query)).first()
    return _inquiry(row) if row else None


async def list_overdue(connection: AsyncConnection, now: datetime) -> Sequence[Inquiry]:
    query = select(inquiries).where(inquiries.c.state == "open", inquiries.c.expires_at <= now.isoformat())
    return [_inquiry(row) for row in await connection.execute(query)]


async def close(
    connection: AsyncConnection, inquiry_id: str, *, state: str, reply: bytes | None, at: datetime
) -> bool:
    """Whether it was still open, and is closed now: of several who answer at once, one is told so."""
    result = await connection.execute(
        update(inquiries)
        .where(inquiries.c.id == inquiry_id, inquiries.c.state == "open")
        .values(state=state, reply=reply, answered_at=at.isoformat())
    )
    return result.rowcount == 1


async def withdraw_of_run(connection: AsyncConnection, run_id: str, *, at: datetime) -> None:
    """Nobody needs to answer any more."""
    await connection.execute(
        update(inquiries)
        .where(inquiries.c.run_id == run_id, inquiries.c.state == "open")
        .values(state="withdrawn", answered_at=at.isoformat())
    )
