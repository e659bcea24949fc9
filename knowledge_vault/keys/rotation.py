"""Replace a vault's key: a new one seals its labels, its search secrets and, one batch after the other, its data keys.

Documents are not touched. Until the last data key is sealed anew the key before is kept, sealed by the new one, so
that every document opens at every moment and a crash at any point is gone on from.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.errors import SealBroken
from knowledge_vault.keys.keyring import VaultKeyring, VaultKeys, new_vault_key, secrets_sealed_by
from knowledge_vault.keys.tree import VaultKey, grant_context, vault_key_context
from knowledge_vault.ports import Database
from knowledge_vault.tables import document_keys, documents, vault_grants, vault_wraps, vaults
from knowledge_vault.values import DocumentId, OwnerMode, TenantId, VaultId

_BATCH = 500
Progress = Callable[[int, int], None]
"""How many are done, and how many there are."""


class VaultKeyRotation:
    def __init__(self, database: Database, keyring: VaultKeyring) -> None:
        self._database = database
        self._keyring = keyring

    async def run(self, tenant: TenantId, vault: VaultId, progress: Progress) -> None:
        """Replace the key; one that was begun and not finished is finished first.

        Raises:
            VaultLocked: only an open vault can be given another key.
        """
        await self.finish(tenant, vault, progress)
        async with self._database.writing() as connection:
            keys = await self._keyring.open_in(connection, tenant, vault)
            await begin(connection, keys, self._keyring)
        self._keyring.forget(vault)
        await self.finish(tenant, vault, progress)

    async def finish(self, tenant: TenantId, vault: VaultId, progress: Progress) -> None:
        """Go on with a replacement under way; nothing when there is none."""
        async with self._database.reading() as connection:
            keys = await self._keyring.open_in(connection, tenant, vault)
        if keys.previous is None:
            return
        done, total = 0, await self._remaining(keys)
        while True:
            async with self._database.writing() as connection:
                count = await self._reseal_some(connection, keys)
                if count == 0:
                    await connection.execute(
                        update(vaults)
                        .where(vaults.c.id == vault)
                        .values(previous_key_version=None, sealed_previous_key=None)
                    )
                    break
            done += count
            progress(done, max(done, total))
        self._keyring.retire(keys.previous)

    async def remaining(self, tenant: TenantId, vault: VaultId) -> int | None:
        """Data keys that the key before still seals; None when nothing is under way."""
        async with self._database.reading() as connection:
            row = (
                await connection.execute(
                    select(vaults.c.previous_key_version).where(
                        vaults.c.id == vault, vaults.c.tenant_id == tenant
                    )
                )
            ).first()
            if row is None or row[0] is None:
                return None
            return await _count_sealed_by(connection, vault, row[0])

    async def _remaining(self, keys: VaultKeys) -> int:
        assert keys.previous is not None
        async with self._database.reading() as connection:
            return await _count_sealed_by(connection, keys.vault_key.vault, keys.previous.version)

    async def _reseal_some(self, connection: AsyncConnection, keys: VaultKeys) -> int:
        before, after = keys.previous, keys.vault_key
        assert before is not None
        rows = (
            await connection.execute(
                select(document_keys)
                .join(documents, documents.c.id == document_keys.c.document_id)
                .where(documents.c.vault_id == after.vault, document_keys.c.key_version == before.version)
                .limit(_BATCH)
            )
        ).all()
        sealed = await asyncio.to_thread(_reseal, rows, before, after)
        for row, key in zip(rows, sealed, strict=True):
            await connection.execute(
                update(document_keys)
                .where(document_keys.c.document_id == row.document_id, document_keys.c.version == row.version)
                .values(sealed_key=key, key_version=after.version)
            )
        return len(rows)


async def begin(
    connection: AsyncConnection, keys: VaultKeys, keyring: VaultKeyring, **facts: object
) -> VaultKey:
    """Put a new key in force inside the caller's `writing()` block; `finish` does the rest.

    Owners' wraps and a grant follow without anybody typing anything: they are sealed to public halves.
    `facts`: columns of the vault to change with it, such as the mode.
    """
    before = keys.vault_key
    assert keys.previous is None
    after = new_vault_key(before.tenant, before.vault, before.version + 1)
    row = (await connection.execute(select(vaults).where(vaults.c.id == before.vault))).one()
    is_held_by_server = facts.get("mode", row.mode) == OwnerMode.ALWAYS
    context = vault_key_context(after.tenant, after.vault, after.version)
    await connection.execute(
        update(vaults)
        .where(vaults.c.id == after.vault)
        .values(
            key_version=after.version,
            sealed_key=keyring.root_key.seal(after.secret, context) if is_held_by_server else b"",
            previous_key_version=before.version,
            sealed_previous_key=after.seal_secret(before.secret, "previous-key", before.version),
            sealed_labels=after.seal_labels(before.open_labels(row.sealed_labels)),
            **secrets_sealed_by(keys, after),
            **facts,
        )
    )
    for wrap in (
        await connection.execute(select(vault_wraps).where(vault_wraps.c.vault_id == after.vault))
    ).all():
        recipient = before.open_secret(wrap.sealed_recipient, f"recipient-{wrap.kind}", 1)
        await connection.execute(
            update(vault_wraps)
            .where(vault_wraps.c.vault_id == after.vault, vault_wraps.c.kind == wrap.kind)
            .values(**wrap_facts(after, wrap.kind, recipient))
        )
    grant = (
        await connection.execute(select(vault_grants).where(vault_grants.c.vault_id == after.vault))
    ).first()
    if grant is not None:
        sealed = keyring.root_key.seal(
            after.secret, grant_context(after.tenant, after.vault, after.version, grant.expires_at)
        )
        await connection.execute(
            update(vault_grants).where(vault_grants.c.vault_id == after.vault).values(sealed=sealed)
        )
    keyring.replace_unlocked(after)
    return after


def wrap_facts(key: VaultKey, kind: str, recipient: bytes) -> dict[str, bytes]:
    """A vault key sealed to the holder of a passphrase or code, whose public half nobody else can replace."""
    return {
        "sealed_recipient": key.seal_secret(recipient, f"recipient-{kind}", 1),
        "sealed": crypto.seal_to(recipient, key.secret, wrap_context(key, kind)),
    }


def wrap_context(key: VaultKey, kind: str) -> crypto.Context:
    return ("vault-wrap", kind, key.tenant, key.vault, key.version)


async def forget_wraps(connection: AsyncConnection, vault: VaultId) -> None:
    for table in (vault_wraps, vault_grants):
        await connection.execute(delete(table).where(table.c.vault_id == vault))


async def _count_sealed_by(connection: AsyncConnection, vault: VaultId, version: int) -> int:
    count = await connection.scalar(
        select(func.count())
        .select_from(document_keys)
        .join(documents, documents.c.id == document_keys.c.document_id)
        .where(documents.c.vault_id == vault, document_keys.c.key_version == version)
    )
    return int(count or 0)


def _reseal(rows: Sequence[Row[tuple[Any, ...]]], before: VaultKey, after: VaultKey) -> list[bytes]:
    sealed = []
    for row in rows:
        place = DocumentId(row.document_id), row.version
        try:
            sealed.append(after.seal_data_key(before.open_data_key(row.sealed_key, *place), *place))
        except SealBroken:
            sealed.append(row.sealed_key)  # damaged before: it stays so, and stops no other
    return sealed
