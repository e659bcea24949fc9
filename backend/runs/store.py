"""Runs in SQL: who asked which agent when, what it cost; what was said is sealed for the person who asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("agent_id", ForeignKey("agents.id"), nullable=False, index=True),
    Column("version_id", ForeignKey("agent_versions.id")),
    Column("state", String(10), nullable=False),  # running | waiting | finished | failed | cancelled
    Column("started_at", String(32), nullable=False),
    Column("finished_at", String(32)),
    Column("record", LargeBinary, nullable=False),
    Column("charge", Integer, nullable=False),
    Column("proof_id", String(80), index=True),
    Column("invocation", LargeBinary),
    Column("reached", String(80), nullable=False, server_default=""),
    Column("resumptions", Integer, nullable=False, server_default="0"),
)
_UNDER_WAY = text("state IN ('running', 'waiting')")
Index("runs_under_way", runs.c.state, sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY)
idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("request_key", String(200), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("run_id", String(32), nullable=False),
)


@dataclass(frozen=True)
class Run:
    id: str
    user_id: str
    agent_id: str
    version_id: str | None
    """The published version asked, or `None` for a draft tried in the editor."""
    state: str
    started_at: datetime
    finished_at: datetime | None
    record: bytes
    """Sealed JSON: question, steps, answer, citations."""
    charge: int
    """In the currency's smallest unit."""
    proof_id: str | None
    invocation: bytes | None = None
    """Sealed JSON: what it needs to go on; None once it has ended."""
    reached: str = ""
    """The checkpoint from which it went on last after the server was stopped."""
    resumptions: int = 0
    """How often it went on from there."""


def _run(row: Any) -> Run:
    return Run(
        id=row.id,
        user_id=row.user_id,
        agent_id=row.agent_id,
        version_id=row.version_id,
        state=row.state,
        started_at=datetime.fromisoformat(row.started_at),
        finished_at=datetime.fromisoformat(row.finished_at) if row.finished_at else None,
        record=row.record,
        charge=row.charge,
        proof_id=row.proof_id,
        invocation=row.invocation,
        reached=row.reached,
        resumptions=row.resumptions,
    )


async def add(connection: AsyncConnection, run: Run) -> None:
    await connection.execute(
        insert(runs).values(
            id=run.id,
            user_id=run.user_id,
            agent_id=run.agent_id,
            version_id=run.version_id,
            state=run.state,
            started_at=run.started_at.isoformat(),
            record=run.record,
            charge=run.charge,
            proof_id=run.proof_id,
            invocation=run.invocation,
        )
    )


async def finish(
    connection: AsyncConnection,
    run_id: str,
    *,
    state: str,
    at: datetime,
    record: bytes,
    charge: int = 0,
    proof_id: str | None = None,
) -> None:
    await connection.execute(
        update(runs)
        .where(runs.c.id == run_id)
        .values(
            state=state,
            finished_at=at.isoformat(),
            record=record,
            charge=charge,
            proof_id=proof_id,
            invocation=None,
        )
    )


async def list_running(connection: AsyncConnection) -> Sequence[Run]:
    """What was under way, oldest first."""
    query = select(runs).where(runs.c.state == "running").order_by(runs.c.started_at)
    return [_run(row) for row in await connection.execute(query)]


async def get_any(connection: AsyncConnection, run_id: str) -> Run:
    """A run, whosever it is."""
    return _run((await connection.execute(select(runs).where(runs.c.id == run_id))).one())


async def change_state(connection: AsyncConnection, run_id: str, *, of: str, to: str) -> bool:
    """Whether the run was in the state `of`, and is in `to` now."""
    result = await connection.execute(
        update(runs).where(runs.c.id == run_id, runs.c.state == of).values(state=to)
    )
    return result.rowcount == 1


async def park(connection: AsyncConnection, run_id: str, *, record: bytes) -> None:
    """It waits for a person; `record` is what happened so far."""
    await connection.execute(update(runs).where(runs.c.id == run_id).values(state="waiting", record=record))


async def give_up(connection: AsyncConnection, run_id: str, *, at: datetime) -> None:
    """A run that cannot go on has failed; what it was asked stays."""
    await connection.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.state == "running")
        .values(state="failed", finished_at=at.isoformat(), invocation=None)
    )


async def note_resumption(
    connection: AsyncConnection, run_id: str, *, reached: str, resumptions: int
) -> None:
    await connection.execute(
        update(runs).where(runs.c.id == run_id).values(reached=reached, resumptions=resumptions)
    )


async def keep_invocation(connection: AsyncConnection, run_id: str, invocation: bytes) -> None:
    await connection.execute(update(runs).where(runs.c.id == run_id).values(invocation=invocation))


async def find(connection: AsyncConnection, *, user_id: str, run_id: str) -> Run | None:
    query = select(runs).where(runs.c.id == run_id, runs.c.user_id == user_id)
    row = (await connection.execute(query)).first()
    return _run(row) if row else None


async def list_of_agent(
    connection: AsyncConnection, *, user_id: str, agent_id: str, before: datetime | None, limit: int
) -> list[Run]:
    """This person's runs of one agent, newest first, of those that began before."""
    query = select(runs).where(runs.c.user_id == user_id, runs.c.agent_id == agent_id)
    if before is not None:
        query = query.where(runs.c.started_at < before.isoformat())
    rows = await connection.execute(query.order_by(runs.c.started_at.desc()).limit(limit))
    return [_run(row) for row in rows]


async def owns_proof(connection: AsyncConnection, *, user_id: str, proof_id: str) -> bool:
    query = select(runs.c.id).where(runs.c.proof_id == proof_id, runs.c.user_id == user_id)
    return (await connection.execute(query)).first() is not None


async def remember_request(
    connection: AsyncConnection, *, user_id: str, request_key: str, body_digest: str, run_id: str
) -> None:
    await connection.execute(
        insert(idempotent_requests).values(
            user_id=user_id, request_key=request_key, body_digest=body_digest, run_id=run_id
        )
    )


async def find_request(
    connection: AsyncConnection, *, user_id: str, request_key: str
) -> tuple[str, str] | None:
    """`(body digest, run id)` of the request that used this key first."""
    query = select(idempotent_requests).where(
        idempotent_requests.c.user_id == user_id, idempotent_requests.c.request_key == request_key
    )
    row = (await connection.execute(query)).first()
    return (row.body_digest, row.run_id) if row else None


async def forget_request(connection: AsyncConnection, *, user_id: str, request_key: str) -> None:
    await connection.execute(
        delete(idempotent_requests).where(
            idempotent_requests.c.user_id == user_id, idempotent_requests.c.request_key == request_key
        )
    )
