"""The agents that runs may ask, in SQL: a row for each time, with what is set aside for it; what was said is sealed."""

from dataclasses import dataclass
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
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

agent_calls = Table(
    "agent_calls",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("caller_id", String(32), nullable=False, comment="the agent that asks"),
    Column("slug", String(80), nullable=False),
    Column("agent_id", ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("version_id", ForeignKey("agent_versions.id"), nullable=False),
    Column("holder_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("reservation_id", String(80)),
    Column("price", Integer, nullable=False),
    Column("step", String(64), comment="a digest of the step that took it"),
    Column("state", String(10), nullable=False),  # planned | answered | charged
    Column("sealed", LargeBinary),
    Column("proof_id", String(80)),
)
Index("agent_calls_of_run", agent_calls.c.run_id, agent_calls.c.caller_id)


@dataclass(frozen=True)
class AgentCall:
    id: str
    """Also the id of the run of the agent that is asked."""
    run_id: str
    caller_id: str
    slug: str
    agent_id: str
    version_id: str
    holder_id: str
    """Under whose license."""
    reservation_id: str | None
    price: int
    """The most that it may cost the holder."""
    step: str | None
    state: str
    sealed: bytes | None
    """What was asked and answered, for the person who asked the agent that asks; gone once it is charged."""
    proof_id: str | None


def _call(row: Any) -> AgentCall:
    return AgentCall(**row._mapping)


async def add(connection: AsyncConnection, call: AgentCall) -> None:
    await connection.execute(insert(agent_calls).values(**vars(call)))


async def list_of_run(connection: AsyncConnection, run_id: str) -> list[AgentCall]:
    query = select(agent_calls).where(agent_calls.c.run_id == run_id).order_by(agent_calls.c.id)
    return [_call(row) for row in await connection.execute(query)]


async def take(
    connection: AsyncConnection, *, run_id: str, caller_id: str, slug: str, step: str
) -> AgentCall | None:
    """The call that this step took before, or else one that nobody took yet; None when there is none left."""
    query = select(agent_calls).where(agent_calls.c.run_id == run_id, agent_calls.c.caller_id == caller_id)
    mine = (await connection.execute(query.where(agent_calls.c.step == step))).first()
    if mine:
        return _call(mine)
    is_free = query.where(agent_calls.c.slug == slug, agent_calls.c.step.is_(None))
    free = (await connection.execute(is_free.order_by(agent_calls.c.id).limit(1))).first()
    if free is None:
        return None
    await change(connection, free.id, step=step)
    return _call(free)


async def change(connection: AsyncConnection, call_id: str, **values: Any) -> None:
    await connection.execute(update(agent_calls).where(agent_calls.c.id == call_id).values(**values))


async def forget_unasked(connection: AsyncConnection, run_id: str) -> None:
    """Once a run has ended: what it did not ask, and what was said in what it did."""
    await connection.execute(
        delete(agent_calls).where(agent_calls.c.run_id == run_id, agent_calls.c.state != "charged")
    )
    await connection.execute(
        update(agent_calls).where(agent_calls.c.run_id == run_id).values(sealed=None, step=None)
    )


async def agents_asked(connection: AsyncConnection, run_id: str) -> list[str]:
    """The agents that a run asked."""
    query = select(agent_calls.c.agent_id).where(
        agent_calls.c.run_id == run_id, agent_calls.c.state == "charged"
    )
    return list(dict.fromkeys((await connection.execute(query)).scalars()))
