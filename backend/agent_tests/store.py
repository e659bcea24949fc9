"""Tests of agents and what came of them, in SQL. What they ask, and what was answered, is sealed for the owner."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
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

agent_tests = Table(
    "agent_tests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # draft | confirmed
    Column("revision", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", String(32), nullable=False),
)
agent_test_results = Table(
    "agent_test_results",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("test_id", ForeignKey("agent_tests.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("behaviour", String(64), nullable=False, comment="digest of what the graph that was asked does"),
    Column("passed", Boolean, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("at", String(32), nullable=False),
)
agent_test_gates = Table(
    "agent_test_gates",
    metadata,
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    Column("percent", Integer, nullable=False),
)


@dataclass(frozen=True)
class Test:
    id: str
    agent_id: str
    position: int
    state: str
    """`draft` until the owner has confirmed it: only confirmed ones are run and count."""
    revision: int
    """Counts its changes: a result is of one of them."""
    content: bytes
    """Sealed JSON: question, checks, and where it came from."""
    created_at: datetime

    __test__ = False  # for pytest


@dataclass(frozen=True)
class Result:
    id: str
    test_id: str
    revision: int
    behaviour: str
    passed: bool
    content: bytes
    """Sealed JSON: the answer, the outcome of each check, the run."""
    at: datetime


def _test(row: Any) -> Test:
    return Test(
        id=row.id,
        agent_id=row.agent_id,
        position=row.position,
        state=row.state,
        revision=row.revision,
        content=row.content,
        created_at=datetime.fromisoformat(row.created_at),
    )


def _result(row: Any) -> Result:
    return Result(
        id=row.id,
        test_id=row.test_id,
        revision=row.revision,
        behaviour=row.behaviour,
        passed=row.passed,
        content=row.content,
        at=datetime.fromisoformat(row.at),
    )


async def list_tests(connection: AsyncConnection, agent_id: str) -> list[Test]:
    query = select(agent_tests).where(agent_tests.c.agent_id == agent_id).order_by(agent_tests.c.position)
    return [_test(row) for row in await connection.execute(query)]


async def find_test(connection: AsyncConnection, *, agent_id: str, test_id: str) -> Test | None:
    query = select(agent_tests).where(agent_tests.c.id == test_id, agent_tests.c.agent_id == agent_id)
    row = (await connection.execute(query)).first()
    return _test(row) if row else None


async def next_position(connection: AsyncConnection, agent_id: str) -> int:
    query = select(func.coalesce(func.max(agent_tests.c.position), 0)).where(
        agent_tests.c.agent_id == agent_id
    )
    last: int = (await connection.execute(query)).scalar_one()
    return last + 1


async def add_test(connection: AsyncConnection, test: Test) -> None:
    await connection.execute(
        insert(agent_tests).values(
            id=test.id,
            agent_id=test.agent_id,
            position=test.position,
            state=test.state,
            revision=test.revision,
            content=test.content,
            created_at=test.created_at.isoformat(),
        )
    )


async def change_test(
    connection: AsyncConnection, test_id: str, *, state: str, revision: int, content: bytes
) -> None:
    await connection.execute(
        update(agent_tests)
        .where(agent_tests.c.id == test_id)
        .values(state=state, revision=revision, content=content)
    )


async def delete_test(connection: AsyncConnection, test_id: str) -> None:
    await connection.execute(delete(agent_test_results).where(agent_test_results.c.test_id == test_id))
    await connection.execute(delete(agent_tests).where(agent_tests.c.id == test_id))


async def put_result(connection: AsyncConnection, result: Result) -> None:
    """Keep it in the place of an earlier one of the same test and the same graph."""
    await connection.execute(
        delete(agent_test_results).where(
            agent_test_results.c.test_id == result.test_id,
            agent_test_results.c.behaviour == result.behaviour,
        )
    )
    await connection.execute(
        insert(agent_test_results).values(
            id=result.id,
            test_id=result.test_id,
            revision=result.revision,
            behaviour=result.behaviour,
            passed=result.passed,
            content=result.content,
            at=result.at.isoformat(),
        )
    )


async def list_results(connection: AsyncConnection, agent_id: str, behaviour: str) -> dict[str, Result]:
    """By test, those of the tests as they are now with a graph that does this."""
    query = (
        select(agent_test_results)
        .join(agent_tests, agent_tests.c.id == agent_test_results.c.test_id)
        .where(
            agent_tests.c.agent_id == agent_id,
            agent_test_results.c.behaviour == behaviour,
            agent_test_results.c.revision == agent_tests.c.revision,
        )
    )
    return {row.test_id: _result(row) for row in await connection.execute(query)}


async def find_gate(connection: AsyncConnection, agent_id: str) -> int | None:
    query = select(agent_test_gates.c.percent).where(agent_test_gates.c.agent_id == agent_id)
    percent: int | None = (await connection.execute(query)).scalar()
    return percent


async def set_gate(connection: AsyncConnection, agent_id: str, percent: int | None) -> None:
    await connection.execute(delete(agent_test_gates).where(agent_test_gates.c.agent_id == agent_id))
    if percent is not None:
        await connection.execute(insert(agent_test_gates).values(agent_id=agent_id, percent=percent))


async def delete_of_agent(connection: AsyncConnection, agent_id: str) -> None:
    of_agent = select(agent_tests.c.id).where(agent_tests.c.agent_id == agent_id)
    await connection.execute(delete(agent_test_results).where(agent_test_results.c.test_id.in_(of_agent)))
    await connection.execute(delete(agent_tests).where(agent_tests.c.agent_id == agent_id))
    await set_gate(connection, agent_id, None)
