"""Everything that the root key seals, in one place, so that a new root key misses none of it."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.keys.tenants import tenant_key_context
from knowledge_vault.keys.tree import (
    RootKey,
    grant_context,
    search_secret_context,
    vault_key_context,
)
from knowledge_vault.tables import tenant_keys, vault_grants, vaults
from knowledge_vault.values import OwnerMode, TenantId, VaultId


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
        facts: dict[str, bytes] = {}
        if row.mode == OwnerMode.ALWAYS:
            context = vault_key_context(*place, row.key_version)
            facts["sealed_key"] = after.seal(before.open(row.sealed_key, context), context)
        if not row.secrets_by_vault_key:
            context = search_secret_context(*place, row.search_version)
            facts["sealed_search_secret"] = after.seal(
                before.open(row.sealed_search_secret, context), context
            )
        if facts:
            await connection.execute(update(vaults).where(vaults.c.id == row.id).values(**facts))
        count += len(facts)
    grants = select(vault_grants, vaults.c.tenant_id, vaults.c.key_version).join(
        vaults, vaults.c.id == vault_grants.c.vault_id
    )
    for row in (await connection.execute(grants)).all():
        context = grant_context(
            TenantId(row.tenant_id), VaultId(row.vault_id), row.key_version, row.expires_at
        )
        await connection.execute(
            update(vault_grants)
            .where(vault_grants.c.vault_id == row.vault_id)
            .values(sealed=after.seal(before.open(row.sealed, context), context))
        )
        count += 1
    return count
