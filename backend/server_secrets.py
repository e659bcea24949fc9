"""Random secrets of the server's own, sealed: what API keys are stored under, for one."""

import secrets

from sqlalchemy import Column, LargeBinary, String, Table, insert, select

from backend.database import Database, metadata
from backend.sealed import Sealer

server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)


async def get_secret(database: Database, sealer: Sealer, name: str) -> bytes:
    """32 random bytes; made when they are first asked for, the same ever after."""
    async with database.writing() as connection:
        found: bytes | None = (
            await connection.execute(select(server_secrets.c.sealed).where(server_secrets.c.name == name))
        ).scalar()
        if found is None:
            found = sealer.seal(secrets.token_bytes(32), "server-secret", name)
            await connection.execute(insert(server_secrets).values(name=name, sealed=found))
    return sealer.open(found, "server-secret", name)
