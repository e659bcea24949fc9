"""Everything that the root key seals, in one place, so that a new root key misses none of it."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.keys.tenants import tenant_key_context
from knowledge_vault.keys.tree import RootKey, search_secret_context, vault_key_context
from knowledge_vault.tables import tenant_keys, vaults
from knowledge_vault.values import TenantId, VaultId


async def reseal_all(connection: AsyncConnection, before: RootKey, after: RootKey) -> int:
    """Open each with one root key and seal it with the other, inside the caller's transaction; how many there were.

    Raises:
        SealBroken: one of them is damaged. Nothing may be committed then.
    """
    count = 0
    for row in (await connection.execute(select(tenant_keys))).all():
        context = tenant_key_context(TenantId(row.tenant_id))
        await connection.execute(
            update(tenant_keys)
            .where(tenant_keys.c.tenant_id == row.tenant_id)
            .values(sealed_key=after.seal(before.open(row.sealed_key, context), context))
        )
        count += 1
    for row in (await connection.execute(select(vaults))).all():
        place = TenantId(row.tenant_id), VaultId(row.id)
        key_context = vault_key_context(*place, row.key_version)
        search_context = search_secret_context(*place, row.search_version)
        await connection.execute(
            update(vaults)
            .where(vaults.c.id == row.id)
            .values(
                sealed_key=after.seal(before.open(row.sealed_key, key_context), key_context),
                sealed_search_secret=after.seal(
                    before.open(row.sealed_search_secret, search_context), search_context
                ),
            )
        )
        count += 2
    return count
