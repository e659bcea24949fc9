"""Which documents a search may look at by their tags, kinds, names and dates, and the tags themselves.

At rest a tag is a keyed number beside its sealed words: it tells which documents share a tag, and not which tag.
"""

import json
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.documents import Documents, Entry
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.moments import microseconds
from knowledge_vault.parsing.kinds import media_types
from knowledge_vault.tables import document_tags, documents
from knowledge_vault.values import DocumentId, Filters, TenantId, VaultId

MOST_TAGS = 30
_LANGUAGE = "\0tag"
"""Keeps tags apart from the words of any language under the same key."""


def plain(tags: Collection[str]) -> tuple[str, ...]:
    """Each once, without the spaces around it, in alphabetical order; of two spellings the first is kept."""
    once: dict[str, str] = {}
    for tag in tags:
        words = " ".join(unicodedata.normalize("NFKC", tag).split())
        if words:
            once.setdefault(words.casefold(), words)
    return tuple(once[key] for key in sorted(once))


async def set_tags(
    connection: AsyncConnection, versions: Sequence[Entry], keys: SearchKeys, tags: Sequence[str]
) -> None:
    """Give a document these tags and no others, in its present version and the one that is to replace it."""
    document = versions[0].document.id
    await connection.execute(delete(document_tags).where(document_tags.c.document_id == document))
    if tags:
        await connection.execute(
            insert(document_tags),
            [
                {"document_id": document, "tag": number}
                for number in sorted({keyed(keys, tag) for tag in tags})
            ],
        )
    for entry in versions:
        sealed = entry.data_key.seal(json.dumps(list(tags)).encode(), "tags") if tags else None
        table = entry.table
        await connection.execute(
            update(table)
            .where(table.c.id == document, table.c.version == entry.document.version)
            .values(sealed_tags=sealed)
        )


async def matching(
    connection: AsyncConnection,
    all_documents: Documents,
    tenant: TenantId,
    keys: Mapping[VaultId, SearchKeys],
    filters: Filters,
) -> set[DocumentId] | None:
    """The documents that the filters let through; None when they leave nothing out."""
    if filters == Filters():
        return None
    found: set[DocumentId] = set()
    for vault, key in keys.items():
        query = select(documents.c.id).where(documents.c.tenant_id == tenant, documents.c.vault_id == vault)
        if filters.types:
            query = query.where(documents.c.media_type.in_(media_types(filters.types)))
        if filters.added_after is not None:
            query = query.where(documents.c.created_at >= microseconds(filters.added_after))
        if filters.added_before is not None:
            query = query.where(documents.c.created_at < microseconds(filters.added_before))
        if wanted := {keyed(key, tag) for tag in plain(filters.tags)}:
            query = query.where(documents.c.id.in_(having_all(wanted)))
        ids = {DocumentId(each) for each in (await connection.execute(query)).scalars()}
        found |= await _named(all_documents, tenant, vault, ids, filters.documents)
    return found


async def _named(
    all_documents: Documents,
    tenant: TenantId,
    vault: VaultId,
    ids: set[DocumentId],
    wanted: Collection[str],
) -> set[DocumentId]:
    """Those of the ids that are wanted by id or by name; all when nothing is. Names are sealed: each is opened."""
    if not wanted:
        return ids
    if all(each in ids for each in wanted):
        return {DocumentId(each) for each in wanted}
    names = {each.strip().casefold() for each in wanted}
    return {
        entry.document.id
        for entry in await all_documents.list(tenant, vault)
        if entry.document.id in ids
        and (entry.document.id in wanted or entry.document.name.casefold() in names)
    }


def having_all(wanted: Collection[int]) -> Select[tuple[str]]:
    """The documents that have all of these keyed tags."""
    return (
        select(document_tags.c.document_id)
        .where(document_tags.c.tag.in_(wanted))
        .group_by(document_tags.c.document_id)
        .having(func.count() == len(wanted))
    )


def keyed(keys: SearchKeys, tag: str) -> int:
    """What stands for a tag at rest."""
    return keys.word(_LANGUAGE, tag.casefold())
