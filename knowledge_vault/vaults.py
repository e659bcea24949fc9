"""Vaults as rows: create, name, count and shred them, and open the keys that everything in them hangs on."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, cast, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.errors import NotFound, SealBroken, VaultLocked
from knowledge_vault.index.scramble import shard_of
from knowledge_vault.keys.keyring import VaultKeyring, VaultKeys, VaultRow, new_vault_key, vault_rows
from knowledge_vault.keys.tree import VaultKey, vault_key_context
from knowledge_vault.moments import at, microseconds
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import documents, vault_grants, vaults
from knowledge_vault.values import (
    ChunkSizes,
    OwnerMode,
    Protection,
    Reindexing,
    Stage,
    Stats,
    TenantId,
    Vault,
    VaultId,
)


class Vaults:
    def __init__(self, database: Database, keyring: VaultKeyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    async def create(self, tenant: TenantId, *, name: str, description: str, protection: Protection) -> Vault:
        vault = VaultId(uuid4().hex)
        key = new_vault_key(tenant, vault, 1)
        root_key = self._keyring.root_key
        async with self._database.writing() as connection:
            await connection.execute(
                insert(vaults).values(
                    id=vault,
                    tenant_id=tenant,
                    created_at=microseconds(self._clock.now()),
                    key_version=1,
                    sealed_key=root_key.seal(key.secret, vault_key_context(tenant, vault, 1)),
                    search_version=1,
                    sealed_search_secret=key.seal_secret(crypto.new_secret(), "search-secret", 1),
                    secrets_by_vault_key=True,
                    mode=OwnerMode.ALWAYS,
                    protection=protection,
                    sealed_labels=key.seal_labels(_labels(name, description, ChunkSizes())),
                )
            )
        return await self.get(tenant, vault)

    async def list(self, tenant: TenantId) -> Sequence[Vault]:
        return await self._select(tenant, None)

    async def get(self, tenant: TenantId, vault: VaultId) -> Vault:
        found = await self._select(tenant, vault)
        if not found:
            raise NotFound("vault", vault)
        return found[0]

    async def update(
        self,
        tenant: TenantId,
        vault: VaultId,
        *,
        name: str | None,
        description: str | None,
        chunking: ChunkSizes | None = None,
    ) -> Vault:
        before = await self.get(tenant, vault)
        labels = _labels(
            before.name if name is None else name,
            before.description if description is None else description,
            before.chunking if chunking is None else chunking,
        )
        async with self._database.writing() as connection:
            key = (await self._keyring.open_in(connection, tenant, vault)).vault_key
            await connection.execute(
                update(vaults)
                .where(vaults.c.id == vault, vaults.c.tenant_id == tenant)
                .values(sealed_labels=key.seal_labels(labels))
            )
        return await self.get(tenant, vault)

    async def delete(self, tenant: TenantId, vault: VaultId) -> None:
        """Destroy the vault's keys and rows, and with them those of its documents."""
        async with self._database.writing() as connection:
            result = await connection.execute(
                delete(vaults).where(vaults.c.id == vault, vaults.c.tenant_id == tenant)
            )
        self._keyring.lock(vault)
        if result.rowcount == 0:
            raise NotFound("vault", vault)

    async def keys(self, tenant: TenantId, vault: VaultId) -> VaultKeys:
        """Raises:
        NotFound: the vault is not this tenant's.
        VaultLocked: its owner holds the key and has not opened it.
        """
        return await self._keyring.keys(tenant, vault)

    async def keys_in(self, connection: AsyncConnection, tenant: TenantId, vault: VaultId) -> VaultKeys:
        """As `keys`, and what a `writing()` block must seal with: no rotation comes in between."""
        return await self._keyring.open_in(connection, tenant, vault)

    async def key_of_version(self, tenant: TenantId, vault: VaultId, version: int) -> VaultKey:
        """As `VaultKeyring.of_version`."""
        return await self._keyring.of_version(tenant, vault, version)

    async def check_labels(self, tenant: TenantId, vault: VaultId, keys: VaultKeys) -> None:
        """Raises SealBroken when the vault's name does not open."""
        async with self._database.reading() as connection:
            query = select(vaults.c.sealed_labels).where(vaults.c.id == vault, vaults.c.tenant_id == tenant)
            keys.vault_key.open_labels((await connection.execute(query)).scalar_one())

    async def check_exists(self, tenant: TenantId, vault: VaultId) -> None:
        """Raises NotFound; needs no key, so that a locked vault can be listed and deleted."""
        async with self._database.reading() as connection:
            query = select(vaults.c.id).where(vaults.c.id == vault, vaults.c.tenant_id == tenant)
            if (await connection.execute(query)).first() is None:
                raise NotFound("vault", vault)

    async def all_ids(self) -> Sequence[tuple[TenantId, VaultId]]:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(vaults.c.tenant_id, vaults.c.id))
        return [(TenantId(tenant), VaultId(vault)) for tenant, vault in rows]

    async def shards(self, vault: VaultId | None = None) -> set[VaultId]:
        """What the index should hold, of one vault or of all, the locked ones too."""
        query = select(vaults.c.id, vaults.c.search_version, vaults.c.next_search_version)
        if vault is not None:
            query = query.where(vaults.c.id == vault)
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
        return {
            shard_of(VaultId(each), version)
            for each, *versions in rows
            for version in versions
            if version is not None
        }

    async def active_chunks(self, vault: VaultId) -> int:
        """How many chunks of it can be found."""
        async with self._database.reading() as connection:
            query = select(func.sum(documents.c.chunk_count)).where(
                documents.c.vault_id == vault, documents.c.stage == Stage.ACTIVE
            )
            return int(await connection.scalar(query) or 0)

    async def stats(self) -> Stats:
        async with self._database.reading() as connection:
            vault_count = await connection.scalar(select(func.count()).select_from(vaults))
            rows = await connection.execute(
                select(documents.c.stage, func.count(), func.sum(documents.c.chunk_count)).group_by(
                    documents.c.stage
                )
            )
            by_stage = {stage: (count, chunks) for stage, count, chunks in rows}
        active = by_stage.get(Stage.ACTIVE, (0, 0))
        total = sum(count for count, _ in by_stage.values())
        return Stats(
            vaults=vault_count or 0, documents=total, chunks=active[1] or 0, not_ready=total - active[0]
        )

    async def _select(self, tenant: TenantId, vault: VaultId | None) -> Sequence[Vault]:
        is_active = documents.c.stage == Stage.ACTIVE
        counts = (
            func.count(documents.c.id).label("document_count"),
            func.coalesce(func.sum(documents.c.chunk_count).filter(is_active), 0).label("chunk_count"),
            cast(func.coalesce(func.sum(documents.c.size_bytes), 0), BigInteger).label("size_bytes"),
            func.count(documents.c.id).filter(~is_active).label("not_ready_count"),
        )
        query = (
            vault_rows()
            .add_columns(*counts)
            .outerjoin(documents, documents.c.vault_id == vaults.c.id)
            .where(vaults.c.tenant_id == tenant)
            .group_by(vaults.c.id, vault_grants.c.vault_id)
            .order_by(vaults.c.created_at, vaults.c.id)
        )
        if vault is not None:
            query = query.where(vaults.c.id == vault)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [self._vault(row) for row in rows]

    def _vault(self, row: VaultRow) -> Vault:
        mode = OwnerMode(row.mode)
        if mode is OwnerMode.SESSION and row.grant_sealed is not None:
            mode = OwnerMode.GRANT
        labels: dict[str, Any] = {"name": f"Locked vault {row.id[:4]}", "description": ""}
        is_locked = False
        try:
            labels = json.loads(self._keyring.open(row).vault_key.open_labels(row.sealed_labels))
        except VaultLocked:
            is_locked = True
        except SealBroken:
            labels = {"name": f"Damaged vault {row.id[:4]}", "description": _DAMAGED}
        return Vault(
            id=VaultId(row.id),
            name=labels["name"],
            description=labels["description"],
            created_at=at(row.created_at),
            document_count=row.document_count,
            chunk_count=row.chunk_count,
            size_bytes=row.size_bytes,
            not_ready_count=row.not_ready_count,
            protection=Protection(row.protection),
            reindexing=None
            if row.next_search_version is None
            else Reindexing(Protection(row.next_protection or row.protection), 0.0),
            mode=mode,
            is_locked=is_locked,
            open_until=None if is_locked else self._keyring.open_until(row),
            chunking=ChunkSizes(**labels.get("chunking", {})),
        )


_DAMAGED = (
    "This vault's keys or name were altered on the disk, and it does not open. Restore the database from a backup, "
    "or delete the vault; your other vaults are not affected."
)


def _labels(name: str, description: str, chunking: ChunkSizes) -> bytes:
    labels = {"name": name, "description": description, "chunking": asdict(chunking)}
    return json.dumps(labels, ensure_ascii=False).encode()
