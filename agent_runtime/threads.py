"""How far a run has got, and forgetting it, without opening anything: for whoever keeps runs in the same database.

Light on purpose: `checkpoints.py`, which reads and writes what is kept, brings the engine with it.
"""

from sqlalchemy import ColumnElement, Table, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime.tables import checkpoint_writes, checkpoints


async def newest(connection: AsyncConnection, *, tenant_id: str, thread_id: str) -> str:
    """The id of the checkpoint that the run has reached; empty before the first."""
    query = select(func.max(checkpoints.c.checkpoint_id)).where(_of(checkpoints, tenant_id, thread_id))
    return await connection.scalar(query) or ""


async def forget(connection: AsyncConnection, *, tenant_id: str, thread_id: str) -> None:
    """Delete all that is kept of where a run has got to."""
    for table in (checkpoints, checkpoint_writes):
        await connection.execute(delete(table).where(_of(table, tenant_id, thread_id)))


def _of(table: Table, tenant_id: str, thread_id: str) -> ColumnElement[bool]:
    return and_(table.c.tenant_id == tenant_id, table.c.thread_id == thread_id)
