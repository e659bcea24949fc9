"""SQLite statements that go to the database's thread and back once each.

The adapter that SQLAlchemy brings makes four trips for a query (make a cursor, execute, fetch, close), and on a busy
machine trips between threads are most of what a small statement takes. Here all of it is one function on that thread.
Rows are fetched whole, as they were before.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util.concurrency import await_


class OneTripCursor(AsyncAdapt_aiosqlite_cursor):
    """Holds what a statement gave; nothing of it is left open in the database."""

    __slots__ = ("_given",)

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._given: tuple[Any, int, int | None] = (None, -1, None)

    @property
    def description(self) -> Any:
        return self._given[0]

    @property
    def rowcount(self) -> int:
        return self._given[1]

    @property
    def lastrowid(self) -> Any:
        return self._given[2]

    def execute(self, operation: Any, parameters: Any = None) -> None:
        def run(cursor: sqlite3.Cursor) -> None:
            cursor.execute(operation, parameters if parameters is not None else ())

        self._run(run)

    def executemany(self, operation: Any, seq_of_parameters: Sequence[Any]) -> None:
        self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    def _run(self, statement: Callable[[sqlite3.Cursor], object]) -> None:
        def trip() -> tuple[Any, int, int | None, list[Any]]:
            cursor = self._connection._conn.cursor()
            try:
                statement(cursor)
                rows = cursor.fetchall() if cursor.description else []
                return cursor.description, cursor.rowcount, cursor.lastrowid, rows
            finally:
                cursor.close()

        try:
            *given, rows = await_(self._connection._execute(trip))
        except Exception as error:
            self._adapt_connection._handle_exception(error)
        self._given = (given[0], given[1], given[2])
        self._rows = deque(rows)

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """There is nothing left to close."""


class OneTripConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = OneTripCursor


class OneTripDbapi(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arguments: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        return OneTripConnection(self, super().connect(*arguments, **options)._connection)


def dbapi() -> OneTripDbapi:
    """What `create_engine` takes as its `module`."""
    usual = SQLiteDialect_aiosqlite.import_dbapi()
    return OneTripDbapi(usual.aiosqlite, usual.sqlite)
