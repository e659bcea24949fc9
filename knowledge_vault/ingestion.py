"""Take a document from its sealed original to being found, stage by stage. Each stage may be repeated and resumed.

SQL says how far a document is. What a stage makes is written before the stage is marked, under the same names each
time, so that a crash anywhere leaves at most work to do again. A document is found only once all of it can be.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's too
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import statistics
from knowledge_vault.ahead import ahead
from knowledge_vault.chunking import Span, chunk
from knowledge_vault.documents import Documents, Entry, SearchSecretReplaced
from knowledge_vault.errors import DocumentRefused, DocumentWithoutText, NotFound, VaultFull
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.index.vault_index import Entry as IndexEntry
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.originals import Originals
from knowledge_vault.pace import Pace
from knowledge_vault.parsing.kinds import Kind
from knowledge_vault.parsing.parsed import Parsed, Parser
from knowledge_vault.passages import Passages, Searchable, count_words, passage_id, searchable
from knowledge_vault.ports import Database, Embedder
from knowledge_vault.reading_progress import ReadingProgress
from knowledge_vault.sealed_index import SealedIndex
from knowledge_vault.shredding import forget_deleted_rows
from knowledge_vault.spellings import words_of
from knowledge_vault.tables import document_texts
from knowledge_vault.values import (
    Chunk,
    ChunkSizes,
    DocumentId,
    Limits,
    PassageId,
    Protection,
    Stage,
    TenantId,
)
from knowledge_vault.vaults import Vaults
from knowledge_vault.words import Language, language_of

_EMBED_BATCH = 16
_BATCHES_AT_ONCE = 2
"""Of one document, so that the next is embedded while the last is sealed and written."""
_INDEX_BATCH = 256
_PARSED, _CHUNKED, _EMBEDDED, _INDEXED = 0.1, 0.12, 0.9, 0.98
"""How far along a document is at the end of these stages."""

Progress = Callable[[float], None]


class Ingestion:
    def __init__(
        self,
        database: Database,
        vaults: Vaults,
        documents: Documents,
        passages: Passages,
        originals: Originals,
        index: VaultIndex,
        sealed: SealedIndex,
        *,
        parser: Parser,
        embedder: Embedder,
        limits: Limits,
    ) -> None:
        self._database = database
        self._vaults = vaults
        self._documents = documents
        self._passages = passages
        self._originals = originals
        self._index = index
        self._sealed = sealed
        self._parser = parser
        self._embedder = embedder
        self._limits = limits
        self._parsing: dict[tuple[DocumentId, int], asyncio.Task[Parsed]] = {}
        self.pace = Pace()

    async def cancel(self, entry: Entry) -> None:
        """Stop a version that is under way, wherever it is; harmless when it has ended."""
        await self._documents.cancel(entry)  # from now on no stage keeps what it makes
        self.stop_reading(entry)

    def stop_reading(self, entry: Entry) -> None:
        """End the parser's work on a version whose row is no longer what it was."""
        if reading := self._parsing.get((entry.document.id, entry.document.version)):
            reading.cancel()

    async def parse(self, tenant: TenantId, entry: Entry) -> None:
        """Where it is sealed and not parsed."""
        if entry.document.stage is Stage.SEALED:
            await self._parse(tenant, entry)

    async def _parse(self, tenant: TenantId, entry: Entry) -> None:
        place = (entry.document.id, entry.document.version)
        reading = asyncio.create_task(self._read(entry))
        self._parsing[place] = reading
        try:
            await asyncio.wait({reading})
            if reading.cancelled():
                return
            parsed = reading.result()
        except DocumentRefused as error:
            await self._documents.fail(entry, title=error.title, detail=error.detail)
            return
        finally:
            reading.cancel()
            self._parsing.pop(place, None)
        vault = await self._vaults.get(tenant, entry.document.vault_id)
        parsed = replace(parsed, sizes=vault.chunking)
        sealed = await asyncio.to_thread(entry.data_key.seal, parsed.to_json(), "text")
        async with self._database.writing() as connection:
            if await self._documents.is_at(connection, entry, Stage.SEALED):
                await connection.execute(
                    insert(document_texts)
                    .values(document_id=place[0], version=place[1], sealed=sealed)
                    .on_conflict_do_update(
                        index_elements=[document_texts.c.document_id, document_texts.c.version],
                        set_={"sealed": sealed},
                    )
                )
                await self._documents.advance(
                    connection,
                    entry,
                    before=Stage.SEALED,
                    after=Stage.PARSED,
                    progress=_PARSED,
                    page_count=len(parsed.pages) or None,
                    **_found_out(entry, parsed),
                )

    async def _read(self, entry: Entry) -> Parsed:
        is_web_page = await self._documents.origin(entry) is not None
        async with ReadingProgress(self._database, self._documents, entry, share=_PARSED) as told:
            return await self._parser.parse(
                self._originals.stream(entry.original, entry.data_key),
                name=entry.document.name,
                kind=Kind(entry.document.media_type, is_web_page=is_web_page),
                limits=self._limits,
                progress=told,
            )

    async def index(self, tenant: TenantId, entry: Entry, progress: Progress) -> None:
        """Where it is parsed and not yet found."""
        if entry.document.stage in (Stage.PARSED, Stage.CHUNKED):
            await self._embed(tenant, entry, progress)
        for now in await self._documents.versions(tenant, entry.document.id):
            is_it = now.document.version == entry.document.version
            if is_it and now.document.stage in (Stage.EMBEDDED, Stage.INDEXED):
                await self._activate(tenant, now, progress)

    async def text(self, entry: Entry) -> Parsed:
        """Raises:
        NotFound: it is not parsed yet.
        """
        async with self._database.reading() as connection:
            sealed = await connection.scalar(
                select(document_texts.c.sealed).where(
                    document_texts.c.document_id == entry.document.id,
                    document_texts.c.version == entry.document.version,
                )
            )
        if sealed is None:
            raise NotFound("text of document", entry.document.id)
        return await asyncio.to_thread(lambda: Parsed.from_json(entry.data_key.open(sealed, "text")))

    async def preview(self, entry: Entry, sizes: ChunkSizes) -> Sequence[Chunk]:
        """How the document would be cut by other sizes; nothing is kept."""
        parsed = replace(await self.text(entry), sizes=sizes)
        return [
            Chunk(
                passage_id=PassageId(""),
                number=number,
                text=parsed.text[span.start : span.end],
                start=span.start,
                end=span.end,
                page=span.page,
                heading=span.heading,
                parent_start=span.parent_start,
                parent_end=span.parent_end,
            )
            for number, span in enumerate(await self.spans(parsed))
        ]

    async def _embed(self, tenant: TenantId, entry: Entry, progress: Progress) -> None:
        keys = (await self._vaults.keys(tenant, entry.document.vault_id)).search
        parsed = await self.text(entry)
        language = await asyncio.to_thread(language_of, parsed.text)
        spans = await self.spans(parsed)
        if not spans:
            error = DocumentWithoutText(entry.document.name)
            await self._documents.fail(entry, title=error.title, detail=error.detail)
            return
        async with self._database.writing() as connection:
            await self._documents.advance(
                connection,
                entry,
                before=Stage.PARSED,
                after=Stage.CHUNKED,
                progress=_CHUNKED,
                chunk_count=len(spans),
            )
        saved = await self._passages.saved_numbers(entry)
        missing = [number for number in range(len(spans)) if number not in saved]
        batches = [missing[start : start + _EMBED_BATCH] for start in range(0, len(missing), _EMBED_BATCH)]
        pieces = [partial(self._searchable, entry, parsed, spans, batch, language, keys) for batch in batches]
        chunks_done, began = len(saved), time.monotonic()
        async with aclosing(ahead(pieces, at_once=_BATCHES_AT_ONCE)) as work:
            async for found in work:
                await self._vaults.keys(tenant, entry.document.vault_id)  # locked meanwhile: this waits too
                chunks_done += len(found)
                left = missing[chunks_done - len(saved) :]
                done = _CHUNKED + (_EMBEDDED - _CHUNKED) * chunks_done / len(spans)
                async with self._database.writing() as connection:
                    if not await self._documents.is_at(connection, entry, Stage.CHUNKED):
                        return
                    await self._passages.save(connection, entry, found)
                    await self._documents.note_progress(
                        connection,
                        entry,
                        progress=done,
                        chunks_done=chunks_done,
                        pages_done=whole_pages(parsed, spans, left[0] if left else len(spans)),
                    )
                self.pace.note(len(found), time.monotonic() - began)
                began = time.monotonic()
                progress(done)
        async with self._database.writing() as connection:
            await self._documents.advance(
                connection,
                entry,
                before=Stage.CHUNKED,
                after=Stage.EMBEDDED,
                progress=_EMBEDDED,
                chunks_done=len(spans),
                pages_done=len(parsed.pages),
            )

    async def spans(self, parsed: Parsed) -> list[Span]:
        """How the text is cut by the sizes that it carries."""
        loop = asyncio.get_running_loop()

        def count_tokens(texts: Sequence[str]) -> Sequence[int]:
            return asyncio.run_coroutine_threadsafe(self._embedder.count_tokens(texts), loop).result()

        return await asyncio.to_thread(lambda: chunk(parsed, count_tokens, sizes=parsed.sizes))

    async def _searchable(
        self,
        entry: Entry,
        parsed: Parsed,
        spans: Sequence[Span],
        numbers: Sequence[int],
        language: Language,
        keys: SearchKeys,
    ) -> list[Searchable]:
        texts = [with_heading(spans[number], parsed.text) for number in numbers]
        vectors = await self._embedder.embed_passages(texts)

        def put_together() -> list[Searchable]:
            words = [words_of(text, language) for text in texts]
            return [
                searchable(
                    Chunk(
                        passage_id=passage_id(entry.document.id, entry.document.version, number),
                        number=number,
                        text=parsed.text[spans[number].start : spans[number].end],
                        start=spans[number].start,
                        end=spans[number].end,
                        page=spans[number].page,
                        heading=spans[number].heading,
                        parent_start=spans[number].parent_start,
                        parent_end=spans[number].parent_end,
                    ),
                    entry.opened,
                    language=language,
                    words=count_words(
                        [keys.word(language, word) for word in found.usual],
                        [keys.word(language, word) for word in found.other],
                    ),
                    vector=vector,
                )
                for number, found, vector in zip(numbers, words, vectors, strict=True)
            ]

        return await asyncio.to_thread(put_together)

    async def _activate(self, tenant: TenantId, entry: Entry, progress: Progress) -> None:
        async with self._index.held_still(entry.document.vault_id):
            await self._make_active(tenant, entry, progress)

    async def _make_active(self, tenant: TenantId, entry: Entry, progress: Progress) -> None:
        vault = entry.document.vault_id
        keys = (await self._vaults.keys(tenant, vault)).search
        found = await self._passages.of_document(entry)
        await self.add_to_index(keys, found)  # also when it lay there before a restart, which cleaned up
        if entry.document.stage is Stage.EMBEDDED:
            async with self._database.writing() as connection:
                await self._documents.advance(
                    connection, entry, before=Stage.EMBEDDED, after=Stage.INDEXED, progress=_INDEXED
                )
            progress(_INDEXED)
        try:
            if entry.is_replacement:
                is_active = await self._take_over(tenant, entry, found, keys)
            else:
                async with self._database.writing() as connection:
                    await self._check_in_force(connection, keys)
                    await self._check_room(connection, keys, entry, len(found))
                    is_active = await self._documents.advance(
                        connection, entry, before=Stage.INDEXED, after=Stage.ACTIVE, progress=1.0
                    )
                    if is_active:
                        await statistics.count_in(connection, keys, found)
        except SearchSecretReplaced:
            await self._index.drop(keys.shard)  # adding to it made it anew
            await self._make_active(tenant, entry, progress)
            return
        except VaultFull as error:
            await self._documents.fail(entry, title=error.title, detail=error.detail)
            return
        if is_active:
            progress(1.0)
            await self._index.settle(keys)
            return
        now = await self._documents.find(tenant, entry.document.id)
        is_served = now is not None and now.document.version == entry.document.version
        if now is None or not (
            is_served and now.document.stage is Stage.ACTIVE
        ):  # stopped or deleted meanwhile
            await self._index.remove(keys, [item.chunk.passage_id for item in found])

    async def _take_over(
        self, tenant: TenantId, new: Entry, found: Sequence[Searchable], keys: SearchKeys
    ) -> bool:
        """Let a replacement be the document, in one transaction; then clean up after the version before it."""
        present = await self._documents.find(tenant, new.document.id)
        if present is None:
            return False
        was_active = present.document.stage is Stage.ACTIVE
        before = await self._passages.of_document(present)
        try:
            async with self._database.writing() as connection:
                await self._check_in_force(connection, keys)
                await self._check_room(connection, keys, new, len(found) - len(before) * was_active)
                if not await self._documents.replace(connection, present, new):
                    return False
                if was_active:
                    await statistics.count_out(connection, keys, before)
                await statistics.count_in(connection, keys, found)
        except IntegrityError:
            await self._documents.fail(
                new,
                title="Already in the vault",
                detail="Another document of this vault came to have these very bytes meanwhile. "
                "Dismiss this replacement, or delete the other document and try again.",
            )
            return False
        await forget_deleted_rows(self._database)
        self.stop_reading(present)
        await self._originals.delete(present.original)
        await self._index.remove(keys, [item.chunk.passage_id for item in before])
        return True

    async def _check_in_force(self, connection: AsyncConnection, keys: SearchKeys) -> None:
        in_force = (await self._vaults.keys_in(connection, keys.tenant, keys.vault)).search
        if in_force.version != keys.version:
            raise SearchSecretReplaced

    async def _check_room(
        self, connection: AsyncConnection, keys: SearchKeys, entry: Entry, more: int
    ) -> None:
        """Raises:
        VaultFull: the vault is sealed, and cannot take so many chunks more.
        """
        if keys.protection is Protection.SEALED:
            await self._sealed.check_room(connection, keys.vault, more=more, name=entry.document.name)

    async def add_to_index(self, keys: SearchKeys, found: Sequence[Searchable]) -> None:
        for start in range(0, len(found), _INDEX_BATCH):
            await self._index.add(
                keys,
                [
                    IndexEntry(
                        item.chunk.passage_id,
                        item.document.id,
                        item.vector,
                        keys.terms(item.terms.tolist()),
                    )
                    for item in found[start : start + _INDEX_BATCH]
                ],
            )


def _found_out(entry: Entry, parsed: Parsed) -> dict[str, object]:
    """What reading told about the document itself: what of it is missing, and what it really is."""
    found: dict[str, object] = {}
    if parsed.remarks:
        problem = {"title": "Read in part", "detail": " ".join(parsed.remarks)}
        found["sealed_problem"] = entry.data_key.seal(
            json.dumps(problem, ensure_ascii=False).encode(), "problem"
        )
    if parsed.media_type:
        found["media_type"] = parsed.media_type
    return found


def whole_pages(parsed: Parsed, spans: Sequence[Span], count: int) -> int:
    """How many pages, from the first on, lie in the first `count` chunks with all that is on them."""
    covered = spans[count - 1].end if count else 0
    done = 0
    for page in parsed.pages:
        if page.end > covered and parsed.text[max(page.start, covered) : page.end].strip():
            break
        done += 1
    return done


def with_heading(span: Span, text: str) -> str:
    """What is embedded and whose words count: the chunk behind its headings, and the heading row of its table."""
    own = text[span.start : span.end]
    own = f"{span.lead}\n{own}" if span.lead else own
    path = span.heading.split(" › ")
    above = " › ".join(path[:-1] if own.startswith("#") else path)  # it may bring the last of them itself
    return f"{above}\n{own}" if above else own
