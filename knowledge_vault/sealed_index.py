"""The index of sealed vaults: nothing searchable at rest, opened into memory on first use, scanned exactly.

At rest lie the sealed chunks, which are the truth, and segments of about a thousand of them, each sealed under a key
of its own, only so that opening is quick. A chunk that no segment holds is read from its own row. So a document is
added by doing nothing here; it is removed by deleting the segments that it is in, keys first, in the transaction
that deletes it (`forget_segments`): what else was in them is read from its rows until segments are made of it again.

What is in memory follows SQL: a vault's revision grows whenever other chunks are active.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.documents import Documents
from knowledge_vault.errors import NotFound, SealBroken, VaultFull
from knowledge_vault.index import segments as scanning
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.index.segments import Row, Segment, Version
from knowledge_vault.passages import Passages, Searchable, passage_id
from knowledge_vault.ports import Database
from knowledge_vault.tables import documents, segment_documents, segments, vaults
from knowledge_vault.values import DocumentId, PassageId, SealedLimits, Stage, VaultId
from knowledge_vault.words import Language

log = logging.getLogger("qanat.vault")

_READ = 8
"""Segments read and opened at a time."""


@dataclass(eq=False)
class _Opened:
    """A vault in memory."""

    version: int
    """Of the search secret."""
    segments: list[Segment]
    """Opened from segments at rest."""
    together: NDArray[np.float32] | None = None
    """The vectors of the first of `segments`, which are views of it; None when they have places of their own."""
    revision: int = -1
    """What SQL said when this was last brought up to date."""
    rows: dict[PassageId, Row] = field(default_factory=dict)
    """Chunks that no segment holds."""
    tail: list[Segment] = field(default_factory=list)
    """Made of `rows`."""
    held: Counter[Version] = field(default_factory=Counter)
    """How many chunks of each document are in memory."""
    totals: Mapping[Language, tuple[int, int]] | None = None
    """Counted when first asked for."""
    used_at: float = 0.0

    @property
    def all_segments(self) -> list[Segment]:
        return [*self.segments, *self.tail]

    @property
    def size_bytes(self) -> int:
        return sum(each.size_bytes for each in self.all_segments)


class SealedIndex:
    def __init__(
        self,
        database: Database,
        documents: Documents,
        passages: Passages,
        limits: SealedLimits,
    ) -> None:
        self._database = database
        self._documents = documents
        self._passages = passages
        self._limits = limits
        self._opened: OrderedDict[VaultId, _Opened] = OrderedDict()
        self._locks: dict[VaultId, asyncio.Lock] = {}
        self._compacting: dict[VaultId, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def check_room(
        self, connection: AsyncConnection, vault: VaultId, *, more: int = 0, name: str = ""
    ) -> None:
        """`more`: chunks that a document of this name would add.

        Raises:
            VaultFull: a sealed vault could not hold them.
        """
        count = await active_chunk_count(connection, vault) + more
        if count > self._limits.chunks:
            raise VaultFull(count, most=self._limits.chunks, name=name)

    async def refresh(self, keys: SearchKeys) -> _Opened:
        """Open the vault if it is not, and bring what is in memory up to what SQL says now.

        What is returned serves the search under way, even where the vault was locked or its keys changed meanwhile.
        """
        async with self._lock(keys.vault):
            async with self._database.reading() as connection:
                revision = await connection.scalar(select(vaults.c.revision).where(vaults.c.id == keys.vault))
            if revision is None:
                self.close_vault(keys.vault)
                raise NotFound("vault", keys.vault)
            opened = self._opened.get(keys.vault)
            if opened is None or opened.version != keys.version:
                opened = await self._open(keys)
                self._opened[keys.vault] = opened
                await self._follow(keys, opened)
            elif opened.revision != revision:
                await self._follow(keys, opened)
            self._keep(keys.vault, opened)
            loose = len(opened.rows)
        if loose >= self._limits.segment_chunks and keys.vault not in self._compacting:
            self._compacting[keys.vault] = task = asyncio.create_task(self.compact(keys))
            task.add_done_callback(lambda done: self._compacted(keys.vault, done))
        return opened

    def _compacted(self, vault: VaultId, task: asyncio.Task[None]) -> None:
        del self._compacting[vault]
        if not task.cancelled() and (error := task.exception()):
            log.warning("index.compacting_failed vault=%s error=%r", vault, error)

    def _lock(self, vault: VaultId) -> asyncio.Lock:
        return self._locks.setdefault(vault, asyncio.Lock())

    def close_vault(self, vault: VaultId) -> None:
        """Take a vault out of memory: it is as unreadable as its keys are now."""
        self._opened.pop(vault, None)

    async def close(self) -> None:
        self._opened.clear()
        for task in list(self._compacting.values()):
            task.cancel()
        if self._compacting:
            await asyncio.wait(self._compacting.values())
        if self._timer is not None:
            self._timer.cancel()

    def is_open(self, vault: VaultId) -> bool:
        return vault in self._opened

    async def nearest(
        self,
        keys: SearchKeys,
        vector: NDArray[np.float32],
        *,
        limit: int,
        within: Collection[DocumentId] | None,
    ) -> list[tuple[PassageId, float]]:
        opened = await self._opened_for(keys)
        found, together = opened.all_segments, opened.together
        return await asyncio.to_thread(
            scanning.nearest, found, vector, limit=limit, within=within, together=together
        )

    async def matching(
        self,
        keys: SearchKeys,
        weights: Mapping[int, float],
        *,
        limit: int,
        within: Collection[DocumentId] | None,
    ) -> list[tuple[PassageId, float]]:
        found = await self._segments(keys)
        return await asyncio.to_thread(scanning.matching, found, weights, limit=limit, within=within)

    async def totals(self, keys: SearchKeys) -> Mapping[Language, tuple[int, int]]:
        """By language: how many chunks there are, and how many words in them."""
        opened = await self._opened_for(keys)
        if opened.totals is None:
            opened.totals = await asyncio.to_thread(scanning.chunk_and_word_counts, opened.all_segments)
        return opened.totals

    async def frequencies(self, keys: SearchKeys, terms: Collection[int]) -> Mapping[int, int]:
        found = await self._segments(keys)
        return await asyncio.to_thread(scanning.frequencies, found, terms)

    async def build(self, keys: SearchKeys, found: Sequence[Searchable]) -> Segment | None:
        """Seal these chunks into a segment of the keys' version.

        None when one of their documents went meanwhile: what is left of them is read from its rows.
        """
        segment = await asyncio.to_thread(lambda: scanning.build([_row(item) for item in found]))
        name = uuid4().hex
        secret = crypto.new_secret()
        place = (keys.tenant, keys.vault, name, keys.version)

        def seal() -> tuple[bytes, bytes]:
            return (
                crypto.seal(keys.segment_key, secret, ("segment-key", *place)),
                crypto.seal(secret, scanning.pack(segment), ("segment", *place)),
            )

        sealed_key, sealed = await asyncio.to_thread(seal)
        async with self._database.writing() as connection:
            active = await _active_documents(connection, keys.vault)
            if not set(segment.documents) <= active.keys():
                return None
            await connection.execute(
                insert(segments).values(
                    id=name,
                    vault_id=keys.vault,
                    search_version=keys.version,
                    chunk_count=len(segment),
                    sealed_key=sealed_key,
                    sealed=sealed,
                )
            )
            await connection.execute(
                insert(segment_documents),
                [{"segment_id": name, "document_id": document} for document, _ in segment.documents],
            )
        return segment

    async def compact(self, keys: SearchKeys, report: Callable[[float], None] | None = None) -> None:
        """Make segments of chunks that are in none, as long as they fill one.

        `report`: told the share that is done.
        """
        size = self._limits.segment_chunks
        groups = [group for group in grouped(await self._loose(keys), size) if len(group) >= size]
        for number, group in enumerate(groups):
            segment = await self.build(keys, await self._passages.active(keys.tenant, group))
            if segment is not None:
                await self._take_up(keys, segment)
            if report is not None:
                report((number + 1) / len(groups))
        if groups:
            log.info("index.compacted vault=%s segments=%d", keys.vault, len(groups))

    async def compact_when_due(self, keys: SearchKeys) -> None:
        """After a document became active: nothing to do most times."""
        held = select(func.sum(segments.c.chunk_count)).where(
            segments.c.vault_id == keys.vault, segments.c.search_version == keys.version
        )
        async with self._database.reading() as connection:
            loose = await active_chunk_count(connection, keys.vault) - int(await connection.scalar(held) or 0)
        if loose >= self._limits.segment_chunks:
            await self.compact(keys)

    async def _loose(self, keys: SearchKeys) -> list[tuple[Version, PassageId]]:
        """The active chunks of documents that are in no segment of the keys' version, oldest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(segment_documents.c.document_id)
                .join(segments, segments.c.id == segment_documents.c.segment_id)
                .where(segments.c.vault_id == keys.vault, segments.c.search_version == keys.version)
            )
            held = set(rows.scalars())
        active = await self._passages.active_in_order(keys.tenant, keys.vault)
        return [(document, passage) for document, passage in active if document[0] not in held]

    async def _take_up(self, keys: SearchKeys, segment: Segment) -> None:
        """Let a vault that is open search the segment in place of the rows that are in it now."""
        async with self._lock(keys.vault):
            opened = self._opened.get(keys.vault)
            if opened is None or opened.version != keys.version:
                return
            inside = segment.passages_of(segment.documents)
            if inside <= opened.rows.keys():  # else it is not up to date, and finds them when it is
                rows = [row for name, row in opened.rows.items() if name not in inside]
                opened.tail = await asyncio.to_thread(_tail, rows)
                opened.rows = {row.passage: row for row in rows}
                opened.segments.append(segment)

    async def _segments(self, keys: SearchKeys) -> list[Segment]:
        return (await self._opened_for(keys)).all_segments

    async def _opened_for(self, keys: SearchKeys) -> _Opened:
        opened = self._opened.get(keys.vault)
        if opened is None or opened.version != keys.version:
            opened = await self.refresh(keys)
        return opened

    async def _open(self, keys: SearchKeys) -> _Opened:
        began = time.perf_counter()
        found: list[Segment] = []
        async with self._database.reading() as connection:
            wanted = (
                await connection.execute(
                    select(segments.c.id, segments.c.chunk_count).where(
                        segments.c.vault_id == keys.vault, segments.c.search_version == keys.version
                    )
                )
            ).all()
            room = np.empty((sum(count for _, count in wanted), keys.dimension), np.float32)
            places = {}
            at = 0
            for name, count in wanted:
                places[name] = room[at : at + count]
                at += count
            opening: list[asyncio.Future[list[Segment]]] = []
            for start in range(0, len(wanted), _READ):
                names = [name for name, _ in wanted[start : start + _READ]]
                rows = (
                    await connection.execute(
                        select(segments.c.id, segments.c.sealed_key, segments.c.sealed).where(
                            segments.c.id.in_(names)
                        )
                    )
                ).all()
                sealed = {row.id: (row.sealed_key, row.sealed) for row in rows}
                work = [(name, *sealed[name], places[name]) for name in names if name in sealed]
                opening.append(asyncio.ensure_future(asyncio.to_thread(_unseal, keys, work)))
            for part in await asyncio.gather(*opening):
                found += part
        log.info(
            "index.opened vault=%s segments=%d ms=%d",
            *(keys.vault, len(found), (time.perf_counter() - began) * 1000),
        )
        is_whole = sum(len(each) for each in found if each.vectors.base is room) == len(room)
        opened = _Opened(keys.version, found, room if is_whole else None)  # a damaged one leaves a gap
        for each in found:
            opened.held.update(each.chunk_counts())
        return opened

    async def _follow(self, keys: SearchKeys, opened: _Opened) -> None:
        """Leave out documents that are gone, read the rows of chunks that are not there yet."""
        async with self._database.reading() as connection:
            revision = await connection.scalar(select(vaults.c.revision).where(vaults.c.id == keys.vault))
            active = await _active_documents(connection, keys.vault)
        gone = opened.held.keys() - active.keys()
        if gone:
            for each in opened.segments:
                each.forget(gone)
            opened.rows = {name: row for name, row in opened.rows.items() if row.document not in gone}
            for document in gone:
                del opened.held[document]
        behind = {document for document, count in active.items() if opened.held[document] < count}
        missing = _passages_of(active, behind) - opened.rows.keys()
        for each in opened.segments:
            missing -= each.passages_of(behind & set(each.documents))
        for item in await self._passages.active(keys.tenant, missing):
            row = _row(item)
            opened.rows[row.passage] = row
            opened.held[row.document] += 1
        if gone or missing:
            rows = list(opened.rows.values())
            opened.tail = await asyncio.to_thread(_tail, rows)
        opened.totals = None
        opened.revision = revision if revision is not None else -1

    def _keep(self, vault: VaultId, opened: _Opened) -> None:
        if self._opened.get(vault) is not opened:
            return  # closed while it was read
        opened.used_at = time.monotonic()
        self._opened.move_to_end(vault)
        while len(self._opened) > 1 and sum(each.size_bytes for each in self._opened.values()) > (
            self._limits.memory_bytes
        ):
            self._opened.popitem(last=False)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._limits.idle_s, self._close_idle)

    def _close_idle(self) -> None:
        self._timer = None
        now = time.monotonic()
        for vault in [v for v, opened in self._opened.items() if now - opened.used_at >= self._limits.idle_s]:
            self.close_vault(vault)
        if self._opened:
            wait_s = self._limits.idle_s - (now - min(opened.used_at for opened in self._opened.values()))
            self._timer = asyncio.get_running_loop().call_later(max(wait_s, 1.0), self._close_idle)


async def forget_segments(connection: AsyncConnection, vault: VaultId, gone: Collection[DocumentId]) -> None:
    """Destroy the segments that hold chunks of these documents, in the caller's transaction."""
    held = select(segment_documents.c.segment_id).where(segment_documents.c.document_id.in_(list(gone)))
    await connection.execute(delete(segments).where(segments.c.vault_id == vault, segments.c.id.in_(held)))


async def active_chunk_count(connection: AsyncConnection, vault: VaultId) -> int:
    count = await connection.scalar(
        select(func.sum(documents.c.chunk_count)).where(
            documents.c.vault_id == vault, documents.c.stage == Stage.ACTIVE
        )
    )
    return int(count or 0)


async def _active_documents(connection: AsyncConnection, vault: VaultId) -> dict[Version, int]:
    """With how many chunks each has."""
    rows = await connection.execute(
        select(documents.c.id, documents.c.version, documents.c.chunk_count).where(
            documents.c.vault_id == vault, documents.c.stage == Stage.ACTIVE
        )
    )
    return {(DocumentId(document), version): count for document, version, count in rows}


def _passages_of(active: Mapping[Version, int], wanted: Collection[Version]) -> set[PassageId]:
    return {passage_id(*document, number) for document in wanted for number in range(active[document])}


def grouped(chunks: Iterable[tuple[Version, PassageId]], size: int) -> Iterator[list[PassageId]]:
    """The chunks in groups of about `size` for segments: a document is in one, unless it fills several."""
    by_document: dict[Version, list[PassageId]] = {}
    for document, passage in chunks:
        by_document.setdefault(document, []).append(passage)
    group: list[PassageId] = []
    for passages in by_document.values():
        for start in range(0, len(passages), size):
            group += passages[start : start + size]
            if len(group) >= size:
                yield group
                group = []
    if group:
        yield group


def _unseal(
    keys: SearchKeys, sealed: Sequence[tuple[str, bytes, bytes, NDArray[np.float32]]]
) -> list[Segment]:
    """Those that open; a damaged one is left out, for its chunks have rows of their own.

    `sealed`: name, key, content, and where the vectors are to lie.
    """
    found = []
    for name, sealed_key, content, room in sealed:
        place: tuple[str | int, ...] = (keys.tenant, keys.vault, name, keys.version)
        try:
            secret = crypto.open_sealed(keys.segment_key, sealed_key, ("segment-key", *place))
            found.append(scanning.unpack(crypto.open_sealed(secret, content, ("segment", *place)), room))
        except SealBroken:
            log.warning("index.segment_broken vault=%s segment=%s", keys.vault, name)
    return found


def _row(item: Searchable) -> Row:
    return Row(
        passage=item.passage_id,
        document=(item.document.id, item.document.version),
        language=item.language,
        terms=np.asarray(item.terms, np.uint32),
        counts=np.asarray(item.counts, np.uint16),
        vector=item.vector,
    )


def _tail(rows: Sequence[Row]) -> list[Segment]:
    most = 0x10000
    return [scanning.build(rows[start : start + most]) for start in range(0, len(rows), most)]
