"""Chats and their messages in SQL; titles and contents are sealed for the person who chats."""

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
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata
from backend.runs.store import runs

chats = Table(
    "chats",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("agent_id", ForeignKey("agents.id"), nullable=False),
    Column("version_id", ForeignKey("agent_versions.id"), nullable=False),
    Column("title", LargeBinary, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False),
)
messages = Table(
    "messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("chat_id", ForeignKey("chats.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("role", String(10), nullable=False),  # user | assistant
    Column("status", String(10), nullable=False),  # done | running | waiting | failed | cancelled
    Column("content", LargeBinary, nullable=False),
    Column("run_id", String(32)),
    Column("created_at", String(32), nullable=False),
)


@dataclass(frozen=True)
class Chat:
    id: str
    user_id: str
    agent_id: str
    version_id: str
    """The version it began with, and stays on."""
    title: bytes
    """Sealed."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Message:
    id: str
    chat_id: str
    position: int
    role: str
    status: str
    content: bytes
    """Sealed JSON: text, and for answers citations, sentences, charge and proof."""
    run_id: str | None
    created_at: datetime


def _chat(row: Any) -> Chat:
    return Chat(
        id=row.id,
        user_id=row.user_id,
        agent_id=row.agent_id,
        version_id=row.version_id,
        title=row.title,
        created_at=datetime.fromisoformat(row.created_at),
        updated_at=datetime.fromisoformat(row.updated_at),
    )


def _message(row: Any) -> Message:
    return Message(
        id=row.id,
        chat_id=row.chat_id,
        position=row.position,
        role=row.role,
        status=row.status,
        content=row.content,
        run_id=row.run_id,
        created_at=datetime.fromisoformat(row.created_at),
    )


async def add_chat(connection: AsyncConnection, chat: Chat) -> None:
    await connection.execute(
        insert(chats).values(
            id=chat.id,
            user_id=chat.user_id,
            agent_id=chat.agent_id,
            version_id=chat.version_id,
            title=chat.title,
            created_at=chat.created_at.isoformat(),
            updated_at=chat.updated_at.isoformat(),
        )
    )


async def find_chat(connection: AsyncConnection, *, user_id: str, chat_id: str) -> Chat | None:
    query = select(chats).where(chats.c.id == chat_id, chats.c.user_id == user_id)
    row = (await connection.execute(query)).first()
    return _chat(row) if row else None


async def list_chats(connection: AsyncConnection, user_id: str) -> list[Chat]:
    query = select(chats).where(chats.c.user_id == user_id).order_by(chats.c.updated_at.desc())
    return [_chat(row) for row in await connection.execute(query)]


async def list_messages(connection: AsyncConnection, chat_id: str) -> list[Message]:
    query = select(messages).where(messages.c.chat_id == chat_id).order_by(messages.c.position)
    return [_message(row) for row in await connection.execute(query)]


async def next_position(connection: AsyncConnection, chat_id: str) -> int:
    query = select(func.coalesce(func.max(messages.c.position), -1)).where(messages.c.chat_id == chat_id)
    last: int = (await connection.execute(query)).scalar_one()
    return last + 1


async def add_message(connection: AsyncConnection, message: Message) -> None:
    await connection.execute(
        insert(messages).values(
            id=message.id,
            chat_id=message.chat_id,
            position=message.position,
            role=message.role,
            status=message.status,
            content=message.content,
            run_id=message.run_id,
            created_at=message.created_at.isoformat(),
        )
    )
    await connection.execute(
        update(chats).where(chats.c.id == message.chat_id).values(updated_at=message.created_at.isoformat())
    )


async def finish_message(
    connection: AsyncConnection, message_id: str, *, status: str, content: bytes
) -> None:
    await connection.execute(
        update(messages).where(messages.c.id == message_id).values(status=status, content=content)
    )


async def set_title(connection: AsyncConnection, chat_id: str, title: bytes) -> None:
    await connection.execute(update(chats).where(chats.c.id == chat_id).values(title=title))


async def set_status(connection: AsyncConnection, message_id: str, status: str) -> None:
    await connection.execute(update(messages).where(messages.c.id == message_id).values(status=status))


async def fail_without_run(connection: AsyncConnection) -> None:
    """After a restart no answer is being written but those whose runs go on."""
    under_way = select(runs.c.id).where(runs.c.state.in_(("running", "waiting")))
    await connection.execute(
        update(messages)
        .where(messages.c.status.in_(("running", "waiting")), messages.c.run_id.not_in(under_way))
        .values(status="failed")
    )


async def delete_chat(connection: AsyncConnection, *, user_id: str, chat_id: str) -> bool:
    """Whether there was such a chat of this person."""
    result = await connection.execute(delete(chats).where(chats.c.id == chat_id, chats.c.user_id == user_id))
    return result.rowcount > 0
