"""API keys in SQL: a keyed digest of the secret, never the secret."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, String, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("hint", String(16), nullable=False),
    Column("secret_digest", String(64), nullable=False, unique=True),
    Column("slugs", JSON),
    Column("created_at", String(32), nullable=False),
    Column("last_used_at", String(32)),
)


@dataclass(frozen=True)
class ApiKey:
    id: str
    user_id: str
    name: str
    hint: str
    """The first characters of the secret, to tell keys apart."""
    slugs: tuple[str, ...] | None
    """The agents it may use; `None` for all."""
    created_at: datetime
    last_used_at: datetime | None


def _api_key(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        hint=row.hint,
        slugs=tuple(row.slugs) if row.slugs is not None else None,
        created_at=datetime.fromisoformat(row.created_at),
        last_used_at=datetime.fromisoformat(row.last_used_at) if row.last_used_at else None,
    )


async def add(connection: AsyncConnection, key: ApiKey, *, secret_digest: str) -> None:
    await connection.execute(
        insert(api_keys).values(
            id=key.id,
            user_id=key.user_id,
            name=key.name,
            hint=key.hint,
            secret_digest=secret_digest,
            slugs=list(key.slugs) if key.slugs is not None else None,
            created_at=key.created_at.isoformat(),
        )
    )


async def find_by_digest(connection: AsyncConnection, secret_digest: str) -> ApiKey | None:
    row = (
        await connection.execute(select(api_keys).where(api_keys.c.secret_digest == secret_digest))
    ).first()
    return _api_key(row) if row else None


async def list_keys(connection: AsyncConnection, user_id: str) -> list[ApiKey]:
    query = select(api_keys).where(api_keys.c.user_id == user_id).order_by(api_keys.c.created_at.desc())
    return [_api_key(row) for row in await connection.execute(query)]


async def mark_used(connection: AsyncConnection, key_id: str, *, at: datetime) -> None:
    await connection.execute(
        update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=at.isoformat())
    )


async def remove(connection: AsyncConnection, *, user_id: str, key_id: str) -> bool:
    """Whether there was such a key of this user."""
    result = await connection.execute(
        delete(api_keys).where(api_keys.c.id == key_id, api_keys.c.user_id == user_id)
    )
    return result.rowcount > 0
