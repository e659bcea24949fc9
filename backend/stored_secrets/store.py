"""Stored secrets in SQL. Name, hosts and value are sealed: even which services somebody uses is theirs to know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

stored_secrets = Table(
    "stored_secrets",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("label", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("last_used_at", String(32)),
)


@dataclass(frozen=True)
class SealedSecret:
    id: str
    user_id: str
    label: bytes
    """Sealed JSON: the name and the origins."""
    value: bytes
    """Sealed JSON: the value and, once more, the origins, which are those that count."""
    created_at: datetime
    last_used_at: datetime | None


def _secret(row: Any) -> SealedSecret:
    return SealedSecret(
        id=row.id,
        user_id=row.user_id,
        label=row.label,
        value=row.value,
        created_at=datetime.fromisoformat(row.created_at),
        last_used_at=datetime.fromisoformat(row.last_used_at) if row.last_used_at else None,
    )


async def add(connection: AsyncConnection, secret: SealedSecret) -> None:
    await connection.execute(
        insert(stored_secrets).values(
            id=secret.id,
            user_id=secret.user_id,
            label=secret.label,
            value=secret.value,
            created_at=secret.created_at.isoformat(),
        )
    )


async def list_secrets(connection: AsyncConnection, user_id: str) -> list[SealedSecret]:
    """Oldest first."""
    query = select(stored_secrets).where(stored_secrets.c.user_id == user_id)
    rows = await connection.execute(query.order_by(stored_secrets.c.created_at, stored_secrets.c.id))
    return [_secret(row) for row in rows]


async def replace(
    connection: AsyncConnection, *, user_id: str, secret_id: str, label: bytes, value: bytes
) -> bool:
    """Whether there was such a secret of this user."""
    result = await connection.execute(
        update(stored_secrets)
        .where(stored_secrets.c.id == secret_id, stored_secrets.c.user_id == user_id)
        .values(label=label, value=value)
    )
    return result.rowcount == 1


async def mark_used(connection: AsyncConnection, secret_id: str, *, at: datetime) -> None:
    await connection.execute(
        update(stored_secrets).where(stored_secrets.c.id == secret_id).values(last_used_at=at.isoformat())
    )


async def remove(connection: AsyncConnection, *, user_id: str, secret_id: str) -> bool:
    """Whether there was such a secret of this user."""
    result = await connection.execute(
        delete(stored_secrets).where(stored_secrets.c.id == secret_id, stored_secrets.c.user_id == user_id)
    )
    return result.rowcount == 1
