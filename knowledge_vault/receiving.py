"""Receive files: for new documents, in place of what documents hold, and what they hold once more to be cut anew.

A file is sealed and on the disk before its row is written; when the row cannot be written, the file goes again.
"""

import dataclasses
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from knowledge_vault.arriving import digest_anew, seal_arriving
from knowledge_vault.documents import Documents, Entry, NewDocument, SearchSecretReplaced
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.ingestion import Ingestion
from knowledge_vault.keys.keyring import VaultKeys
from knowledge_vault.originals import Originals
from knowledge_vault.passages import passage_id
from knowledge_vault.ports import Database
from knowledge_vault.shredding import forget_deleted_rows
from knowledge_vault.values import ChunkSizes, DocumentId, Origin, Stage, TenantId, VaultId
from knowledge_vault.vaults import Vaults


@dataclass(frozen=True)
class Received:
    document: DocumentId
    was_there: bool
    """The vault has these very bytes already, as this document; nothing was kept."""


class Receiving:
    def __init__(
        self,
        database: Database,
        vaults: Vaults,
        documents: Documents,
        originals: Originals,
        index: VaultIndex,
        ingestion: Ingestion,
        *,
        most_bytes: int,
    ) -> None:
        """`most_bytes`: of one file."""
        self._database = database
        self._vaults = vaults
        self._documents = documents
        self._originals = originals
        self._index = index
        self._ingestion = ingestion
        self._most_bytes = most_bytes

    async def add(
        self,
        tenant_id: TenantId,
        vault_id: VaultId,
        *,
        name: str,
        content: AsyncIterable[bytes],
        origin: Origin | None = None,
    ) -> Received:
        """See `KnowledgeVault.add_document`."""
        keys = await self._vaults.keys(tenant_id, vault_id)
        new = await seal_arriving(
            keys,
            self._originals,
            content,
            document=DocumentId(uuid4().hex),
            version=1,
            name=name,
            most_bytes=self._most_bytes,
        )
        new = dataclasses.replace(new, origin=origin)
        async with self._kept_if_new(new):
            twin = await self._record(keys, new, lambda each: self._documents.add(tenant_id, vault_id, each))
        if twin is not None:
            await self._originals.delete(new.original)
        return Received(twin or new.id, was_there=twin is not None)

    async def replace(
        self,
        tenant_id: TenantId,
        document_id: DocumentId,
        content: AsyncIterable[bytes],
        *,
        name: str | None = None,
        origin: Origin | None = None,
        may_be_the_same: bool = False,
    ) -> Received:
        """See `KnowledgeVault.replace_document`. `may_be_the_same`: only to be cut anew."""
        present = await self._documents.get(tenant_id, document_id)
        earlier = await self._documents.find_replacement(tenant_id, document_id)
        keys = await self._vaults.keys(tenant_id, present.document.vault_id)
        new = await seal_arriving(
            keys,
            self._originals,
            content,
            document=document_id,
            version=1 + max(entry.document.version for entry in (present, earlier) if entry is not None),
            name=name or present.document.name,
            most_bytes=self._most_bytes,
        )
        new = dataclasses.replace(new, origin=origin)
        dismissed: list[Entry] = []

        async def add(each: NewDocument) -> DocumentId | None:
            twin, gone = await self._documents.add_replacement(
                tenant_id, present, each, may_be_the_same=may_be_the_same
            )
            dismissed.extend(gone)
            return twin

        async with self._kept_if_new(new):
            twin = await self._record(keys, new, add)
        for entry in dismissed:
            await self._clean_up_after(tenant_id, entry)
        if twin is not None:
            await self._originals.delete(new.original)
        return Received(twin or document_id, was_there=twin is not None)

    async def cut_anew(self, tenant_id: TenantId, document_id: DocumentId) -> bool:
        """See `KnowledgeVault.cut_anew`."""
        entry = await self._documents.get(tenant_id, document_id)
        if entry.document.stage is not Stage.ACTIVE:
            return False
        if await self._documents.find_replacement(tenant_id, document_id) is not None:
            return False
        wanted = (await self._vaults.get(tenant_id, entry.document.vault_id)).chunking
        if ((await self._ingestion.text(entry)).sizes or ChunkSizes()) == wanted:
            return False
        content = self._originals.stream(entry.original, entry.data_key)
        origin = await self._documents.origin(entry)
        received = await self.replace(tenant_id, document_id, content, origin=origin, may_be_the_same=True)
        return not received.was_there

    async def dismiss_replacement(self, tenant_id: TenantId, document_id: DocumentId) -> None:
        """Stop and forget what was to replace a document; harmless when there is nothing."""
        await self._documents.get(tenant_id, document_id)
        entry = await self._documents.find_replacement(tenant_id, document_id)
        if entry is not None:
            async with self._database.writing() as connection:
                await self._documents.dismiss_replacement(connection, entry)
            await self._clean_up_after(tenant_id, entry)

    async def _clean_up_after(self, tenant_id: TenantId, dismissed: Entry) -> None:
        """What lies outside of the database, of a replacement whose rows are gone."""
        document = dismissed.document
        keys = (await self._vaults.keys(tenant_id, document.vault_id)).search
        await forget_deleted_rows(self._database)
        self._ingestion.stop_reading(dismissed)
        await self._originals.delete(dismissed.original)
        await self._index.remove(
            keys,
            [passage_id(document.id, document.version, number) for number in range(document.chunk_count)],
        )

    @asynccontextmanager
    async def _kept_if_new(self, new: NewDocument) -> AsyncIterator[None]:
        """Delete the sealed file again when recording it fails."""
        try:
            yield
        except BaseException:
            await self._originals.delete(new.original)
            raise

    async def _record(
        self, keys: VaultKeys, new: NewDocument, add: Callable[[NewDocument], Awaitable[DocumentId | None]]
    ) -> DocumentId | None:
        while True:
            try:
                return await add(new)
            except SearchSecretReplaced:  # while the file was arriving
                keys = await self._vaults.keys(keys.vault_key.tenant, keys.vault_key.vault)
                new = await digest_anew(new, keys, self._originals)
