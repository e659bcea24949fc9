"""The vault's one door for the rest of the product: documents in, passages out, nothing readable in between.

Every method takes the tenant and answers `NotFound` for what is not that tenant's, as if it never was.
It decides nothing about licenses and knows no HTTP.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge_vault import statistics
from knowledge_vault.custody import Custody, Replacing
from knowledge_vault.disk import is_disk_full
from knowledge_vault.documents import Documents, Entry
from knowledge_vault.errors import (
    DiskFull,
    DocumentDamaged,
    NotFound,
    SealBroken,
    VaultError,
    VaultLocked,
    VaultUnavailable,
)
from knowledge_vault.filtering import matching, plain, set_tags
from knowledge_vault.index.edge import EdgeEngine
from knowledge_vault.index.engine import Engine
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.ingestion import Ingestion
from knowledge_vault.intake import intake
from knowledge_vault.keys import RootKey
from knowledge_vault.keys.keyring import VaultKeyring
from knowledge_vault.keys.owner import OwnerModes
from knowledge_vault.keys.rotation import VaultKeyRotation
from knowledge_vault.listing import contents, page, under_way
from knowledge_vault.not_ready import not_ready
from knowledge_vault.originals import Originals
from knowledge_vault.parsing.parsed import Parser
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.passages import Passages
from knowledge_vault.ports import Clock, Database, Embedder
from knowledge_vault.quarantine import Quarantine
from knowledge_vault.receiving import Received, Receiving
from knowledge_vault.reconciling import Reconciler
from knowledge_vault.reranking import RerankingStep
from knowledge_vault.scrubbing import Scrubbed, Scrubber
from knowledge_vault.sealed_index import SealedIndex
from knowledge_vault.search import OVERFETCH, Searcher, as_passage
from knowledge_vault.search_rotation import SearchRotation
from knowledge_vault.shredding import forget_deleted_rows
from knowledge_vault.values import (
    Added,
    Chunk,
    ChunkSizes,
    Contents,
    Document,
    DocumentId,
    DocumentPage,
    DocumentText,
    Filters,
    Intake,
    Limits,
    Listing,
    Origin,
    Passage,
    PassageId,
    Period,
    Protection,
    Reindexing,
    SealedLimits,
    SearchResult,
    Stage,
    Stats,
    TenantId,
    Vault,
    VaultId,
)
from knowledge_vault.vaults import Vaults
from knowledge_vault.web_sources import WebSources

log = logging.getLogger("qanat.vault")

NO_FILTERS = Filters()


class KnowledgeVault:
    """All vaults of one data folder."""

    def __init__(
        self,
        database: Database,
        *,
        data_dir: Path,
        root_key: RootKey,
        clock: Clock,
        embedder: Embedder,
        limits: Limits | None = None,
        engine: Engine | None = None,
        parser: Parser | None = None,
        sealed_limits: SealedLimits | None = None,
        whole_up_to: int = OVERFETCH,
        reranking: RerankingStep | None = None,
    ) -> None:
        """`data_dir` gets `originals/` and `index/`, both mode 0700. The tables must exist before `start`.

        Without an `engine` the index is in that folder; `parser` is the product's own unless a test brings another.
        `whole_up_to`: vaults of no more chunks than this are compared as a whole, without asking their index.
        """
        os.umask(0o077)  # the index engine makes its files readable for all otherwise
        self._database = database
        self._limits = limits or Limits()
        self._embedder = embedder
        self._reranks = reranking is not None
        self._parser = parser or ParserProcess()
        self._originals = Originals(data_dir / "originals")
        keyring = VaultKeyring(database, root_key, clock, dimension=embedder.dimension)
        self._vaults = Vaults(database, keyring, clock)
        self._documents = Documents(database, self._vaults, clock)
        keyring.when_forgotten(self._documents.forget)
        self._passages = Passages(database, self._documents)
        self._sealed = SealedIndex(database, self._documents, self._passages, sealed_limits or SealedLimits())
        keyring.when_forgotten(self._sealed.close_vault)
        self._index = VaultIndex(
            engine or EdgeEngine(data_dir / "index", dimension=embedder.dimension), self._sealed
        )
        self._ingestion = Ingestion(
            database,
            self._vaults,
            self._documents,
            self._passages,
            self._originals,
            self._index,
            self._sealed,
            parser=self._parser,
            embedder=embedder,
            limits=self._limits,
        )
        self._reconciler = Reconciler(
            self._vaults, self._documents, self._passages, self._originals, self._index, self._ingestion
        )
        self._receiving = Receiving(
            database,
            self._vaults,
            self._documents,
            self._originals,
            self._index,
            self._ingestion,
            most_bytes=self._limits.file_bytes,
        )
        self._searcher = Searcher(
            database,
            self._vaults,
            self._passages,
            self._index,
            self._sealed,
            self._reconciler,
            embedder,
            whole_up_to=whole_up_to,
            reranking=reranking,
        )

        key_rotation = VaultKeyRotation(database, keyring)
        self.custody = Custody(
            database,
            keyring,
            OwnerModes(database, keyring, clock, key_rotation),
            key_rotation,
            SearchRotation(
                database,
                keyring,
                self._documents,
                self._passages,
                self._originals,
                self._index,
                self._sealed,
                self._ingestion,
            ),
            compare_index=self._reconciler.compare_soon,
            forget_deleted_rows=lambda: forget_deleted_rows(database),
        )
        """Who holds the vaults' keys, and replacing them."""
        self.web_sources = WebSources(database, clock)
        """When documents that came from the web are fetched again."""
        self._quarantine = Quarantine(
            database,
            self._vaults,
            self._documents,
            self._passages,
            self._index,
            index_anew=lambda tenant, vault: self.custody.rotate(tenant, vault, Replacing.SEARCH_SECRET),
        )
        self._scrubber = Scrubber(
            database, self._vaults, self._documents, self._passages, self._originals, self._quarantine
        )

    async def start(self) -> None:
        """Make the originals agree with SQL, and begin with the index; what was under way is the caller's to resume."""
        await self._reconciler.start()
        await self.custody.start()

    async def stop(self) -> None:
        """Close the index, end the parser's children, and forget what owners unlocked."""
        await self._reconciler.stop()
        await self.custody.stop()
        await self._parser.close()
        await self._sealed.close()
        await self._index.close()

    async def create_vault(
        self,
        tenant_id: TenantId,
        *,
        name: str,
        description: str = "",
        protection: Protection = Protection.STANDARD,
    ) -> Vault:
        return await self._vaults.create(tenant_id, name=name, description=description, protection=protection)

    async def list_vaults(self, tenant_id: TenantId) -> Sequence[Vault]:
        """All of the tenant's vaults, oldest first."""
        return [self._with_progress(vault) for vault in await self._vaults.list(tenant_id)]

    async def get_vault(self, tenant_id: TenantId, vault_id: VaultId) -> Vault:
        return self._with_progress(await self._vaults.get(tenant_id, vault_id))

    def _with_progress(self, vault: Vault) -> Vault:
        share = self.custody.reindexed_share(vault.id)
        if share is None:
            return vault
        protection = vault.reindexing.protection if vault.reindexing else vault.protection
        return replace(vault, reindexing=Reindexing(protection, share))

    async def update_vault(
        self,
        tenant_id: TenantId,
        vault_id: VaultId,
        *,
        name: str | None = None,
        description: str | None = None,
        chunking: ChunkSizes | None = None,
    ) -> Vault:
        """Change what is given, leave what is None. `cut_anew` brings documents that are there to a new `chunking`."""
        changed = await self._vaults.update(
            tenant_id, vault_id, name=name, description=description, chunking=chunking
        )
        return self._with_progress(changed)

    async def delete_vault(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        """Destroy its keys, then its documents and its index; also of a locked one."""
        await self._vaults.check_exists(tenant_id, vault_id)
        originals = await self._documents.original_names(vault_id)
        shards = await self._vaults.shards(vault_id)
        await self._vaults.delete(tenant_id, vault_id)
        await forget_deleted_rows(self._database)
        for shard in shards:
            await self._index.drop(shard)
        for original in originals:
            await self._originals.delete(original)

    async def add_document(
        self,
        tenant_id: TenantId,
        vault_id: VaultId,
        *,
        name: str,
        content: AsyncIterable[bytes],
        origin: Origin | None = None,
    ) -> Added:
        """Seal the original, fsync it, and record the document as `sealed`. Then call `parse` and `index`.

        The name may be a path: its last part is kept, and none of it is ever a path here.

        Raises:
            DocumentEmpty, DocumentTooLarge, DocumentKindUnknown: nothing was kept.
        """
        received = await self._receiving.add(tenant_id, vault_id, name=name, content=content, origin=origin)
        return await self._added(tenant_id, received)

    async def replace_document(
        self,
        tenant_id: TenantId,
        document_id: DocumentId,
        *,
        content: AsyncIterable[bytes],
        name: str | None = None,
        origin: Origin | None = None,
    ) -> Added:
        """Take new content in for a document that is there; until all of it can be found, the old one serves.

        Then `parse` and `index`. A replacement still under way gives way to this one; `name` stays when it is None.

        Raises:
            DocumentEmpty, DocumentTooLarge, DocumentKindUnknown: nothing was kept, nothing changed.
        """
        received = await self._receiving.replace(tenant_id, document_id, content, name=name, origin=origin)
        return await self._added(tenant_id, received)

    async def _added(self, tenant_id: TenantId, received: Received) -> Added:
        document = await self.get_document(tenant_id, received.document)
        return Added(document, already_there=received.was_there)

    async def cut_anew(self, tenant_id: TenantId, document_id: DocumentId) -> bool:
        """Begin to cut an active document by its vault's present sizes; the old chunks serve until the new ones do.

        Then `parse` and `index`. False, and nothing begun, where it is cut so already, is being replaced, or is not
        active.
        """
        return await self._receiving.cut_anew(tenant_id, document_id)

    async def dismiss_replacement(self, tenant_id: TenantId, document_id: DocumentId) -> Document:
        """Stop and forget what was to replace a document; harmless when there is nothing."""
        await self._receiving.dismiss_replacement(tenant_id, document_id)
        return await self.get_document(tenant_id, document_id)

    async def origin(self, tenant_id: TenantId, document_id: DocumentId) -> Origin | None:
        """Where on the web it came from: what replaces it counts before what is there. None for a file."""
        found = [
            await self._documents.origin(entry)
            for entry in await self._documents.versions(tenant_id, document_id)
        ]
        return next((each for each in reversed(found) if each is not None), None)

    async def preview_chunks(
        self, tenant_id: TenantId, document_id: DocumentId, sizes: ChunkSizes
    ) -> Sequence[Chunk]:
        """How the document would be cut by other sizes; nothing is kept.

        Raises:
            NotFound: also while it is not parsed yet.
        """
        return await self._ingestion.preview(await self._documents.get(tenant_id, document_id), sizes)

    async def follow(self, tenant_id: TenantId, document_id: DocumentId, period: Period) -> Document:
        """Fetch the page that a document came from so often from now on; what failed before is forgotten.

        Raises:
            NotFound: no such document, or it did not come from the web.
        """
        if (await self.get_document(tenant_id, document_id)).web_source is None:
            raise NotFound("web address of document", document_id)
        await self.web_sources.choose(document_id, period)
        return await self.get_document(tenant_id, document_id)

    async def note_not_fetched(self, tenant_id: TenantId, document_id: DocumentId, error: VaultError) -> None:
        """Remember that, and why, the page that a document came from could not be fetched."""
        await self.web_sources.note_failure(await self._documents.get(tenant_id, document_id), error)

    async def tag_document(
        self, tenant_id: TenantId, document_id: DocumentId, tags: Collection[str]
    ) -> Document:
        """Give it these tags and no others, each once. They are sealed; a search can be told to want some."""
        entry = await self._documents.get(tenant_id, document_id)
        keys = (await self._vaults.keys(tenant_id, entry.document.vault_id)).search
        versions = await self._documents.versions(tenant_id, document_id)
        async with self._database.writing() as connection:
            await set_tags(connection, versions or [entry], keys, plain(tags))
        return await self.get_document(tenant_id, document_id)

    async def list_documents(self, tenant_id: TenantId, vault_id: VaultId) -> Sequence[Document]:
        """Oldest first."""
        replacing = {
            entry.document.id: entry.document
            for entry in await self._documents.list_replacements(tenant_id, vault_id)
        }
        entries = await self._documents.list(tenant_id, vault_id)
        sources = await self.web_sources.of(entries)
        return [
            replace(
                entry.document,
                replacement=replacing.get(entry.document.id),
                web_source=sources.get(entry.document.id),
            )
            for entry in entries
        ]

    async def page_of_documents(
        self, tenant_id: TenantId, vault_id: VaultId, listing: Listing
    ) -> DocumentPage:
        """Newest first; opens no more than a page, unless a name is looked for."""
        keys = (await self._vaults.keys(tenant_id, vault_id)).search
        async with self._database.reading() as connection:
            return await page(
                connection, self._documents, self.web_sources, tenant_id, vault_id, keys, listing
            )

    async def contents(self, tenant_id: TenantId, vault_id: VaultId) -> Contents:
        """The tags and kinds that its documents have."""
        keys = (await self._vaults.keys(tenant_id, vault_id)).search
        async with self._database.reading() as connection:
            return await contents(connection, self._documents, tenant_id, vault_id, keys)

    async def under_way(self, tenant_id: TenantId, vault_id: VaultId) -> frozenset[DocumentId]:
        """Documents that are being taken in or replaced."""
        await self._vaults.check_exists(tenant_id, vault_id)
        async with self._database.reading() as connection:
            return await under_way(connection, tenant_id, vault_id)

    async def get_document(self, tenant_id: TenantId, document_id: DocumentId) -> Document:
        entry = await self._documents.get(tenant_id, document_id)
        new = await self._documents.find_replacement(tenant_id, document_id)
        source = (await self.web_sources.of([entry])).get(document_id)
        return replace(entry.document, replacement=new.document if new else None, web_source=source)

    async def find_open_document(self, tenant_id: TenantId, document_id: DocumentId) -> Document | None:
        """As `get_document`; None when it is gone, locked or damaged, so that it keeps no other from going on."""
        try:
            return await self.get_document(tenant_id, document_id)
        except (NotFound, VaultLocked, SealBroken):
            return None

    async def unfinished(self) -> Sequence[tuple[TenantId, DocumentId]]:
        """Documents of any tenant that are under way, or whose replacement is, oldest first: what a restart resumes."""
        return await self._documents.unfinished()

    async def parse(self, tenant_id: TenantId, document_id: DocumentId) -> None:
        """Take a `sealed` document to `parsed`, or to `failed` with its problem.

        Harmless when repeated, when the document is further on, and when it was deleted meanwhile.

        Raises:
            DiskFull: the document stays where it is; repeat when there is room.
        """
        await self._recording_failure(
            tenant_id, document_id, lambda entry: self._ingestion.parse(tenant_id, entry)
        )

    async def index(
        self,
        tenant_id: TenantId,
        document_id: DocumentId,
        *,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Take a `parsed` document through the other stages to `active`, or to `failed`; goes on where it stopped.

        Harmless when repeated, when the document is further on, and when it was deleted meanwhile.
        """
        await self._recording_failure(
            tenant_id,
            document_id,
            lambda entry: self._ingestion.index(tenant_id, entry, progress or _ignore),
        )

    async def retry(self, tenant_id: TenantId, document_id: DocumentId) -> Document:
        """Set a failed or cancelled document, or a failed replacement, back to `sealed`, its attempt one higher.

        Others are left as they are.
        """
        await self._documents.get(tenant_id, document_id)
        for entry in await self._documents.versions(tenant_id, document_id):
            await self._documents.begin_again(entry)
        return await self.get_document(tenant_id, document_id)

    async def cancel(self, tenant_id: TenantId, document_id: DocumentId) -> Document:
        """Stop taking a document in; `retry` begins again. One that has ended is left as it is."""
        await self._ingestion.cancel(await self._documents.get(tenant_id, document_id))
        return await self.get_document(tenant_id, document_id)

    async def intake(self, tenant_id: TenantId, vault_id: VaultId) -> Intake:
        """How far the vault's documents have come, and how long the rest will take."""
        await self._vaults.keys(tenant_id, vault_id)
        async with self._database.reading() as connection:
            return await intake(connection, tenant_id, vault_id, self._ingestion.pace)

    async def delete_document(self, tenant_id: TenantId, document_id: DocumentId) -> None:
        """Destroy its data key, then its original, text, chunks and points; works at any stage."""
        entry = await self._documents.get(tenant_id, document_id)
        vault_id = entry.document.vault_id
        await self.dismiss_replacement(tenant_id, document_id)
        found, unreadable = await self._passages.readable(entry)
        if unreadable:
            await self._quarantine.put_away(tenant_id, document_id)
            entry = await self._documents.get(tenant_id, document_id)
        async with self._database.writing() as connection:
            keys = (await self._vaults.keys_in(connection, tenant_id, vault_id)).search
            if await self._documents.is_at(connection, entry, Stage.ACTIVE):
                await statistics.count_out(connection, keys, found)
            await self._documents.delete(connection, entry)
        await forget_deleted_rows(self._database)
        self._ingestion.stop_reading(entry)
        await self._originals.delete(entry.original)
        await self._index.remove(keys, [item.chunk.passage_id for item in found])

    async def document_text(self, tenant_id: TenantId, document_id: DocumentId) -> DocumentText:
        """The parsed text and its pages.

        Raises:
            NotFound: also while it is not parsed yet.
        """
        entry = await self._documents.get(tenant_id, document_id)
        async with self._noticing_damage(tenant_id, entry):
            parsed = await self._ingestion.text(entry)
        return DocumentText(entry.document, parsed.text, parsed.pages)

    async def original(self, tenant_id: TenantId, document_id: DocumentId) -> AsyncIterator[bytes]:
        """The very bytes that were added, in pieces of at most 1 MiB."""
        entry = await self._documents.get(tenant_id, document_id)
        async with self._noticing_damage(tenant_id, entry):
            async for part in self._originals.stream(entry.original, entry.data_key):
                yield part

    async def chunks(self, tenant_id: TenantId, document_id: DocumentId) -> Sequence[Chunk]:
        """In the order of the text; empty while it is not embedded yet."""
        entry = await self._documents.get(tenant_id, document_id)
        async with self._noticing_damage(tenant_id, entry):
            return [item.chunk for item in await self._passages.of_document(entry)]

    def scrub(self, tenant_id: TenantId, vault_id: VaultId) -> AsyncIterator[Scrubbed]:
        """Open everything that is sealed in a vault, telling of each document, and put damaged ones away.

        Raises:
            NotFound, VaultLocked: at the first step.
        """
        return self._scrubber.run(tenant_id, vault_id)

    @asynccontextmanager
    async def _noticing_damage(self, tenant_id: TenantId, entry: Entry) -> AsyncIterator[None]:
        try:
            yield
        except SealBroken as error:
            await self._quarantine.put_away(tenant_id, entry.document.id)
            raise DocumentDamaged(entry.document.name) from error

    async def _put_damaged_away(self) -> None:
        while self._passages.damaged:
            await self._quarantine.put_away(*self._passages.damaged.pop())

    async def search(
        self,
        tenant_id: TenantId,
        vault_ids: Collection[VaultId],
        question: str,
        *,
        limit: int = 8,
        within: Collection[DocumentId] | None = None,
        filters: Filters = NO_FILTERS,
        sections: bool = False,
        rerank: bool = True,
    ) -> SearchResult:
        """The passages of active documents that bear on the question, best first.

        `within`: only these documents; None means all of the vaults, an empty collection means none.
        `filters`: which of those, by tags, kinds, names and dates.
        `sections`: bring the section around each passage along, to read; the text of each document is opened for it.
        `rerank`: put the best in the order of the reranker, where there is one.

        Raises:
            NotFound: one of the vaults is not this tenant's.
        """
        within = await self._within(tenant_id, vault_ids, within, filters)
        found = await self._searcher.search(
            tenant_id, vault_ids, question, limit=limit, within=within, rerank=rerank
        )
        await self._put_damaged_away()
        if found.not_ready_count:
            async with self._database.reading() as connection:
                unseen = await not_ready(connection, self._documents, tenant_id, set(vault_ids), within)
            found = replace(found, not_ready=tuple(unseen))
        return await self._with_sections(tenant_id, found) if sections else found

    async def _within(
        self,
        tenant_id: TenantId,
        vault_ids: Collection[VaultId],
        within: Collection[DocumentId] | None,
        filters: Filters,
    ) -> Collection[DocumentId] | None:
        keys = {vault: (await self._vaults.keys(tenant_id, vault)).search for vault in vault_ids}
        async with self._database.reading() as connection:
            let_through = await matching(connection, self._documents, tenant_id, keys, filters)
        if within is None or let_through is None:
            return within if let_through is None else let_through
        return let_through.intersection(within)

    async def _with_sections(self, tenant_id: TenantId, found: SearchResult) -> SearchResult:
        texts: dict[DocumentId, str] = {}
        for document in {passage.document_id for passage in found.passages}:
            with contextlib.suppress(NotFound, SealBroken):  # deleted or damaged since it was found
                texts[document] = (await self.document_text(tenant_id, document)).text
        passages = tuple(
            replace(passage, section=texts[passage.document_id][passage.parent_start : passage.parent_end])
            if texts.get(passage.document_id, "")[passage.start : passage.end] == passage.text
            else passage
            for passage in found.passages
        )
        return replace(found, passages=passages)

    async def search_many(
        self,
        tenant_id: TenantId,
        vault_ids: Collection[VaultId],
        questions: Sequence[str],
        *,
        limit: int = 8,
        rerank: bool = True,
    ) -> Sequence[SearchResult]:
        """As `search` for each question, embedding them together; a reranker reads for one after another."""
        vectors = await self._embedder.embed_queries(questions)
        asked = zip(questions, vectors, strict=True)

        def search(question: str, vector: NDArray[np.float32]) -> Awaitable[SearchResult]:
            return self._searcher.search(
                tenant_id, vault_ids, question, limit=limit, within=None, vector=vector, rerank=rerank
            )

        if self._reranks and rerank:
            return [await search(*each) for each in asked]
        return await asyncio.gather(*(search(*each) for each in asked))

    async def passages_by_id(
        self, tenant_id: TenantId, passage_ids: Sequence[PassageId]
    ) -> Sequence[Passage]:
        """Those of the tenant that are still there, in the order asked; others are left out."""
        found = {
            item.chunk.passage_id: as_passage(item)
            for item in await self._passages.active(tenant_id, passage_ids)
        }
        return [found[each] for each in passage_ids if each in found]

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(len(texts), dimension)`, float32, rows of length 1, in the order given: to compare sentences."""
        return await self._embedder.embed_passages(texts, urgent=True)

    async def stats(self) -> Stats:
        """Counts over all tenants, for health pages."""
        return replace(await self._vaults.stats(), vaults_to_compare=self._reconciler.not_compared)

    async def _recording_failure(
        self, tenant_id: TenantId, document_id: DocumentId, stage: Callable[[Entry], Awaitable[None]]
    ) -> None:
        """Of the document, then of what is to replace it: what stops one stops not the other."""
        try:
            versions = await self._documents.versions(tenant_id, document_id)
        except VaultLocked:
            log.info("ingestion.waits_for_unlocking document=%s", document_id)
            return
        for entry in versions:
            await self._recording_failure_of(tenant_id, entry, stage)

    async def _recording_failure_of(
        self, tenant_id: TenantId, entry: Entry, stage: Callable[[Entry], Awaitable[None]]
    ) -> None:
        document_id = entry.document.id
        try:
            await stage(entry)
        except VaultLocked:  # it waits where it is until its owner unlocks the vault
            log.info("ingestion.waits_for_unlocking document=%s", document_id)
        except Exception as error:  # whatever stopped a stage belongs to the document, not to its workflow
            if is_disk_full(error):  # no fault of the document's: it stays where it is and goes on later
                raise DiskFull from error
            log.exception("ingestion.failed document=%s", document_id)
            title, detail = _explain(entry, error)
            await self._documents.fail(entry, title=title, detail=detail)


def _explain(entry: Entry, error: Exception) -> tuple[str, str]:
    """A title and what to do, for a failure that is not the file's fault."""
    if isinstance(error, SealBroken):
        return "Sealed copy damaged", f"{error} Or delete {entry.document.name!r} and add it again."
    if isinstance(error, VaultUnavailable):
        return "Interrupted", f"{error} Then retry this document."
    return "Interrupted", "Something went wrong while it was taken in. Nothing is lost: retry this document."


def _ignore(_progress: float) -> None:
    """For callers who do not want to know."""
