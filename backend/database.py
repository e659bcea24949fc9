"""The one SQL database: who may read, who may write, and how a write becomes durable.

Every package declares its own tables (`tables.py`) and is handed a `Database`; none of them opens one.
SQLite runs in WAL mode with `synchronous=FULL`: a committed row survives a power cut. Writers queue on one
lock and begin with `BEGIN IMMEDIATE`, so that a write never fails half way for want of the lock.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

metadata = MetaData()
"""The backend's own tables, declared in the `store.py` of each noun."""


class Database:
    """Hands out connections: many that read, one at a time that writes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writer = asyncio.Lock()

    @classmethod
    def at(cls, path: Path) -> "Database":
        """Open (or create) the SQLite file at `path`; its folder must exist."""
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            pool_size=8,
            max_overflow=8,
            connect_args={"factory": _RollsBackFirst},
        )
        event.listen(engine.sync_engine, "connect", _prepare_connection)
        event.listen(engine.sync_engine, "begin", _begin)
        return cls(engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent snapshot; what it changes is rolled back."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction: committed at the end of the block, rolled back when it raises.

        Not reentrant: a block that waits for another `writing()` inside itself waits for ever.
        """
        async with self._writer, self.engine.connect() as connection:
            await connection.execution_options(qanat_write=True)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()


class _RollsBackFirst(sqlite3.Connection):
    """Lets go of the write lock when it is closed.

    Whoever is cancelled in the middle of a statement leaves it unfinished, and SQLite keeps a connection with an
    unfinished statement, and its transaction, alive after closing: all later writers would be refused.
    """

    def close(self) -> None:
        try:
            self.rollback()
        finally:
            super().close()


def _prepare_connection(connection: DBAPIConnection, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    write = connection.get_execution_options().get("qanat_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
