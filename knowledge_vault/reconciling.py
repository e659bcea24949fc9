"""Make the index and the folder of originals agree with SQL, both ways. SQL and the sealed chunks are the truth."""

import logging

from knowledge_vault.documents import Documents
from knowledge_vault.errors import SealBroken, VaultLocked, VaultUnavailable
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.ingestion import Ingestion
from knowledge_vault.originals import Originals
from knowledge_vault.passages import Passages
from knowledge_vault.values import PassageId, Protection, TenantId, VaultId
from knowledge_vault.vaults import Vaults

log = logging.getLogger("qanat.vault")

_BATCH = 256


class Reconciler:
    def __init__(
        self,
        vaults: Vaults,
        documents: Documents,
        passages: Passages,
        originals: Originals,
        index: VaultIndex,
        ingestion: Ingestion,
    ) -> None:
        self._vaults = vaults
        self._documents = documents
        self._passages = passages
        self._originals = originals
        self._index = index
        self._ingestion = ingestion

    async def run(self) -> None:
        """Only while nothing is added: what no row knows is removed."""
        await self._originals.keep_only(await self._documents.originals())
        for shard in await self._index.shards() - await self._vaults.shards():
            await self._index.drop(shard)
        for tenant, vault in await self._vaults.all_ids():
            try:
                await self.repair(tenant, vault)
            except VaultLocked:
                pass  # done when its owner unlocks it
            except SealBroken:
                log.exception("vault.damaged vault=%s", vault)  # no reason to keep the others closed

    async def repair(self, tenant: TenantId, vault: VaultId) -> None:
        """Add what one vault's index lacks and remove what it should not have."""
        keys = (await self._vaults.keys(tenant, vault)).search
        if keys.protection is Protection.SEALED:
            return  # it follows SQL whenever it is searched
        try:
            indexed = await self._index.ids(keys)
        except VaultUnavailable:
            log.warning("index.rebuilt vault=%s", vault)
            await self._index.drop(keys.shard)
            indexed = set()
        wanted = await self._passages.active_ids(tenant, vault)
        if surplus := indexed - wanted:
            log.info("index.repaired vault=%s removed=%d", vault, len(surplus))
            await self._index.remove(keys, surplus)
        missing: list[PassageId] = sorted(wanted - indexed)
        if missing:
            log.info("index.repaired vault=%s added=%d", vault, len(missing))
        for start in range(0, len(missing), _BATCH):
            found = await self._passages.active(tenant, missing[start : start + _BATCH])
            await self._ingestion.add_to_index(keys, found)
