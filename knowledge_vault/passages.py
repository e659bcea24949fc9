"""Chunks as sealed rows: their text, place, exact vector and words, in one envelope each that only its place opens."""

import asyncio
import json
import struct
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.documents import Documents, Entry
from knowledge_vault.ports import Database
from knowledge_vault.tables import chunks, documents
from knowledge_vault.values import (
    Chunk,
    Document,
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
    """A chunk with what a search compares."""

    chunk: Chunk
    document: Document
    language: Language
    words: Mapping[int, int]
    """How often each keyed word occurs."""
    vector: NDArray[np.float32]
    """`(dimension,)`, float32, length 1 but for rounding to half precision."""

    @property
    def word_count(self) -> int:
        return sum(self.words.values())


def passage_id(document: DocumentId, version: int, number: int) -> PassageId:
    return PassageId(uuid.uuid5(_NAMESPACE, f"{document}/{version}/{number}").hex)


class Passages:
    def __init__(self, database: Database, documents: Documents) -> None:
        self._database = database
        self._documents = documents

    async def save(self, connection: AsyncConnection, entry: Entry, found: Sequence[Searchable]) -> None:
        document = entry.document
        await connection.execute(
            insert(chunks).prefix_with("OR REPLACE", dialect="sqlite"),
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
        return [_open(entry, number, sealed) for number, sealed in rows]

    async def active(
        self,
        tenant: TenantId,
        ids: Collection[PassageId],
        *,
        vaults: Collection[VaultId] | None = None,
        within: Collection[DocumentId] | None = None,
    ) -> Sequence[Searchable]:
        """Those of the passages that belong to active documents of the tenant, in no order; others are left out.

        `vaults` and `within` leave out more; None leaves out nothing.
        """
        async with self._database.reading() as connection:
            wanted = [
                row
                for row in await _rows(connection, tenant, list(ids))
                if (vaults is None or row[0] in vaults) and (within is None or row[1] in within)
            ]
            entries = {
                entry.document.id: entry
                for entry in await self._documents.find_many(
                    connection, tenant, list({row[1] for row in wanted})
                )
            }
        return await asyncio.to_thread(
            lambda: [
                _open(entries[document], number, sealed)
                for _, document, number, sealed in wanted
                if document in entries
            ]
        )

    async def active_ids(self, tenant: TenantId, vault: VaultId) -> set[PassageId]:
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(chunks.c.id)
                .join(documents, documents.c.id == chunks.c.document_id)
                .where(
                    documents.c.tenant_id == tenant,
                    documents.c.vault_id == vault,
                    documents.c.stage == Stage.ACTIVE,
                    documents.c.version == chunks.c.version,
                )
            )
        return {PassageId(each) for each in rows.scalars()}


async def _rows(
    connection: AsyncConnection, tenant: TenantId, ids: Sequence[PassageId]
) -> list[tuple[VaultId, DocumentId, int, bytes]]:
    found: list[tuple[VaultId, DocumentId, int, bytes]] = []
    for start in range(0, len(ids), _MOST_IDS):
        rows = await connection.execute(
            select(documents.c.vault_id, documents.c.id, chunks.c.number, chunks.c.sealed)
            .join(documents, documents.c.id == chunks.c.document_id)
            .where(
                chunks.c.id.in_(ids[start : start + _MOST_IDS]),
                documents.c.tenant_id == tenant,
                documents.c.stage == Stage.ACTIVE,
                documents.c.version == chunks.c.version,
            )
        )
        found += [
            (VaultId(vault), DocumentId(document), number, sealed) for vault, document, number, sealed in rows
        ]
    return found


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
    terms = np.fromiter(item.words.keys(), "<u4", len(item.words))
    counts = np.fromiter((min(count, 0xFFFF) for count in item.words.values()), "<u2", len(item.words))
    sizes = _SIZES.pack(_LAYOUT, len(place), len(text), len(item.words))
    return b"".join(
        (sizes, place, text, terms.tobytes(), counts.tobytes(), item.vector.astype("<f2").tobytes())
    )


def _open(entry: Entry, number: int, sealed: bytes) -> Searchable:
    data = entry.data_key.open(sealed, "chunk", number)
    layout, place_size, text_size, word_count = _SIZES.unpack_from(data)
    if layout != _LAYOUT:
        raise ValueError(f"chunk layout {layout} is not known to this version")
    at = _SIZES.size
    start, end, page, heading, language, *parent = json.loads(data[at : at + place_size])
    parent_start, parent_end = parent or (start, end)  # the first version kept no parents
    at += place_size
    text = data[at : at + text_size].decode()
    at += text_size
    terms = np.frombuffer(data, "<u4", word_count, at)
    counts = np.frombuffer(data, "<u2", word_count, at + terms.nbytes)
    vector = np.frombuffer(data, "<f2", offset=at + terms.nbytes + counts.nbytes)
    document = entry.document
    return Searchable(
        chunk=Chunk(
            *(passage_id(document.id, document.version, number), number, text, start, end, page, heading),
            parent_start=parent_start,
            parent_end=parent_end,
        ),
        document=document,
        language=Language(language),
        words=dict(zip(terms.tolist(), counts.tolist(), strict=True)),
        vector=vector.astype(np.float32),
    )


def count_words(terms: Sequence[int]) -> Mapping[int, int]:
    return Counter(terms)
