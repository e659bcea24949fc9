"""The one SQL database: who may read, who may write, and how a write becomes durable.

Every package declares its own tables (`tables.py`) and is handed a `Database`; none of them opens one.
SQLite runs in WAL mode with `synchronous=FULL`: a committed row survives a power cut. Writers queue on one
lock and begin with `BEGIN IMMEDIATE`, so that a write never fails half way for want of the lock. On PostgreSQL they
queue on an advisory lock of the database, so that what reads before it writes means the same on both.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, MetaData, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from backend import one_trip
from backend.refused import DatabaseRefused

metadata = MetaData()
"""The backend's own tables, declared in the `store.py` of each noun."""
_WRITERS = int.from_bytes(b"qanat", "big")
"""The advisory lock that writers of one PostgreSQL database take turns on."""
_LEAST_POSTGRES = 14


class Database:
    """Hands out connections: many that read, one at a time that writes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writer = asyncio.Lock()
        self._held: AsyncConnection | None = None

    @classmethod
    def at(cls, path: Path) -> "Database":
        """Open (or create) the SQLite file at `path`; its folder must exist."""
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            pool_size=8,
            max_overflow=8,
            connect_args={"factory": _RollsBackFirst},
            module=one_trip.dbapi(),
        )
        event.listen(engine.sync_engine, "connect", _prepare_connection)
        event.listen(engine.sync_engine, "begin", _begin)
        return cls(engine)

    @classmethod
    def on_server(cls, address: str) -> "Database":
        """A PostgreSQL database, by an address such as `postgresql://qanat@db.internal/qanat`; connects to nothing yet.

        Raises:
            DatabaseRefused: this is no address of one.
        """
        engine = create_async_engine(
            postgres_url(address),
            pool_size=8,
            max_overflow=8,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "qanat"},
        )
        return cls(engine)

    @property
    def is_server(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    async def check(self) -> None:
        """Raises `DatabaseRefused` where the server cannot be used, without naming any password."""
        if not self.is_server:
            return
        shown = self.engine.url.render_as_string(hide_password=True)
        try:
            async with self.engine.connect() as connection:
                version, encoding = (
                    await connection.execute(
                        text(
                            "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')"
                        )
                    )
                ).one()
        except (OperationalError, InterfaceError) as error:
            why = str(error.orig).strip().splitlines()[-1] if error.orig else "it does not answer"
            raise DatabaseRefused(
                f"The database {shown} cannot be used: {why} Start it, or correct QANAT_DATABASE_URL."
            ) from None
        if version // 10_000 < _LEAST_POSTGRES:
            raise DatabaseRefused(
                f"The database {shown} is PostgreSQL {version // 10_000}; {_LEAST_POSTGRES} or newer is needed."
            )
        if encoding != "UTF8":
            raise DatabaseRefused(
                f"The database {shown} keeps text as {encoding}: create one with ENCODING 'UTF8' and name that."
            )

    async def be_its_only_server(self) -> None:
        """Hold a PostgreSQL database until `close`. Raises `DatabaseRefused` where another server holds it."""
        self._held = await self.engine.connect()
        if not await self._held.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _WRITERS + 1}):
            raise DatabaseRefused(
                f"Another Qanat has the database {self.engine.url.render_as_string(hide_password=True)} open. "
                "Stop it first, or give this one a database and a QANAT_DATA_DIR of its own."
            )
        await self._held.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent snapshot; what it changes is rolled back."""
        async with self.engine.connect() as connection:
            if self.is_server:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction: committed at the end of the block, rolled back when it raises.

        Not reentrant: a block that waits for another `writing()` inside itself waits for ever.
        """
        async with self._writer, self.engine.connect() as connection:
            await connection.execution_options(qanat_write=True)
            async with connection.begin():
                if self.is_server:
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS})
                yield connection

    async def close(self) -> None:
        if self._held is not None:
            await self._held.invalidate()  # which gives up the lock, whatever state it is in
            await self._held.close()
        await self.engine.dispose()


def postgres_url(address: str) -> URL:
    """The address as SQLAlchemy wants it. Raises `DatabaseRefused`; says nothing of what it holds."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise DatabaseRefused(
            "QANAT_DATABASE_URL is no address of a PostgreSQL database, "
            "such as postgresql://qanat:password@db.internal:5432/qanat."
        )
    return url.set(drivername="postgresql+psycopg")


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
