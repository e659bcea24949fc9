"""Put a document away whose sealed bytes were altered: it is marked as failed in plain words, and found no more.

Nothing else is affected: what does not open is never shown, and what does open is authentic.
"""

import logging
from collections.abc import Awaitable, Callable

from knowledge_vault import statistics
from knowledge_vault.documents import Documents
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.passages import Passages, passage_id
from knowledge_vault.ports import Database
from knowledge_vault.values import DocumentId, TenantId, VaultId
from knowledge_vault.vaults import Vaults

log = logging.getLogger("qanat.vault")


class Quarantine:
    def __init__(
        self,
        database: Database,
        vaults: Vaults,
        documents: Documents,
        passages: Passages,
        index: VaultIndex,
        *,
        index_anew: Callable[[TenantId, VaultId], Awaitable[None]],
    ) -> None:
        """`index_anew`: begins to build a vault's index and word counts again, for those of lost chunks are unknown."""
        self._database = database
        self._vaults = vaults
        self._documents = documents
        self._passages = passages
        self._index = index
        self._index_anew = index_anew

    async def put_away(self, tenant: TenantId, document: DocumentId) -> None:
        """Mark the document as failed and take it out of the index; harmless when that is done, or it is gone."""
        entry = await self._documents.find(tenant, document)
        if entry is None:
            return
        found, unreadable = await self._passages.readable(entry)
        vault = entry.document.vault_id
        async with self._database.writing() as connection:
            keys = (await self._vaults.keys_in(connection, tenant, vault)).search
            was_active = await self._documents.put_away(connection, entry)
            if was_active:
                await statistics.count_out(connection, keys, found)
        if not was_active:
            return
        log.error("document.damaged document=%s", document)
        count = max(entry.document.chunk_count, len(found) + unreadable)
        version = entry.document.version
        await self._index.remove(keys, [passage_id(document, version, number) for number in range(count)])
        if unreadable:
            await self._index_anew(tenant, vault)
