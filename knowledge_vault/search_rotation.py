"""Replace a vault's search secret: scramble its index into a second shard, then switch; the old one serves meanwhile.

Sealed chunks stay as they are: their words are named by a secret of their own. What changes are the points of the
index, the keyed statistics of words, and the keyed digests that recognise a file that is there already. After a
crash the second shard is filled again, over the points that are there already.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.documents import Documents, Entry
from knowledge_vault.errors import SealBroken
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.ingestion import Ingestion
from knowledge_vault.keys.keyring import VaultKeyring, VaultKeys
from knowledge_vault.keys.rotation import Progress
from knowledge_vault.originals import Originals
from knowledge_vault.passages import Passages, Searchable
from knowledge_vault.ports import Database
from knowledge_vault.sealed_index import SealedIndex
from knowledge_vault.tables import documents, replacements, search_terms, search_totals, segments, vaults
from knowledge_vault.values import DocumentId, PassageId, Protection, Stage, TenantId, VaultId
from knowledge_vault.words import Language

_MOST_ROWS = 500

_Place = tuple[DocumentId, int, int]
"""A document, its version and attempt: together they name what was indexed."""


_Version = tuple[DocumentId, int]


@dataclass(frozen=True)
class _Indexed:
    passages: frozenset[PassageId]
    terms: Counter[int]
    totals: Counter[tuple[Language, str]]


class SearchRotation:
    def __init__(
        self,
        database: Database,
        keyring: VaultKeyring,
        documents_: Documents,
        passages: Passages,
        originals: Originals,
        index: VaultIndex,
        sealed: SealedIndex,
        ingestion: Ingestion,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._documents = documents_
        self._passages = passages
        self._originals = originals
        self._index = index
        self._sealed = sealed
        self._ingestion = ingestion

    async def is_under_way(self, tenant: TenantId, vault: VaultId) -> bool:
        async with self._database.reading() as connection:
            query = select(vaults.c.next_search_version).where(
                vaults.c.id == vault, vaults.c.tenant_id == tenant
            )
            return await connection.scalar(query) is not None

    async def check_room(self, vault: VaultId) -> None:
        """Raises:
        VaultFull: the vault has more chunks than a sealed one can hold.
        """
        async with self._database.reading() as connection:
            await self._sealed.check_room(connection, vault)

    async def aim(self, tenant: TenantId, vault: VaultId, protection: Protection) -> None:
        """Let an index that is being built anew be of this protection; where none is, there is nothing to change."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(vaults)
                .where(
                    vaults.c.id == vault,
                    vaults.c.tenant_id == tenant,
                    vaults.c.next_search_version.is_not(None),
                )
                .values(next_protection=protection)
            )
        self._keyring.forget(vault)

    async def run(
        self,
        tenant: TenantId,
        vault: VaultId,
        progress: Progress,
        *,
        protection: Protection | None = None,
    ) -> None:
        """Replace the search secret, or go on with a replacement that was begun. Documents come and go meanwhile.

        `protection`: what the vault has from then on; None keeps what it has, or was to have. `aim` changes it
        under way.

        Raises:
            VaultLocked: only an open vault can be indexed.
            VaultFull: it has more chunks than a sealed vault can hold; it stays as it was.
        """
        following = await self._begin(tenant, vault, protection)
        indexed: dict[_Place, _Indexed] = {}
        digests: dict[_Version, bytes] = {}
        while True:
            entries = [
                *await self._documents.list(tenant, vault),
                *await self._documents.list_replacements(tenant, vault),
            ]
            await self._keyring.keys(tenant, vault)  # locked meanwhile: this waits too
            await self._take_over(entries, following, indexed, digests, progress)
            if following.protection is Protection.SEALED:
                await self._sealed.compact(following)
            async with self._database.writing() as connection:
                keys = await self._keyring.open_in(connection, tenant, vault)
                assert keys.next_search is not None
                if keys.next_search.protection is not following.protection:  # something else is wanted by now
                    following = keys.next_search
                    indexed.clear()
                    continue
                if following.protection is Protection.SEALED:
                    await self._sealed.check_room(connection, vault)
                if await _is_complete(connection, vault, indexed, digests):
                    await self._switch(connection, keys, following, indexed, digests)
                    self._keyring.forget(vault)
                    break
        self._keyring.forget(vault)
        await self._index.drop(keys.search.shard)

    async def _begin(self, tenant: TenantId, vault: VaultId, protection: Protection | None) -> SearchKeys:
        async with self._database.writing() as connection:
            keys = await self._keyring.open_in(connection, tenant, vault)
            kept = keys.next_search or keys.search
            if (protection or kept.protection) is Protection.SEALED:
                await self._sealed.check_room(connection, vault)
            if keys.next_search is not None and protection is not None:
                await connection.execute(
                    update(vaults).where(vaults.c.id == vault).values(next_protection=protection)
                )
                keys = await self._keyring.open_in(connection, tenant, vault)
            if keys.next_search is None:
                version = keys.search.version + 1
                facts: dict[str, object] = {
                    "next_search_version": version,
                    "next_protection": protection or keys.search.protection,
                    "sealed_next_search_secret": keys.vault_key.seal_secret(
                        crypto.new_secret(), "search-secret", version
                    ),
                    "secrets_by_vault_key": True,
                    "sealed_search_secret": keys.vault_key.seal_secret(
                        keys.search_secret, "search-secret", keys.search.version
                    ),
                }
                await connection.execute(update(vaults).where(vaults.c.id == vault).values(**facts))
                keys = await self._keyring.open_in(connection, tenant, vault)
            assert keys.next_search is not None
        self._keyring.forget(vault)
        return keys.next_search

    async def _take_over(
        self,
        entries: Sequence[Entry],
        following: SearchKeys,
        indexed: dict[_Place, _Indexed],
        digests: dict[_Version, bytes],
        progress: Progress,
    ) -> None:
        """Index what is not indexed yet under the new secret, and take out what is gone."""
        active = {_place(entry) for entry in entries if entry.document.stage is Stage.ACTIVE}
        for place in [place for place in indexed if place not in active]:
            del indexed[place]
        for done, entry in enumerate(entries, start=1):
            version = entry.document.id, entry.document.version
            if version not in digests:
                digests[version] = await self._digest(entry, following)
            place = _place(entry)
            if place in active and place not in indexed:
                found, _ = await self._passages.readable(entry)
                await self._ingestion.add_to_index(following, found)
                indexed[place] = await asyncio.to_thread(_counted, found, following)
            progress(done, len(entries))
        if following.protection is Protection.SEALED:  # nothing at rest, whatever it was begun as
            await self._index.drop(following.shard)
            return
        wanted = {passage for each in indexed.values() for passage in each.passages}
        if surplus := await self._index.ids(following) - wanted:
            await self._index.remove(following, surplus)

    async def _digest(self, entry: Entry, following: SearchKeys) -> bytes:
        mac = crypto.digest(following.content_key)
        try:
            async for part in self._originals.stream(entry.original, entry.data_key):
                mac.update(part)
        except SealBroken:
            return crypto.new_secret()  # damaged: no other file is a duplicate of it
        return mac.digest()

    @staticmethod
    async def _switch(
        connection: AsyncConnection,
        keys: VaultKeys,
        following: SearchKeys,
        indexed: dict[_Place, _Indexed],
        digests: dict[_Version, bytes],
    ) -> None:
        vault, key = following.vault, keys.vault_key
        for table in (search_terms, search_totals):
            await connection.execute(delete(table).where(table.c.vault_id == vault))
        gone = segments.c.vault_id == vault
        if following.protection is Protection.SEALED:
            gone &= segments.c.search_version != following.version
        await connection.execute(delete(segments).where(gone))
        terms: Counter[int] = Counter()
        totals: Counter[tuple[Language, str]] = Counter()
        if following.protection is Protection.STANDARD:  # of a sealed vault nothing is counted at rest
            for each in indexed.values():
                terms.update(each.terms)
                totals.update(each.totals)
        rows = [{"vault_id": vault, "term": term, "chunk_count": count} for term, count in terms.items()]
        for start in range(0, len(rows), _MOST_ROWS):
            await connection.execute(insert(search_terms), rows[start : start + _MOST_ROWS])
        for language in {language for language, _ in totals}:
            await connection.execute(
                insert(search_totals).values(
                    vault_id=vault,
                    language=language,
                    chunk_count=totals[language, "chunks"],
                    word_count=totals[language, "words"],
                )
            )
        for (document, version), digest in digests.items():
            for table in (documents, replacements):
                await connection.execute(
                    update(table)
                    .where(table.c.id == document, table.c.version == version)
                    .values(content_mac=digest)
                )
        assert keys.next_search_secret is not None
        await connection.execute(
            update(vaults)
            .where(vaults.c.id == vault)
            .values(
                search_version=following.version,
                sealed_search_secret=key.seal_secret(
                    keys.next_search_secret, "search-secret", following.version
                ),
                sealed_word_secret=key.seal_secret(keys.word_secret or keys.search_secret, "word-secret", 1),
                protection=following.protection,
                next_protection=None,
                revision=vaults.c.revision + 1,
                next_search_version=None,
                sealed_next_search_secret=None,
            )
        )


async def _is_complete(
    connection: AsyncConnection,
    vault: VaultId,
    indexed: dict[_Place, _Indexed],
    digests: dict[_Version, bytes],
) -> bool:
    """Nothing came, went or changed since: asked inside the transaction that switches."""
    active: set[_Place] = set()
    known: set[_Version] = set()
    for table in (documents, replacements):
        columns = (table.c.id, table.c.version, table.c.attempt, table.c.stage)
        for row in await connection.execute(select(*columns).where(table.c.vault_id == vault)):
            known.add((row.id, row.version))
            if row.stage == Stage.ACTIVE:
                active.add((row.id, row.version, row.attempt))
    return active == set(indexed) and known <= set(digests)


def _place(entry: Entry) -> _Place:
    return entry.document.id, entry.document.version, entry.document.attempt


def _counted(found: Sequence[Searchable], keys: SearchKeys) -> _Indexed:
    words: Counter[int] = Counter()
    for item in found:
        words.update(item.terms.tolist())
    terms: Counter[int] = Counter()
    for word, count in words.items():
        terms[keys.term(word)] += count
    totals: Counter[tuple[Language, str]] = Counter()
    for item in found:
        totals[item.language, "chunks"] += 1
        totals[item.language, "words"] += item.word_count
    return _Indexed(frozenset(item.chunk.passage_id for item in found), terms, totals)
