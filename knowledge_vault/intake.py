"""How far the documents of a vault have come, all together, and how long the rest will take."""

from collections import Counter

from sqlalchemy import BigInteger, Table, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.pace import Pace
from knowledge_vault.tables import documents, replacements
from knowledge_vault.values import Intake, Stage, TenantId, VaultId


async def intake(connection: AsyncConnection, tenant: TenantId, vault: VaultId, pace: Pace) -> Intake:
    """Documents that are not cut yet are taken to have as many chunks a byte as the vault's others.

    A document that is being replaced counts twice: as what it is, and as what it is to become.
    """
    counts: Counter[Stage] = Counter()
    known = done = uncut_bytes = 0
    cut_chunks = cut_bytes = 0
    for table in (documents, replacements):
        for stage, count, chunks, chunks_done, size in await _by_stage(connection, table, tenant, vault):
            counts[stage] += count
            if chunks:
                cut_chunks, cut_bytes = cut_chunks + chunks, cut_bytes + size
            if stage.is_final:
                continue
            known, done = known + chunks, done + chunks_done
            if stage in (Stage.SEALED, Stage.PARSED):
                uncut_bytes += size
    left = known - done + (uncut_bytes * cut_chunks / cut_bytes if cut_bytes else 0)
    can_tell = any(not stage.is_final for stage in counts) and (cut_bytes or not uncut_bytes)
    return Intake(
        documents=dict(counts),
        chunks_done=done,
        chunks_known=known,
        seconds_left=pace.seconds_for(left) if can_tell else None,
    )


async def _by_stage(
    connection: AsyncConnection, table: Table, tenant: TenantId, vault: VaultId
) -> list[tuple[Stage, int, int, int, int]]:
    """Stage, documents, their chunks, those of them that are embedded, and bytes."""
    rows = await connection.execute(
        select(
            table.c.stage,
            func.count(),
            func.sum(table.c.chunk_count),
            func.sum(table.c.chunks_done),
            cast(func.sum(table.c.size_bytes), BigInteger),
        )
        .where(table.c.tenant_id == tenant, table.c.vault_id == vault)
        .group_by(table.c.stage)
    )
    return [(Stage(stage), *numbers) for stage, *numbers in rows]
