"""A vault's documents a page at a time, and what they can be told apart by: however many there are, few are opened.

Kind, stage and keyed tags lie beside the sealed row, so SQL chooses by them; names are sealed, and looking for one
opens all that the rest lets through.
"""

import unicodedata
from dataclasses import replace

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.documents import FINAL, Documents
from knowledge_vault.filtering import having_all, keyed, plain
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.parsing.kinds import media_types
from knowledge_vault.tables import document_tags, documents, replacements
from knowledge_vault.values import Contents, DocumentId, DocumentPage, Listing, TenantId, VaultId
from knowledge_vault.web_sources import WebSources


async def page(
    connection: AsyncConnection,
    all_documents: Documents,
    web_sources: WebSources,
    tenant: TenantId,
    vault: VaultId,
    keys: SearchKeys,
    listing: Listing,
) -> DocumentPage:
    """Newest first."""
    chosen = _chosen(tenant, vault, keys, listing)
    order = (documents.c.created_at.desc(), documents.c.id.desc())
    if part := _comparable(listing.name):
        rows = await connection.execute(
            select(documents.c.id, documents.c.version).where(*chosen).order_by(*order)
        )
        places = [(DocumentId(row.id), row.version) for row in rows]
        opened = await all_documents.opened(connection, tenant, places)
        named = [id_ for id_, _ in places if id_ in opened and part in _comparable(opened[id_].name)]
        ids, total = named[listing.offset : listing.offset + listing.limit], len(named)
    else:
        total = await connection.scalar(select(func.count()).select_from(documents).where(*chosen)) or 0
        query = select(documents.c.id).where(*chosen).order_by(*order)
        rows = await connection.execute(query.offset(listing.offset).limit(listing.limit))
        ids = [DocumentId(row.id) for row in rows]
    entries = await all_documents.with_replacements(connection, tenant, ids)
    sources = await web_sources.of(entries)
    return DocumentPage(
        documents=[replace(entry.document, web_source=sources.get(entry.document.id)) for entry in entries],
        total_count=total,
        under_way_count=len(await under_way(connection, tenant, vault)),
    )


async def contents(
    connection: AsyncConnection,
    all_documents: Documents,
    tenant: TenantId,
    vault: VaultId,
    keys: SearchKeys,
) -> Contents:
    """One document of each tag is opened: its keyed number does not say what it is called."""
    ours = (documents.c.tenant_id == tenant, documents.c.vault_id == vault)
    kinds = await connection.execute(
        select(documents.c.media_type, func.count().label("count_"))
        .where(*ours)
        .group_by(documents.c.media_type)
        .order_by(func.count().desc(), documents.c.media_type)
    )
    rows = await connection.execute(
        select(document_tags.c.tag, func.count(), func.min(documents.c.id))
        .join(documents, documents.c.id == document_tags.c.document_id)
        .where(*ours)
        .group_by(document_tags.c.tag)
    )
    counts: dict[int, int] = {}
    examples: dict[DocumentId, None] = {}
    for number, count, example in rows:
        counts[number] = count
        examples[DocumentId(example)] = None
    words: dict[int, str] = {}
    for entry in await all_documents.with_replacements(connection, tenant, list(examples)):
        for tag in entry.document.tags:
            words.setdefault(keyed(keys, tag), tag)
    tags = {words[number]: count for number, count in counts.items() if number in words}
    return Contents(
        tags=dict(sorted(tags.items(), key=lambda each: each[0].casefold())),
        types={row.media_type: row.count_ for row in kinds},
    )


async def under_way(connection: AsyncConnection, tenant: TenantId, vault: VaultId) -> frozenset[DocumentId]:
    """The documents that are being taken in or replaced."""
    found: set[DocumentId] = set()
    for table in (documents, replacements):
        rows = await connection.execute(
            select(table.c.id).where(
                table.c.tenant_id == tenant, table.c.vault_id == vault, table.c.stage.not_in(FINAL)
            )
        )
        found |= {DocumentId(row.id) for row in rows}
    return frozenset(found)


def _chosen(
    tenant: TenantId, vault: VaultId, keys: SearchKeys, listing: Listing
) -> list[ColumnElement[bool]]:
    """What SQL can choose by: everything but the name."""
    conditions = [documents.c.tenant_id == tenant, documents.c.vault_id == vault]
    if listing.types:
        conditions.append(documents.c.media_type.in_(media_types(listing.types)))
    if listing.stages:
        replaced = select(replacements.c.id).where(
            replacements.c.vault_id == vault, replacements.c.stage.in_(listing.stages)
        )
        conditions.append(or_(documents.c.stage.in_(listing.stages), documents.c.id.in_(replaced)))
    if wanted := {keyed(keys, tag) for tag in plain(listing.tags)}:
        conditions.append(documents.c.id.in_(having_all(wanted)))
    return conditions


def _comparable(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()
