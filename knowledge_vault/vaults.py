"""Vaults as rows: create, name, count and shred them, and open the keys that everything in them hangs on."""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Row, delete, func, insert, select, update

from knowledge_vault import crypto
from knowledge_vault.errors import NotFound
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.keys.tree import RootKey, VaultKey, search_secret_context, vault_key_context
from knowledge_vault.moments import at, microseconds
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import documents, vaults
from knowledge_vault.values import Stage, Stats, TenantId, Vault, VaultId

_MOST_KEYS = 256


@dataclass(frozen=True, repr=False)
class VaultKeys:
    """A vault's keys, open in memory."""

    vault_key: VaultKey
    search: SearchKeys


class Vaults:
    def __init__(self, database: Database, root_key: RootKey, clock: Clock, *, dimension: int) -> None:
        self._database = database
        self._root_key = root_key
        self._clock = clock
        self._dimension = dimension
        self._keys: OrderedDict[tuple[TenantId, VaultId], VaultKeys] = OrderedDict()

    async def create(self, tenant: TenantId, *, name: str, description: str) -> Vault:
        vault = VaultId(uuid4().hex)
        secret, search_secret = crypto.new_secret(), crypto.new_secret()
        key = VaultKey(secret, tenant, vault, 1)
        async with self._database.writing() as connection:
            await connection.execute(
                insert(vaults).values(
                    id=vault,
                    tenant_id=tenant,
                    created_at=microseconds(self._clock.now()),
                    key_version=1,
                    sealed_key=self._root_key.seal(secret, vault_key_context(tenant, vault, 1)),
                    search_version=1,
                    sealed_search_secret=self._root_key.seal(
                        search_secret, search_secret_context(tenant, vault, 1)
                    ),
                    sealed_labels=key.seal_labels(_labels(name, description)),
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
        self, tenant: TenantId, vault: VaultId, *, name: str | None, description: str | None
    ) -> Vault:
        before = await self.get(tenant, vault)
        key = (await self.keys(tenant, vault)).vault_key
        labels = _labels(
            before.name if name is None else name,
            before.description if description is None else description,
        )
        async with self._database.writing() as connection:
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
        self._keys.pop((tenant, vault), None)
        if result.rowcount == 0:
            raise NotFound("vault", vault)

    async def keys(self, tenant: TenantId, vault: VaultId) -> VaultKeys:
        """Raises:
        NotFound: the vault is not this tenant's.
        """
        place = (tenant, vault)
        if place not in self._keys:
            async with self._database.reading() as connection:
                row = (
                    await connection.execute(
                        select(vaults).where(vaults.c.id == vault, vaults.c.tenant_id == tenant)
                    )
                ).first()
            if row is None:
                raise NotFound("vault", vault)
            self._keys[place] = self._open(row)
            if len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)
        self._keys.move_to_end(place)
        return self._keys[place]

    async def all_ids(self) -> Sequence[tuple[TenantId, VaultId]]:
        async with self._database.reading() as connection:
            rows = await connection.execute(select(vaults.c.tenant_id, vaults.c.id))
        return [(TenantId(tenant), VaultId(vault)) for tenant, vault in rows]

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
            func.coalesce(func.sum(documents.c.size_bytes), 0).label("size_bytes"),
            func.count(documents.c.id).filter(~is_active).label("not_ready_count"),
        )
        query = (
            select(vaults, *counts)
            .outerjoin(documents, documents.c.vault_id == vaults.c.id)
            .where(vaults.c.tenant_id == tenant)
            .group_by(vaults.c.id)
            .order_by(vaults.c.created_at, vaults.c.id)
        )
        if vault is not None:
            query = query.where(vaults.c.id == vault)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [self._vault(row) for row in rows]

    def _vault(self, row: Row[tuple[object, ...]]) -> Vault:
        labels = json.loads(self._open(row).vault_key.open_labels(row.sealed_labels))
        return Vault(
            id=VaultId(row.id),
            name=labels["name"],
            description=labels["description"],
            created_at=at(row.created_at),
            document_count=row.document_count,
            chunk_count=row.chunk_count,
            size_bytes=row.size_bytes,
            not_ready_count=row.not_ready_count,
        )

    def _open(self, row: Row[tuple[object, ...]]) -> VaultKeys:
        tenant, vault = TenantId(row.tenant_id), VaultId(row.id)
        secret = self._root_key.open(row.sealed_key, vault_key_context(tenant, vault, row.key_version))
        search_secret = self._root_key.open(
            row.sealed_search_secret, search_secret_context(tenant, vault, row.search_version)
        )
        return VaultKeys(
            VaultKey(secret, tenant, vault, row.key_version),
            SearchKeys(search_secret, tenant=tenant, vault=vault, dimension=self._dimension),
        )


def _labels(name: str, description: str) -> bytes:
    return json.dumps({"name": name, "description": description}, ensure_ascii=False).encode()
