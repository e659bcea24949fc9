"""Several statements in one trip to the database's thread.

Over aiosqlite every statement costs three or four trips between threads, which on a busy machine is most of
what a small transaction takes. The hot path (`ledger.py`) hands over a list of statements instead. On
SQLite they run in one trip inside the transaction that the connection has open; on any other database they
run one after the other.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import aiosqlite
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Compiled
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ClauseElement, Executable


@dataclass(frozen=True, slots=True)
class Step:
    """One statement with its parameters; a sequence of parameters runs it for each."""

    statement: Executable
    parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    must_change: bool = False
    """Where it changes no row, the steps after it are left out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    rows: Sequence[Mapping[str, Any]]
    """What it selected or returned, by column name."""
    row_count: int
    """How many rows it changed."""


async def run_all(connection: AsyncConnection, steps: Sequence[Step]) -> list[Outcome]:
    """Run the steps in order within the connection's open transaction; an outcome for each that ran.

    The statements are kept compiled: declare them once, with `bindparam`, not in the function that uses them.
    """
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    if isinstance(driver, aiosqlite.Connection):
        on_its_thread: Any = driver._execute  # the only way there is; untyped
        done: list[Outcome] = await on_its_thread(_run_on_sqlite, driver._conn, steps)
        return done
    outcomes = []
    for step in steps:
        result = await connection.execute(step.statement, step.parameters)
        rows = [dict(row) for row in result.mappings()] if result.returns_rows else []
        outcomes.append(Outcome(rows, result.rowcount))
        if step.must_change and result.rowcount == 0:
            break
    return outcomes


def _run_on_sqlite(database: sqlite3.Connection, steps: Sequence[Step]) -> list[Outcome]:
    outcomes = []
    cursor = database.cursor()
    cursor.row_factory = sqlite3.Row
    for step in steps:
        compiled = _compiled(step.statement)
        text = str(compiled)
        if isinstance(step.parameters, Mapping):
            cursor.execute(text, _all_parameters(compiled, step.parameters))
        else:
            cursor.executemany(text, [_all_parameters(compiled, each) for each in step.parameters])
        rows = [dict(row) for row in cursor.fetchall()] if cursor.description else []
        outcomes.append(Outcome(rows, cursor.rowcount))
        if step.must_change and cursor.rowcount == 0:
            break
    cursor.close()
    return outcomes


@lru_cache(maxsize=256)
def _compiled(statement: Executable) -> Compiled:
    assert isinstance(statement, ClauseElement)
    return statement.compile(dialect=sqlite.dialect(paramstyle="named"))


def _all_parameters(compiled: Compiled, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those given, and the constants that the statement itself holds."""
    return dict(compiled.construct_params(dict(given)) or {})
