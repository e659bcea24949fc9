"""How far a run has got, and forgetting it, without opening anything: for whoever keeps runs in the same database.

Light on purpose: `checkpoints.py`, which reads and writes what is kept, brings the engine with it.
"""

from sqlalchemy import ColumnElement, Table, and_, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime.tables import checkpoint_writes, checkpoints


async def reached(connection: AsyncConnection, *, tenant_id: str, thread_id: str) -> str:
    """A mark of how far the run has got, which is another one once it has got further; at most 80 characters."""
    place = checkpoints.c.checkpoint_id
    newest = func.max(case((checkpoints.c.namespace == "", place), else_=""))
    query = select(newest, func.count()).where(_of(checkpoints, tenant_id, thread_id))
    checkpoint_id, rows = (await connection.execute(query)).one()
    return f"{checkpoint_id or ''}/{rows}"


async def forget(connection: AsyncConnection, *, tenant_id: str, thread_id: str) -> None:
    """Delete all that is kept of where a run has got to."""
    for table in (checkpoints, checkpoint_writes):
        await connection.execute(delete(table).where(_of(table, tenant_id, thread_id)))


def _of(table: Table, tenant_id: str, thread_id: str) -> ColumnElement[bool]:
    return and_(table.c.tenant_id == tenant_id, table.c.thread_id == thread_id)
