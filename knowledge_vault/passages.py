"""Chunks as sealed rows: their text, place, exact vector and words, in one envelope each that only its place opens."""

import asyncio
import json
import struct
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's too
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.documents import Documents, Entry, OpenDocument
from knowledge_vault.errors import SealBroken
from knowledge_vault.ports import Database
from knowledge_vault.tables import chunks, documents
from knowledge_vault.values import (
    Chunk,
    DocumentId,
    PassageId,
    Stage,
    TenantId,
    VaultId,
)
from knowledge_vault.words import Language

_NAMESPACE = uuid.UUID("7c3e8e0a-6a55-4c7e-9a43-5b1d0f1f3f52")
_MOST_IDS = 500
"""In one question to SQL."""


@dataclass(frozen=True, eq=False)
class Searchable:
    """A chunk with what a search compares.

    A search opens hundreds and shows a few: what only those few need (`chunk`, `words`) is read when asked for.
    """

    document: OpenDocument
    number: int
    """Of the chunk, from 0."""
    language: Language
    terms: NDArray[np.uint32]
    """The distinct keyed words."""
    counts: NDArray[np.uint16]
    """How often each of `terms` occurs."""
    vector: NDArray[np.float32]
    """`(dimension,)`, float32, length 1 but for rounding to half precision."""
    read_chunk: Callable[[], Chunk]

    @property
    def passage_id(self) -> PassageId:
        return passage_id(self.document.id, self.document.version, self.number)

    @cached_property
    def chunk(self) -> Chunk:
        return self.read_chunk()

    @cached_property
    def words(self) -> Mapping[int, int]:
        """How often each keyed word occurs."""
        return dict(zip(self.terms.tolist(), self.counts.tolist(), strict=True))

    @cached_property
    def word_count(self) -> int:
        return int(self.counts.sum(dtype=np.int64))


def searchable(
    chunk: Chunk,
    document: OpenDocument,
    *,
    language: Language,
    words: Mapping[int, int],
    vector: NDArray[np.float32],
) -> Searchable:
    """A chunk that is about to be saved."""
    return Searchable(
        document=document,
        number=chunk.number,
        language=language,
        terms=np.fromiter(words.keys(), np.uint32, len(words)),
        counts=np.fromiter((min(count, 0xFFFF) for count in words.values()), np.uint16, len(words)),
        vector=vector,
        read_chunk=lambda: chunk,
    )


def passage_id(document: DocumentId, version: int, number: int) -> PassageId:
    return PassageId(uuid.uuid5(_NAMESPACE, f"{document}/{version}/{number}").hex)


class Passages:
    def __init__(self, database: Database, documents: Documents) -> None:
        self._database = database
        self._documents = documents
        self.damaged: set[tuple[TenantId, DocumentId]] = set()
        """Come upon by `active`, for somebody to put away."""

    async def save(self, connection: AsyncConnection, entry: Entry, found: Sequence[Searchable]) -> None:
        document = entry.document
        new = insert(chunks)
        await connection.execute(
            new.on_conflict_do_update(
                index_elements=[chunks.c.id],
                set_={each.name: new.excluded[each.name] for each in chunks.c if each.name != "id"},
            ),
            [
                {
                    "id": item.chunk.passage_id,
                    "document_id": document.id,
                    "version": document.version,
                    "number": item.chunk.number,
                    "sealed": entry.data_key.seal(_pack(item), "chunk", item.chunk.number),
                }
                for item in found
            ],
        )

    async def saved_numbers(self, entry: Entry) -> set[int]:
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(chunks.c.number).where(
                    chunks.c.document_id == entry.document.id, chunks.c.version == entry.document.version
                )
            )
        return set(rows.scalars())

    async def of_document(self, entry: Entry) -> Sequence[Searchable]:
        """In the order of the text."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(chunks.c.number, chunks.c.sealed)
                .where(chunks.c.document_id == entry.document.id, chunks.c.version == entry.document.version)
                .order_by(chunks.c.number)
            )
        return [_open(entry.opened, number, sealed) for number, sealed in rows]

    async def readable(self, entry: Entry) -> tuple[Sequence[Searchable], int]:
        """As `of_document`, leaving out chunks that do not open; and how many those are."""
        async with self._database.reading() as connection:
            rows = (
                await connection.execute(
                    select(chunks.c.number, chunks.c.sealed)
                    .where(
                        chunks.c.document_id == entry.document.id, chunks.c.version == entry.document.version
                    )
                    .order_by(chunks.c.number)
                )
            ).all()
        found = [_open_if_whole(entry.opened, number, sealed) for number, sealed in rows]
        whole = [item for item in found if item is not None]
        return whole, max(entry.document.chunk_count, len(rows)) - len(whole)

    async def active(
        self,
        tenant: TenantId,
        ids: Collection[PassageId],
        *,
        vaults: Collection[VaultId] | None = None,
        whole: Collection[VaultId] = (),
        within: Collection[DocumentId] | None = None,
    ) -> Sequence[Searchable]:
        """Those of the passages that belong to active documents of the tenant, in no order; others are left out.

        `whole`: all passages of these vaults too. `vaults` and `within` leave out more; None leaves out nothing.
        """
        async with self._database.reading() as connection:
            rows = await _rows(connection, tenant, list(ids))
            if whole:
                rows += await _rows_of_vaults(connection, tenant, whole)
            wanted = [
                row
                for row in rows
                if (vaults is None or row[0] in vaults) and (within is None or row[1] in within)
            ]
            opened = await self._documents.opened(
                connection, tenant, {(document, version) for _, document, version, _, _ in wanted}
            )
        there = [row for row in wanted if row[1] in opened]
        found = await asyncio.to_thread(
            lambda: [
                _open_if_whole(opened[document], number, sealed) for _, document, _, number, sealed in there
            ]
        )
        self.damaged |= {(tenant, row[1]) for row, item in zip(there, found, strict=True) if item is None}
        return [item for item in found if item is not None]

    async def active_in_order(
        self, tenant: TenantId, vault: VaultId
    ) -> Sequence[tuple[tuple[DocumentId, int], PassageId]]:
        """Every active chunk behind its document's id and version, document by document, oldest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(documents.c.id, documents.c.version, documents.c.chunk_count)
                .where(
                    documents.c.tenant_id == tenant,
                    documents.c.vault_id == vault,
                    documents.c.stage == Stage.ACTIVE,
                )
                .order_by(documents.c.created_at, documents.c.id)
            )
        return [
            ((DocumentId(document), version), passage_id(DocumentId(document), version, number))
            for document, version, count in rows
            for number in range(count)
        ]

    async def active_ids(
        self, tenant: TenantId, vault: VaultId, *, among: Collection[PassageId] | None = None
    ) -> set[PassageId]:
        """Of a vault, or those of `among`: at most a few hundred."""
        query = (
            select(chunks.c.id)
            .join(documents, documents.c.id == chunks.c.document_id)
            .where(
                documents.c.tenant_id == tenant,
                documents.c.vault_id == vault,
                documents.c.stage == Stage.ACTIVE,
                documents.c.version == chunks.c.version,
            )
        )
        if among is not None:
            query = query.where(chunks.c.id.in_(list(among)))
        async with self._database.reading() as connection:
            return {PassageId(each) for each in (await connection.execute(query)).scalars()}


_Row = tuple[VaultId, DocumentId, int, int, bytes]
"""Vault, document, its version, the chunk's number, and the sealed chunk."""

_ACTIVE_CHUNKS = (
    select(documents.c.vault_id, documents.c.id, chunks.c.version, chunks.c.number, chunks.c.sealed)
    .join(documents, documents.c.id == chunks.c.document_id)
    .where(
        documents.c.tenant_id == bindparam("tenant"),
        documents.c.stage == Stage.ACTIVE,
        documents.c.version == chunks.c.version,
    )
)
_CHUNKS_NAMED = _ACTIVE_CHUNKS.where(chunks.c.id.in_(bindparam("ids", expanding=True)))
_CHUNKS_OF_VAULTS = _ACTIVE_CHUNKS.where(documents.c.vault_id.in_(bindparam("vaults", expanding=True)))
"""Built once: with hundreds of ids, building it takes longer than answering it."""


async def _rows(connection: AsyncConnection, tenant: TenantId, ids: Sequence[PassageId]) -> list[_Row]:
    found: list[_Row] = []
    for start in range(0, len(ids), _MOST_IDS):
        named = {"tenant": tenant, "ids": ids[start : start + _MOST_IDS]}
        found += _named(await connection.execute(_CHUNKS_NAMED, named))
    return found


async def _rows_of_vaults(
    connection: AsyncConnection, tenant: TenantId, vaults: Collection[VaultId]
) -> list[_Row]:
    found: list[_Row] = []
    wanted = list(vaults)
    for start in range(0, len(wanted), _MOST_IDS):
        named = {"tenant": tenant, "vaults": wanted[start : start + _MOST_IDS]}
        found += _named(await connection.execute(_CHUNKS_OF_VAULTS, named))
    return found


def _named(rows: Iterable[Any]) -> Iterator[_Row]:
    for vault, document, version, number, sealed in rows:
        yield VaultId(vault), DocumentId(document), version, number, sealed


_SIZES = struct.Struct("<4I")
_LAYOUT = 1


def _pack(item: Searchable) -> bytes:
    """Layout number, sizes, then place (JSON), text, words (u32 and u16 each) and vector (f16)."""
    chunk = item.chunk
    place = json.dumps(
        [
            *(chunk.start, chunk.end, chunk.page, chunk.heading, item.language),
            *(chunk.parent_start, chunk.parent_end),
        ]
    ).encode()
    text = chunk.text.encode()
    sizes = _SIZES.pack(_LAYOUT, len(place), len(text), len(item.terms))
    return b"".join(
        (
            sizes,
            place,
            text,
            item.terms.astype("<u4").tobytes(),
            item.counts.astype("<u2").tobytes(),
            item.vector.astype("<f2").tobytes(),
        )
    )


def _open_if_whole(document: OpenDocument, number: int, sealed: bytes) -> Searchable | None:
    try:
        return _open(document, number, sealed)
    except SealBroken:
        return None


def _open(document: OpenDocument, number: int, sealed: bytes) -> Searchable:
    data = document.data_key.open(sealed, "chunk", number)
    layout, place_size, text_size, word_count = _SIZES.unpack_from(data)
    if layout != _LAYOUT:
        raise ValueError(f"chunk layout {layout} is not known to this version")
    text_at = _SIZES.size + place_size
    terms_at = text_at + text_size
    counts_at = terms_at + 4 * word_count
    start, end, page, heading, language, *parent = json.loads(data[_SIZES.size : text_at].decode())
    parent_start, parent_end = parent or (start, end)  # the first version kept no parents

    def read_chunk() -> Chunk:
        text = data[text_at:terms_at].decode()
        return Chunk(
            *(passage_id(document.id, document.version, number), number, text, start, end, page, heading),
            parent_start=parent_start,
            parent_end=parent_end,
        )

    return Searchable(
        document=document,
        number=number,
        language=Language(language),
        terms=np.frombuffer(data, "<u4", word_count, terms_at),
        counts=np.frombuffer(data, "<u2", word_count, counts_at),
        vector=np.frombuffer(data, "<f2", offset=counts_at + 2 * word_count).astype(np.float32),
        read_chunk=read_chunk,
    )


def count_words(usual: Sequence[int], other: Sequence[int] = ()) -> Mapping[int, int]:
    """How often each keyed word occurs; 0 times where only another spelling of what is counted already is it."""
    return dict.fromkeys(other, 0) | Counter(usual)
