"""Which documents a search could not look at, by name. Counting them needs no key; naming them opens their names."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.documents import Documents
from knowledge_vault.tables import documents
from knowledge_vault.values import DocumentId, NotReady, Stage, TenantId, VaultId

MOST_NAMED = 20
"""In one vault: enough to recognise what is missing, few enough to read."""
STAGES = tuple(stage for stage in Stage if stage is not Stage.ACTIVE)


async def not_ready(
    connection: AsyncConnection,
    all_documents: Documents,
    tenant: TenantId,
    vaults: Collection[VaultId],
    within: Collection[DocumentId] | None,
) -> Sequence[NotReady]:
    """Of each of the vaults that has some; `within` as in a search."""
    found: list[NotReady] = []
    for vault in vaults:
        here = (documents.c.vault_id == vault) & documents.c.stage.in_(STAGES)
        if within is not None:
            here &= documents.c.id.in_(list(within))
        count = await connection.scalar(select(func.count()).where(documents.c.tenant_id == tenant, here))
        if count:
            named = await all_documents.first(connection, tenant, here, limit=MOST_NAMED)
            found.append(NotReady(vault, count, tuple(entry.document for entry in named)))
    return found
