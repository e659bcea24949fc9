"""Documents as rows: what is known about each, how far it has come, and its data key. Knows no text and no index."""

import json
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import ColumnElement, Row, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's too
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.errors import NotFound, SealBroken
from knowledge_vault.keys import DataKey
from knowledge_vault.keys.keyring import VaultKeys
from knowledge_vault.moments import at, microseconds
from knowledge_vault.periods import next_time
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import (
    chunks,
    document_keys,
    document_origins,
    document_texts,
    documents,
    replacements,
    web_sources,
)
from knowledge_vault.values import (
    Document,
    DocumentId,
    Origin,
    Period,
    Problem,
    Stage,
    TenantId,
    VaultId,
)
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
    is_replacement: bool = False
    """It is to take the place of the document's present version, which serves meanwhile."""

    @property
    def data_key(self) -> DataKey:
        return self.opened.data_key

    @property
    def table(self) -> Table:
        """Where its row is."""
        return replacements if self.is_replacement else documents


@dataclass(frozen=True)
class NewDocument:
    id: DocumentId
    version: int
    name: str
    media_type: str
    size_bytes: int
    content_mac: bytes
    original: str
    data_key: DataKey
    search_version: int
    """Of the search secret that keyed `content_mac`."""
    origin: Origin | None = None


class SearchSecretReplaced(Exception):
    """Between making something with a vault's search secret and recording it."""


class Documents:
    def __init__(self, database: Database, vaults: Vaults, clock: Clock) -> None:
        self._database = database
        self._vaults = vaults
        self._clock = clock
        self._opened: OrderedDict[tuple[DocumentId, int], OpenDocument] = OrderedDict()
        """Documents lately used: a search opens chunks of hundreds at once."""

    def forget(self, vault: VaultId) -> None:
        """Drop what is open of a vault that was locked, or whose keys changed."""
        for place in [place for place, opened in self._opened.items() if opened.vault_id == vault]:
            del self._opened[place]

    async def add(self, tenant: TenantId, vault: VaultId, new: NewDocument) -> DocumentId | None:
        """Record a sealed document; when the vault has these bytes already, that document's id instead.

        Raises:
            SearchSecretReplaced: since `content_mac` was made; make it again.
            VaultLocked: meanwhile.
        """
        async with self._database.writing() as connection:
            keys = await self._vaults.keys_in(connection, tenant, vault)
            if keys.search.version != new.search_version:
                raise SearchSecretReplaced
            twin = await connection.scalar(
                select(documents.c.id).where(
                    documents.c.vault_id == vault, documents.c.content_mac == new.content_mac
                )
            )
            if twin is not None:
                return DocumentId(twin)
            await self._insert(connection, documents, keys, new)
        return None

    async def add_replacement(
        self, tenant: TenantId, present: Entry, new: NewDocument, *, may_be_the_same: bool = False
    ) -> tuple[DocumentId | None, Sequence[Entry]]:
        """Record what is to replace a document; the id of a twin instead, as `add`, when there is one.

        With it, what was to replace the document before and is dismissed for it, to be cleaned up after; a twin
        dismisses nothing. `may_be_the_same`: the same bytes as the document's own are no twin: it is to be cut anew.
        """
        vault = present.document.vault_id
        async with self._database.writing() as connection:
            keys = await self._vaults.keys_in(connection, tenant, vault)
            if keys.search.version != new.search_version:
                raise SearchSecretReplaced
            twin = await connection.scalar(
                select(documents.c.id).where(
                    documents.c.vault_id == vault, documents.c.content_mac == new.content_mac
                )
            )
            if twin is not None and not (may_be_the_same and twin == new.id):
                return DocumentId(twin), ()
            earlier = await self._select_in(connection, tenant, replacements, replacements.c.id == new.id)
            for entry in earlier:
                await self.dismiss_replacement(connection, entry)
            await self._insert(connection, replacements, keys, new)
            if tags := present.document.tags:
                await connection.execute(
                    update(replacements)
                    .where(replacements.c.id == new.id)
                    .values(sealed_tags=new.data_key.seal(json.dumps(list(tags)).encode(), "tags"))
                )
        return None, earlier

    async def _insert(
        self, connection: AsyncConnection, table: Table, keys: VaultKeys, new: NewDocument
    ) -> None:
        """`keys`: as this connection sees them."""
        await connection.execute(
            insert(table).values(
                id=new.id,
                tenant_id=keys.vault_key.tenant,
                vault_id=keys.vault_key.vault,
                version=new.version,
                stage=Stage.SEALED,
                progress=0.0,
                attempt=1,
                media_type=new.media_type,
                size_bytes=new.size_bytes,
                content_mac=new.content_mac,
                page_count=None,
                chunk_count=0,
                chunks_done=0,
                pages_done=0,
                original=new.original,
                created_at=microseconds(self._clock.now()),
                sealed_name=new.data_key.seal(new.name.encode(), "name"),
            )
        )
        await connection.execute(
            insert(document_keys).values(
                document_id=new.id,
                version=new.version,
                key_version=keys.vault_key.version,
                sealed_key=keys.vault_key.seal_data_key(new.data_key, new.id, new.version),
            )
        )
        if new.origin is not None:
            origin = json.dumps(asdict(new.origin)).encode()
            await connection.execute(
                insert(document_origins).values(
                    document_id=new.id, version=new.version, sealed=new.data_key.seal(origin, "origin")
                )
            )
            moment = next_time(self._clock.now(), new.id, Period.DAILY)
            await connection.execute(
                insert(web_sources)
                .values(document_id=new.id, period=Period.DAILY, next_at=moment and microseconds(moment))
                .on_conflict_do_nothing()  # it is followed already, as its owner chose
            )

    async def origin(self, entry: Entry) -> Origin | None:
        """Where this version came from; None when it was not fetched from the web."""
        async with self._database.reading() as connection:
            sealed = await connection.scalar(
                select(document_origins.c.sealed).where(
                    document_origins.c.document_id == entry.document.id,
                    document_origins.c.version == entry.document.version,
                )
            )
        return None if sealed is None else Origin(**json.loads(entry.data_key.open(sealed, "origin")))

    async def get(self, tenant: TenantId, document: DocumentId) -> Entry:
        entry = await self.find(tenant, document)
        if entry is None:
            raise NotFound("document", document)
        return entry

    async def find(self, tenant: TenantId, document: DocumentId) -> Entry | None:
        found = await self._select(tenant, documents, documents.c.id == document)
        return found[0] if found else None

    async def find_replacement(self, tenant: TenantId, document: DocumentId) -> Entry | None:
        found = await self._select(tenant, replacements, replacements.c.id == document)
        return found[0] if found else None

    async def versions(self, tenant: TenantId, document: DocumentId) -> Sequence[Entry]:
        """The present version, then the one that is to replace it; empty when there is no such document."""
        both = (await self.find(tenant, document), await self.find_replacement(tenant, document))
        return [entry for entry in both if entry is not None]

    async def list(self, tenant: TenantId, vault: VaultId) -> Sequence[Entry]:
        await self._vaults.keys(tenant, vault)
        return await self._select(tenant, documents, documents.c.vault_id == vault)

    async def first(
        self, connection: AsyncConnection, tenant: TenantId, condition: object, *, limit: int
    ) -> Sequence[Entry]:
        """The oldest documents of the tenant for which the condition on their columns holds."""
        return await self._select_in(connection, tenant, documents, condition, limit=limit)

    async def list_replacements(self, tenant: TenantId, vault: VaultId) -> Sequence[Entry]:
        return await self._select(tenant, replacements, replacements.c.vault_id == vault)

    async def with_replacements(
        self, connection: AsyncConnection, tenant: TenantId, ids: Sequence[DocumentId]
    ) -> Sequence[Entry]:
        """Those of the ids that are the tenant's, in the order given, each document with what is to replace it."""
        present: dict[DocumentId, Entry] = {}
        for start in range(0, len(ids), _MOST_IDS):
            some = ids[start : start + _MOST_IDS]
            new = {
                entry.document.id: entry.document
                for entry in await self._select_in(
                    connection, tenant, replacements, replacements.c.id.in_(some)
                )
            }
            for entry in await self._select_in(connection, tenant, documents, documents.c.id.in_(some)):
                document = replace(entry.document, replacement=new.get(entry.document.id))
                present[document.id] = replace(entry, document=document)
        return [present[each] for each in ids if each in present]

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
                connection, tenant, documents, documents.c.id.in_(missing[start : start + _MOST_IDS])
            )
            found |= {entry.opened.id: entry.opened for entry in entries}
        return found

    async def original_names(self, vault: VaultId) -> Sequence[str]:
        """The names of the vault's sealed files; needs no key."""
        async with self._database.reading() as connection:
            return [
                name
                for table in (documents, replacements)
                for name in (
                    await connection.execute(select(table.c.original).where(table.c.vault_id == vault))
                ).scalars()
            ]

    async def unfinished(self) -> Sequence[tuple[TenantId, DocumentId]]:
        """Documents that are under way themselves, or whose replacement is; oldest first."""
        found: dict[tuple[TenantId, DocumentId], None] = {}
        async with self._database.reading() as connection:
            for table in (documents, replacements):
                rows = await connection.execute(
                    select(table.c.tenant_id, table.c.id)
                    .where(table.c.stage.not_in(FINAL))
                    .order_by(table.c.created_at, table.c.id)
                )
                found |= {(TenantId(tenant), DocumentId(document)): None for tenant, document in rows}
        return list(found)

    async def originals(self) -> set[str]:
        """The names of all files that belong to a document."""
        async with self._database.reading() as connection:
            return {
                name
                for table in (documents, replacements)
                for name in (await connection.execute(select(table.c.original))).scalars()
            }

    async def advance(
        self, connection: AsyncConnection, entry: Entry, *, before: Stage, after: Stage, **facts: object
    ) -> bool:
        """Move to the next stage, unless the document was deleted or is elsewhere meanwhile."""
        result = await connection.execute(
            update(entry.table)
            .where(*_this(entry), entry.table.c.stage == before)
            .values(stage=after, **facts)
        )
        return result.rowcount == 1

    async def is_at(self, connection: AsyncConnection, entry: Entry, stage: Stage) -> bool:
        row = await connection.execute(
            select(entry.table.c.id).where(*_this(entry), entry.table.c.stage == stage)
        )
        return row.first() is not None

    async def fail(self, entry: Entry, *, title: str, detail: str) -> None:
        """Mark this attempt as failed, unless it ended otherwise or was deleted meanwhile."""
        problem = json.dumps({"title": title, "detail": detail}, ensure_ascii=False).encode()
        async with self._database.writing() as connection:
            await connection.execute(
                update(entry.table)
                .where(*_this(entry), entry.table.c.stage.not_in(FINAL))
                .values(stage=Stage.FAILED, sealed_problem=entry.data_key.seal(problem, "problem"))
            )

    async def cancel(self, entry: Entry) -> None:
        """Mark this attempt as cancelled, unless it has ended or was deleted meanwhile."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(entry.table)
                .where(*_this(entry), entry.table.c.stage.not_in(FINAL))
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
                pages_done=0,
                sealed_problem=None,
            )
            if is_reset:
                await _forget_text(connection, entry)

    async def note_progress(
        self,
        connection: AsyncConnection,
        entry: Entry,
        *,
        progress: float,
        chunks_done: int,
        pages_done: int = 0,
    ) -> None:
        await connection.execute(
            update(entry.table)
            .where(*_this(entry))
            .values(progress=progress, chunks_done=chunks_done, pages_done=pages_done)
        )

    async def replace(self, connection: AsyncConnection, present: Entry, new: Entry) -> bool:
        """Let an indexed replacement be the document from now on; the present version's key goes with its rows.

        False, and nothing changed, when either of them is not what it was any more.
        """
        row = (
            await connection.execute(
                select(replacements).where(*_this(new), replacements.c.stage == Stage.INDEXED)
            )
        ).one_or_none()
        if row is None:
            return False
        facts = {name: getattr(row, name) for name in _REPLACED}
        changed = await connection.execute(
            update(documents)
            .where(*_this(present), documents.c.stage == present.document.stage)
            .values(**facts, attempt=1, stage=Stage.ACTIVE, progress=1.0, sealed_problem=row.sealed_problem)
        )
        if changed.rowcount != 1:
            return False
        await self._forget_version(connection, present)
        await connection.execute(delete(replacements).where(replacements.c.id == new.document.id))
        return True

    async def dismiss_replacement(self, connection: AsyncConnection, new: Entry) -> None:
        """Remove what was to replace a document, its key first."""
        await self._forget_version(connection, new)
        await connection.execute(delete(replacements).where(*_this(new)))

    async def _forget_version(self, connection: AsyncConnection, entry: Entry) -> None:
        place = (entry.document.id, entry.document.version)
        await connection.execute(
            delete(document_keys).where(
                document_keys.c.document_id == place[0], document_keys.c.version == place[1]
            )
        )
        await connection.execute(
            delete(document_origins).where(
                document_origins.c.document_id == place[0], document_origins.c.version == place[1]
            )
        )
        await _forget_text(connection, entry)
        self._opened.pop(place, None)

    async def delete(self, connection: AsyncConnection, entry: Entry) -> None:
        """Remove the keys first in name and all rows with them; the caller commits and cleans up the rest."""
        document = entry.document.id
        await connection.execute(delete(document_keys).where(document_keys.c.document_id == document))
        await connection.execute(delete(documents).where(documents.c.id == document))
        for place in [place for place in self._opened if place[0] == document]:
            del self._opened[place]

    async def _select(self, tenant: TenantId, table: Table, condition: object) -> Sequence[Entry]:
        async with self._database.reading() as connection:
            return await self._select_in(connection, tenant, table, condition)

    async def _select_in(
        self,
        connection: AsyncConnection,
        tenant: TenantId,
        table: Table,
        condition: object,
        *,
        limit: int | None = None,
    ) -> Sequence[Entry]:
        query = (
            select(table, document_keys.c.sealed_key, document_keys.c.key_version)
            .join(
                document_keys,
                (document_keys.c.document_id == table.c.id) & (document_keys.c.version == table.c.version),
            )
            .where(table.c.tenant_id == tenant, condition)  # type: ignore[arg-type]  # a column expression
            .order_by(table.c.created_at, table.c.id)
            .limit(limit)
        )
        rows = (await connection.execute(query)).all()
        return [await self._entry(tenant, row, is_replacement=table is replacements) for row in rows]

    async def put_away(self, connection: AsyncConnection, entry: Entry) -> bool:
        """Mark an active document as failed since its sealed bytes were altered; False when it was not active."""
        problem = json.dumps(asdict(DAMAGED), ensure_ascii=False).encode()
        return await self.advance(
            connection,
            entry,
            before=Stage.ACTIVE,
            after=Stage.FAILED,
            sealed_problem=entry.data_key.seal(problem, "problem"),
        )

    async def kept_versions(self, vault: VaultId) -> Sequence["KeptVersion"]:
        """What rows keep of each document and of each replacement; nothing is opened, and no key need be there."""
        found: list[KeptVersion] = []
        async with self._database.reading() as connection:
            for table in (documents, replacements):
                key, origin = (
                    (each.c.document_id == table.c.id) & (each.c.version == table.c.version)
                    for each in (document_keys, document_origins)
                )
                source = (web_sources.c.document_id == table.c.id) & (
                    web_sources.c.problem_version == table.c.version
                )
                rows = await connection.execute(
                    select(
                        table,
                        document_keys.c.sealed_key,
                        document_keys.c.key_version,
                        document_origins.c.sealed.label("sealed_origin"),
                        web_sources.c.sealed_problem.label("sealed_web_problem"),
                    )
                    .outerjoin(document_keys, key)
                    .outerjoin(document_origins, origin)
                    .outerjoin(web_sources, source)
                    .where(table.c.vault_id == vault)
                    .order_by(table.c.created_at, table.c.id)
                )
                found += [
                    KeptVersion(
                        DocumentId(row.id),
                        row.version,
                        row.key_version or 0,
                        row.sealed_key,
                        row.sealed_name,
                        row.sealed_problem,
                        row.sealed_tags,
                        row.sealed_origin,
                        row.sealed_web_problem,
                        row.original,
                        row.chunk_count,
                        row.stage == Stage.ACTIVE,
                    )
                    for row in rows
                ]
        return found

    async def sealed_text(self, version: "KeptVersion") -> tuple[bytes | None, Mapping[int, bytes]]:
        """A version's text and chunks, sealed, the chunks by number."""
        async with self._database.reading() as connection:
            text = await connection.scalar(
                select(document_texts.c.sealed).where(
                    document_texts.c.document_id == version.id, document_texts.c.version == version.version
                )
            )
            rows = await connection.execute(
                select(chunks.c.number, chunks.c.sealed).where(
                    chunks.c.document_id == version.id, chunks.c.version == version.version
                )
            )
            return text, {row.number: row.sealed for row in rows}

    async def _entry(self, tenant: TenantId, row: Row[tuple[object, ...]], *, is_replacement: bool) -> Entry:
        stage, problem = Stage(row.stage), None
        await self._vaults.keys(
            tenant, VaultId(row.vault_id)
        )  # also for those at hand: it may be locked by now
        try:
            opened = await self._open(tenant, row)
            if row.sealed_problem is not None:
                problem = Problem(**json.loads(opened.data_key.open(row.sealed_problem, "problem")))
        except SealBroken:
            opened, stage, problem = _damaged(tenant, row), Stage.FAILED, DAMAGED
        document = Document(
            id=opened.id,
            vault_id=opened.vault_id,
            name=opened.name,
            media_type=row.media_type,
            size_bytes=row.size_bytes,
            stage=stage,
            progress=row.progress,
            problem=problem,
            page_count=row.page_count,
            chunk_count=row.chunk_count,
            chunks_done=row.chunks_done,
            pages_done=row.pages_done,
            created_at=at(row.created_at),
            version=opened.version,
            attempt=row.attempt,
            tags=_tags(opened, row.sealed_tags),
        )
        return Entry(document, row.original, opened, is_replacement)

    async def _open(self, tenant: TenantId, row: Row[tuple[object, ...]]) -> OpenDocument:
        place = (DocumentId(row.id), row.version)
        vault = VaultId(row.vault_id)
        if place not in self._opened:
            vault_key = await self._vaults.key_of_version(tenant, vault, row.key_version)
            key = vault_key.open_data_key(row.sealed_key, *place)
            name = key.open(row.sealed_name, "name").decode()
            self._opened[place] = OpenDocument(place[0], vault, place[1], name, key)
            if len(self._opened) > _MOST_OPENED:
                self._opened.popitem(last=False)
        self._opened.move_to_end(place)
        return self._opened[place]


@dataclass(frozen=True)
class KeptVersion:
    """A document's version as its rows keep it, unopened."""

    id: DocumentId
    version: int
    key_version: int
    sealed_key: bytes | None
    sealed_name: bytes
    sealed_problem: bytes | None
    sealed_tags: bytes | None
    sealed_origin: bytes | None
    sealed_web_problem: bytes | None
    original: str
    chunk_count: int
    is_active: bool


DAMAGED = Problem(
    "Sealed copy damaged",
    "Something that was kept of this document was altered or lost on the disk; nothing of it is shown. Retry: it is "
    "taken in again from its sealed original. If that fails too, delete it and add it again.",
)


def _tags(opened: OpenDocument, sealed: bytes | None) -> tuple[str, ...]:
    """None where they do not open: a document is not lost for its tags; `scrub` names it."""
    try:
        return tuple(json.loads(opened.data_key.open(sealed, "tags"))) if sealed else ()
    except SealBroken:
        return ()


def _damaged(tenant: TenantId, row: Row[tuple[object, ...]]) -> OpenDocument:
    """Stands for a document whose own key or name does not open: it can be seen and deleted, and opens nothing."""
    place = DocumentId(row.id), row.version
    nothing = DataKey(crypto.new_secret(), (tenant, row.vault_id, *place))
    return OpenDocument(place[0], VaultId(row.vault_id), place[1], f"Damaged document {row.id[:4]}", nothing)


_REPLACED = (
    *(
        "version",
        "media_type",
        "size_bytes",
        "content_mac",
        "page_count",
        "chunk_count",
        "chunks_done",
        "pages_done",
    ),
    *("original", "sealed_name", "sealed_tags"),
)
"""What a document takes over from its replacement."""


def _this(entry: Entry) -> tuple[ColumnElement[bool], ...]:
    """This version in this attempt, as rows are found by it."""
    table, document = entry.table, entry.document
    return (
        table.c.id == document.id,
        table.c.version == document.version,
        table.c.attempt == document.attempt,
    )


async def _forget_text(connection: AsyncConnection, entry: Entry) -> None:
    for table in (chunks, document_texts):
        await connection.execute(
            delete(table).where(
                table.c.document_id == entry.document.id, table.c.version == entry.document.version
            )
        )
