"""Documents as rows: what is known about each, how far it has come, and its data key. Knows no text and no index."""

import json
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.errors import NotFound
from knowledge_vault.keys import DataKey
from knowledge_vault.moments import at, microseconds
from knowledge_vault.pace import Pace
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import chunks, document_keys, document_texts, documents
from knowledge_vault.values import Document, DocumentId, Intake, Problem, Stage, TenantId, VaultId
from knowledge_vault.vaults import Vaults

_MOST_OPENED = 16_384
"""A kilobyte each."""
_MOST_IDS = 500
"""In one question to SQL."""
FINAL = tuple(stage for stage in Stage if stage.is_final)
"""Stages that stay so by themselves."""


@dataclass(frozen=True)
class OpenDocument:
    """What never changes of a document's version, and opens its chunks."""

    id: DocumentId
    vault_id: VaultId
    version: int
    name: str
    data_key: DataKey


@dataclass(frozen=True)
class Entry:
    """A document with what only this package needs of it."""

    document: Document
    original: str
    """The name of the sealed file."""
    opened: OpenDocument

    @property
    def data_key(self) -> DataKey:
        return self.opened.data_key


@dataclass(frozen=True)
class NewDocument:
    id: DocumentId
    name: str
    media_type: str
    size_bytes: int
    content_mac: bytes
    original: str
    data_key: DataKey
    sealed_key: bytes
    key_version: int


class Documents:
    def __init__(self, database: Database, vaults: Vaults, clock: Clock) -> None:
        self._database = database
        self._vaults = vaults
        self._clock = clock
        self._opened: OrderedDict[tuple[DocumentId, int], OpenDocument] = OrderedDict()
        """Documents lately used: a search opens chunks of hundreds at once."""

    async def add(self, tenant: TenantId, vault: VaultId, new: NewDocument) -> DocumentId | None:
        """Record a sealed document; when the vault has these bytes already, that document's id instead."""
        async with self._database.writing() as connection:
            twin = await connection.scalar(
                select(documents.c.id).where(
                    documents.c.vault_id == vault, documents.c.content_mac == new.content_mac
                )
            )
            if twin is not None:
                return DocumentId(twin)
            await connection.execute(
                insert(documents).values(
                    id=new.id,
                    tenant_id=tenant,
                    vault_id=vault,
                    version=1,
                    stage=Stage.SEALED,
                    progress=0.0,
                    attempt=1,
                    media_type=new.media_type,
                    size_bytes=new.size_bytes,
                    content_mac=new.content_mac,
                    page_count=None,
                    chunk_count=0,
                    chunks_done=0,
                    original=new.original,
                    created_at=microseconds(self._clock.now()),
                    sealed_name=new.data_key.seal(new.name.encode(), "name"),
                )
            )
            await connection.execute(
                insert(document_keys).values(
                    document_id=new.id, version=1, key_version=new.key_version, sealed_key=new.sealed_key
                )
            )
        return None

    async def get(self, tenant: TenantId, document: DocumentId) -> Entry:
        entry = await self.find(tenant, document)
        if entry is None:
            raise NotFound("document", document)
        return entry

    async def find(self, tenant: TenantId, document: DocumentId) -> Entry | None:
        found = await self._select(tenant, documents.c.id == document)
        return found[0] if found else None

    async def list(self, tenant: TenantId, vault: VaultId) -> Sequence[Entry]:
        await self._vaults.keys(tenant, vault)
        return await self._select(tenant, documents.c.vault_id == vault)

    async def opened(
        self, connection: AsyncConnection, tenant: TenantId, places: Collection[tuple[DocumentId, int]]
    ) -> Mapping[DocumentId, OpenDocument]:
        """Those of the documents, named by id and version, that are the tenant's and of that version.

        `places` must come from rows of the tenant's: what is at hand is not looked up again.
        """
        found = {place[0]: self._opened[place] for place in places if place in self._opened}
        missing = [document for document, _ in places if document not in found]
        for start in range(0, len(missing), _MOST_IDS):
            entries = await self._select_in(
                connection, tenant, documents.c.id.in_(missing[start : start + _MOST_IDS])
            )
            found |= {entry.opened.id: entry.opened for entry in entries}
        return found

    async def unfinished(self) -> Sequence[tuple[TenantId, DocumentId]]:
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(documents.c.tenant_id, documents.c.id)
                .where(documents.c.stage.not_in(FINAL))
                .order_by(documents.c.created_at, documents.c.id)
            )
        return [(TenantId(tenant), DocumentId(document)) for tenant, document in rows]

    async def intake(self, tenant: TenantId, vault: VaultId, pace: Pace) -> Intake:
        """What is under way in one vault. Documents not cut yet are taken to have as many chunks a byte as others."""
        await self._vaults.keys(tenant, vault)
        async with self._database.reading() as connection:
            rows = (
                await connection.execute(
                    select(
                        documents.c.stage,
                        func.count(),
                        func.sum(documents.c.chunk_count),
                        func.sum(documents.c.chunks_done),
                        func.sum(documents.c.size_bytes),
                    )
                    .where(documents.c.tenant_id == tenant, documents.c.vault_id == vault)
                    .group_by(documents.c.stage)
                )
            ).all()
        by_stage = {Stage(stage): numbers for stage, *numbers in rows}
        moving = {stage: numbers for stage, numbers in by_stage.items() if not stage.is_final}
        known = sum(chunks for _, chunks, _, _ in moving.values())
        done = sum(chunks for _, _, chunks, _ in moving.values())
        cut = [numbers for numbers in by_stage.values() if numbers[1]]
        cut_chunks, cut_bytes = sum(each[1] for each in cut), sum(each[3] for each in cut)
        uncut_bytes = sum(moving[stage][3] for stage in (Stage.SEALED, Stage.PARSED) if stage in moving)
        expected = known - done + (uncut_bytes * cut_chunks / cut_bytes if cut_bytes else 0)
        can_tell = moving and (cut_bytes or not uncut_bytes)
        return Intake(
            documents={stage: numbers[0] for stage, numbers in by_stage.items()},
            chunks_done=done,
            chunks_known=known,
            seconds_left=pace.seconds_for(expected) if can_tell else None,
        )

    async def originals(self) -> set[str]:
        """The names of all files that belong to a document."""
        async with self._database.reading() as connection:
            return set((await connection.execute(select(documents.c.original))).scalars())

    async def advance(
        self, connection: AsyncConnection, entry: Entry, *, before: Stage, after: Stage, **facts: object
    ) -> bool:
        """Move to the next stage, unless the document was deleted or is elsewhere meanwhile."""
        result = await connection.execute(
            update(documents)
            .where(
                documents.c.id == entry.document.id,
                documents.c.version == entry.document.version,
                documents.c.attempt == entry.document.attempt,
                documents.c.stage == before,
            )
            .values(stage=after, **facts)
        )
        return result.rowcount == 1

    async def is_at(self, connection: AsyncConnection, entry: Entry, stage: Stage) -> bool:
        row = await connection.execute(
            select(documents.c.id).where(
                documents.c.id == entry.document.id,
                documents.c.attempt == entry.document.attempt,
                documents.c.stage == stage,
            )
        )
        return row.first() is not None

    async def fail(self, entry: Entry, *, title: str, detail: str) -> None:
        """Mark this attempt as failed, unless it ended otherwise or was deleted meanwhile."""
        problem = json.dumps({"title": title, "detail": detail}, ensure_ascii=False).encode()
        async with self._database.writing() as connection:
            await connection.execute(
                update(documents)
                .where(
                    documents.c.id == entry.document.id,
                    documents.c.attempt == entry.document.attempt,
                    documents.c.stage.not_in(FINAL),
                )
                .values(stage=Stage.FAILED, sealed_problem=entry.data_key.seal(problem, "problem"))
            )

    async def cancel(self, entry: Entry) -> None:
        """Mark this attempt as cancelled, unless it has ended or was deleted meanwhile."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(documents)
                .where(
                    documents.c.id == entry.document.id,
                    documents.c.attempt == entry.document.attempt,
                    documents.c.stage.not_in(FINAL),
                )
                .values(stage=Stage.CANCELLED)
            )

    async def begin_again(self, entry: Entry) -> None:
        """Set a failed or cancelled document back to the start, without what it had become so far."""
        if entry.document.stage not in (Stage.FAILED, Stage.CANCELLED):
            return
        async with self._database.writing() as connection:
            is_reset = await self.advance(
                connection,
                entry,
                before=entry.document.stage,
                after=Stage.SEALED,
                attempt=entry.document.attempt + 1,
                progress=0.0,
                page_count=None,
                chunk_count=0,
                chunks_done=0,
                sealed_problem=None,
            )
            if is_reset:
                for table in (chunks, document_texts):
                    await connection.execute(delete(table).where(table.c.document_id == entry.document.id))

    async def delete(self, connection: AsyncConnection, entry: Entry) -> None:
        """Remove the key first in name and all rows with it; the caller commits and cleans up the rest."""
        document = entry.document.id
        await connection.execute(delete(document_keys).where(document_keys.c.document_id == document))
        await connection.execute(delete(documents).where(documents.c.id == document))
        self._opened.pop((document, entry.document.version), None)

    async def _select(self, tenant: TenantId, condition: object) -> Sequence[Entry]:
        async with self._database.reading() as connection:
            return await self._select_in(connection, tenant, condition)

    async def _select_in(
        self, connection: AsyncConnection, tenant: TenantId, condition: object
    ) -> Sequence[Entry]:
        query = (
            select(documents, document_keys.c.sealed_key)
            .join(
                document_keys,
                (document_keys.c.document_id == documents.c.id)
                & (document_keys.c.version == documents.c.version),
            )
            .where(documents.c.tenant_id == tenant, condition)  # type: ignore[arg-type]  # a column expression
            .order_by(documents.c.created_at, documents.c.id)
        )
        rows = (await connection.execute(query)).all()
        return [await self._entry(tenant, row) for row in rows]

    async def _entry(self, tenant: TenantId, row: Row[tuple[object, ...]]) -> Entry:
        opened = await self._open(tenant, row)
        problem = None
        if row.sealed_problem is not None:
            problem = Problem(**json.loads(opened.data_key.open(row.sealed_problem, "problem")))
        document = Document(
            id=opened.id,
            vault_id=opened.vault_id,
            name=opened.name,
            media_type=row.media_type,
            size_bytes=row.size_bytes,
            stage=Stage(row.stage),
            progress=row.progress,
            problem=problem,
            page_count=row.page_count,
            chunk_count=row.chunk_count,
            chunks_done=row.chunks_done,
            created_at=at(row.created_at),
            version=opened.version,
            attempt=row.attempt,
        )
        return Entry(document, row.original, opened)

    async def _open(self, tenant: TenantId, row: Row[tuple[object, ...]]) -> OpenDocument:
        place = (DocumentId(row.id), row.version)
        if place not in self._opened:
            vault = VaultId(row.vault_id)
            key = (await self._vaults.keys(tenant, vault)).vault_key.open_data_key(row.sealed_key, *place)
            name = key.open(row.sealed_name, "name").decode()
            self._opened[place] = OpenDocument(place[0], vault, place[1], name, key)
            if len(self._opened) > _MOST_OPENED:
                self._opened.popitem(last=False)
        self._opened.move_to_end(place)
        return self._opened[place]
