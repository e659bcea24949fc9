"""How common each keyword is in a vault: kept beside the documents in SQL, changed in their transactions.

Of sealed vaults SQL keeps no words: theirs are counted in memory (`sealed_index.py`), and what is kept here is only
that something changed.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's too
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.passages import Searchable
from knowledge_vault.sealed_index import SealedIndex, forget_segments
from knowledge_vault.tables import search_terms, search_totals, vaults
from knowledge_vault.values import Protection, VaultId
from knowledge_vault.words import Language

_MOST_TERMS = 500


@dataclass(frozen=True)
class Totals:
    chunk_count: int
    word_count: int


async def count_in(connection: AsyncConnection, keys: SearchKeys, found: Sequence[Searchable]) -> None:
    """Add the chunks of a document that becomes active."""
    await _revise(connection, keys.vault)
    if keys.protection is Protection.STANDARD:
        await _change(connection, keys, found, sign=1)


async def count_out(connection: AsyncConnection, keys: SearchKeys, found: Sequence[Searchable]) -> None:
    """Take off the chunks of a document that is no longer active."""
    await _revise(connection, keys.vault)
    await forget_segments(connection, keys.vault, {item.document.id for item in found})
    if keys.protection is Protection.STANDARD:
        await _change(connection, keys, found, sign=-1)
        await connection.execute(
            delete(search_terms).where(search_terms.c.vault_id == keys.vault, search_terms.c.chunk_count <= 0)
        )


async def _revise(connection: AsyncConnection, vault: VaultId) -> None:
    await connection.execute(
        update(vaults).where(vaults.c.id == vault).values(revision=vaults.c.revision + 1)
    )


async def _change(
    connection: AsyncConnection, keys: SearchKeys, found: Sequence[Searchable], *, sign: int
) -> None:
    """`keys` must be those in force in this very transaction."""
    vault = keys.vault
    words: Counter[int] = Counter()
    for item in found:
        words.update(item.terms.tolist())
    terms: Counter[int] = Counter()
    for word, count in words.items():
        terms[keys.term(word)] += count
    if terms:
        addition = insert(search_terms)
        await connection.execute(
            addition.on_conflict_do_update(
                index_elements=[search_terms.c.vault_id, search_terms.c.term],
                set_={"chunk_count": search_terms.c.chunk_count + addition.excluded.chunk_count},
            ),
            [{"vault_id": vault, "term": t, "chunk_count": sign * count} for t, count in terms.items()],
        )
    for language in {item.language for item in found}:
        same = [item for item in found if item.language == language]
        addition = insert(search_totals)
        await connection.execute(
            addition.values(
                vault_id=vault,
                language=language,
                chunk_count=sign * len(same),
                word_count=sign * sum(item.word_count for item in same),
            ).on_conflict_do_update(
                index_elements=[search_totals.c.vault_id, search_totals.c.language],
                set_={
                    "chunk_count": search_totals.c.chunk_count + addition.excluded.chunk_count,
                    "word_count": search_totals.c.word_count + addition.excluded.word_count,
                },
            )
        )


class Statistics:
    """Answers how common words are, from SQL or from a sealed vault's memory."""

    def __init__(self, sealed: SealedIndex) -> None:
        self._sealed = sealed

    async def totals(self, connection: AsyncConnection, keys: SearchKeys) -> Mapping[Language, Totals]:
        """By language, those with active chunks only."""
        if keys.protection is Protection.SEALED:
            counted = await self._sealed.totals(keys)
            return {language: Totals(chunks, words) for language, (chunks, words) in counted.items()}
        return await _totals(connection, keys.vault)

    async def frequencies(
        self, connection: AsyncConnection, keys: SearchKeys, terms: Collection[int]
    ) -> Mapping[int, int]:
        """In how many active chunks each of the terms (`SearchKeys.term`) occurs; those in none are left out."""
        if keys.protection is Protection.SEALED:
            return await self._sealed.frequencies(keys, terms)
        return await _frequencies(connection, keys.vault, terms)


async def _totals(connection: AsyncConnection, vault: VaultId) -> Mapping[Language, Totals]:
    rows = await connection.execute(
        select(search_totals).where(search_totals.c.vault_id == vault, search_totals.c.chunk_count > 0)
    )
    return {Language(row.language): Totals(row.chunk_count, row.word_count) for row in rows}


async def _frequencies(
    connection: AsyncConnection, vault: VaultId, terms: Collection[int]
) -> Mapping[int, int]:
    wanted = list(terms)
    found: dict[int, int] = {}
    for start in range(0, len(wanted), _MOST_TERMS):
        rows = await connection.execute(
            select(search_terms.c.term, search_terms.c.chunk_count).where(
                search_terms.c.vault_id == vault,
                search_terms.c.term.in_(wanted[start : start + _MOST_TERMS]),
            )
        )
        found.update({term: count for term, count in rows if count > 0})
    return found
