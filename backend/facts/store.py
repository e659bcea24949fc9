"""Facts in SQL: which agent remembers something of whom; what, and under which name, is sealed for the person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.chats.store import chats
from backend.database import metadata

facts = Table(
    "facts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("chat_id", ForeignKey("chats.id", ondelete="CASCADE"), index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("saved_at", String(32), nullable=False),
)
Index("facts_of_person", facts.c.user_id, facts.c.agent_id)


@dataclass(frozen=True)
class Fact:
    id: str
    user_id: str
    agent_id: str
    chat_id: str | None
    """The conversation that it is forgotten with; `None` when it belongs to the person."""
    sealed: bytes
    """Sealed JSON: name and value."""
    saved_at: datetime


def _fact(row: Any) -> Fact:
    return Fact(
        id=row.id,
        user_id=row.user_id,
        agent_id=row.agent_id,
        chat_id=row.chat_id,
        sealed=row.sealed,
        saved_at=datetime.fromisoformat(row.saved_at),
    )


async def list_facts(connection: AsyncConnection, user_id: str) -> list[Fact]:
    """All of a person, the latest first."""
    query = select(facts).where(facts.c.user_id == user_id).order_by(facts.c.saved_at.desc(), facts.c.id)
    return [_fact(row) for row in await connection.execute(query)]


async def list_place(
    connection: AsyncConnection, *, user_id: str, agent_id: str, chat_id: str | None
) -> list[Fact]:
    """What one agent remembers of a person in one conversation, or of the person as such."""
    query = select(facts).where(
        facts.c.user_id == user_id, facts.c.agent_id == agent_id, facts.c.chat_id == chat_id
    )
    return [_fact(row) for row in await connection.execute(query)]


async def has_chat(connection: AsyncConnection, chat_id: str) -> bool:
    return (await connection.execute(select(chats.c.id).where(chats.c.id == chat_id))).first() is not None


async def add(connection: AsyncConnection, fact: Fact) -> None:
    await connection.execute(
        insert(facts).values(
            id=fact.id,
            user_id=fact.user_id,
            agent_id=fact.agent_id,
            chat_id=fact.chat_id,
            sealed=fact.sealed,
            saved_at=fact.saved_at.isoformat(),
        )
    )


async def change(connection: AsyncConnection, fact_id: str, *, sealed: bytes, at: datetime) -> None:
    query = update(facts).where(facts.c.id == fact_id)
    await connection.execute(query.values(sealed=sealed, saved_at=at.isoformat()))


async def erase(
    connection: AsyncConnection,
    *,
    user_id: str,
    fact_id: str | None = None,
    agent_id: str | None = None,
) -> int:
    """How many facts of this person were erased: one, those of one agent, or all."""
    query = delete(facts).where(facts.c.user_id == user_id)
    if fact_id is not None:
        query = query.where(facts.c.id == fact_id)
    if agent_id is not None:
        query = query.where(facts.c.agent_id == agent_id)
    return (await connection.execute(query)).rowcount
