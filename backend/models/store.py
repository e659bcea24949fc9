"""Added models in SQL. Where a model server is and the secret for it are sealed; names and sizes are not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

models = Table(
    "models",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),  # file | server
    Column("place", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("context_tokens", Integer, nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", String(32), nullable=False),
)


@dataclass(frozen=True)
class AddedModel:
    """One row. What it leads to is sealed."""

    name: str
    """What graphs call it."""
    kind: Literal["file", "server"]
    place: bytes
    """Sealed JSON: the file's path, or the server's address, the model's name there, the secret, whether it may be
    private."""
    size_bytes: int
    """Of the file; 0 of a server."""
    context_tokens: int
    at_once: int
    is_default: bool
    """Whether steps ask it that choose no model; of one model at most."""
    created_at: datetime


def _model(row: Any) -> AddedModel:
    return AddedModel(
        name=row.name,
        kind=row.kind,
        place=row.place,
        size_bytes=row.size_bytes,
        context_tokens=row.context_tokens,
        at_once=row.at_once,
        is_default=row.is_default,
        created_at=datetime.fromisoformat(row.created_at),
    )


async def list_models(connection: AsyncConnection) -> list[AddedModel]:
    """Oldest first."""
    rows = await connection.execute(select(models).order_by(models.c.created_at, models.c.name))
    return [_model(row) for row in rows]


async def add(connection: AsyncConnection, model: AddedModel) -> None:
    await connection.execute(
        insert(models).values(
            name=model.name,
            kind=model.kind,
            place=model.place,
            size_bytes=model.size_bytes,
            context_tokens=model.context_tokens,
            at_once=model.at_once,
            is_default=model.is_default,
            created_at=model.created_at.isoformat(),
        )
    )


async def replace(
    connection: AsyncConnection, name: str, *, place: bytes, context_tokens: int, at_once: int
) -> None:
    await connection.execute(
        update(models)
        .where(models.c.name == name)
        .values(place=place, context_tokens=context_tokens, at_once=at_once)
    )


async def set_default(connection: AsyncConnection, name: str | None) -> None:
    """None: the one that came with the server."""
    await connection.execute(update(models).values(is_default=False))
    if name is not None:
        await connection.execute(update(models).where(models.c.name == name).values(is_default=True))


async def remove(connection: AsyncConnection, name: str) -> None:
    await connection.execute(delete(models).where(models.c.name == name))
