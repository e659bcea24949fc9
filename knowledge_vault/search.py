"""Find the passages that bear on a question: rough lists from the index, exact scores from the sealed chunks.

The index is scrambled, so its order is only roughly right: more is fetched than wanted, the sealed chunks are
opened, and both lists are scored again exactly before they are joined.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import statistics
from knowledge_vault.fusion import coverage, fuse, idf, is_open, places
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.keyword_scores import keyword_scores
from knowledge_vault.passages import Passages, Searchable
from knowledge_vault.ports import Database, Embedder
from knowledge_vault.statistics import Totals
from knowledge_vault.tables import documents
from knowledge_vault.values import (
    DocumentId,
    Passage,
    PassageId,
    Ranks,
    SearchResult,
    Stage,
    TenantId,
    VaultId,
)
from knowledge_vault.vaults import Vaults
from knowledge_vault.words import Language, share_without_spaces, split_words, stem

OVERFETCH = 150
"""How many candidates each list gives: what the scrambling misplaces is still among them."""

_NOT_READY = [stage for stage in Stage if stage is not Stage.ACTIVE]


@dataclass(frozen=True)
class _Question:
    """A question's words in each language of the vaults, with what they weigh there."""

    weights: Mapping[Language, Mapping[str, float]]
    known: Mapping[Language, Collection[str]]
    mean_word_count: Mapping[Language, float]
    population: int
    share_without_spaces: float

    @property
    def coverage(self) -> float:
        return max(
            (coverage(words, self.known[language]) for language, words in self.weights.items()), default=0.0
        )

    @property
    def may_use_words(self) -> bool:
        return is_open(self.coverage, self.share_without_spaces)

    def words(self, keys: SearchKeys) -> Mapping[int, float]:
        """The words that occur somewhere, as one vault's sealed chunks name them."""
        return {
            keys.word(language, word): weight
            for language, words in self.weights.items()
            for word, weight in words.items()
            if word in self.known[language]
        }

    def terms(self, keys: SearchKeys) -> Mapping[int, float]:
        """The same words, as one vault's index knows them."""
        return {keys.term(word): weight for word, weight in self.words(keys).items()}


class Searcher:
    def __init__(
        self, database: Database, vaults: Vaults, passages: Passages, index: VaultIndex, embedder: Embedder
    ) -> None:
        self._database = database
        self._vaults = vaults
        self._passages = passages
        self._index = index
        self._embedder = embedder

    async def search(
        self,
        tenant: TenantId,
        vault_ids: Collection[VaultId],
        question: str,
        *,
        limit: int,
        within: Collection[DocumentId] | None,
        vector: NDArray[np.float32] | None = None,
    ) -> SearchResult:
        """`vector`: of the question, when it is known already."""
        vault_ids = list(dict.fromkeys(vault_ids))
        keys = {vault: (await self._vaults.keys(tenant, vault)).search for vault in vault_ids}
        words = split_words(question)
        async with self._database.reading() as connection:
            not_ready = await _count_not_ready(connection, tenant, keys, within)
            asked = await _weigh(connection, keys, words)
        permitted = None if within is None else frozenset(within)
        if not keys or not question.strip() or limit < 1 or permitted == frozenset():
            return SearchResult((), not_ready, 0.0)
        if vector is None:
            vector = (await self._embedder.embed_queries([question]))[0]
        ids = await self._candidates(keys, asked, vector, permitted)
        found = await self._passages.active(tenant, ids, vaults=keys, within=permitted)
        now = [(await self._vaults.keys(tenant, vault)).search.version for vault in vault_ids]
        if now != [key.version for key in keys.values()]:  # the index was replaced under our feet: once more
            return await self.search(tenant, vault_ids, question, limit=limit, within=within, vector=vector)
        ranked = await asyncio.to_thread(_rank, found, keys, asked, vector.astype(np.float64), limit=limit)
        return SearchResult(tuple(ranked), not_ready, asked.coverage)

    async def _candidates(
        self,
        keys: Mapping[VaultId, SearchKeys],
        asked: _Question,
        vector: NDArray[np.float32],
        within: Collection[DocumentId] | None,
    ) -> set[PassageId]:
        work = [self._index.nearest(key, vector, limit=OVERFETCH, within=within) for key in keys.values()]
        if asked.may_use_words:
            work += [
                self._index.matching(key, asked.terms(key), limit=OVERFETCH, within=within)
                for key in keys.values()
            ]
        return {passage for hits in await asyncio.gather(*work) for passage, _ in hits}


async def _count_not_ready(
    connection: AsyncConnection,
    tenant: TenantId,
    vaults: Collection[VaultId],
    within: Collection[DocumentId] | None,
) -> int:
    query = select(func.count()).where(
        documents.c.tenant_id == tenant,
        documents.c.vault_id.in_(list(vaults)),
        documents.c.stage.in_(_NOT_READY),  # not "is not active": that would read every row of a large vault
    )
    if within is not None:
        query = query.where(documents.c.id.in_(list(within)))
    return int(await connection.scalar(query) or 0)


async def _weigh(
    connection: AsyncConnection, keys: Mapping[VaultId, SearchKeys], words: list[str]
) -> _Question:
    """Weigh the words over all vaults searched together, so that their passages compare."""
    totals: dict[Language, Totals] = {}
    for vault in keys:
        for language, more in (await statistics.totals(connection, vault)).items():
            known = totals.get(language, Totals(0, 0))
            totals[language] = Totals(
                known.chunk_count + more.chunk_count, known.word_count + more.word_count
            )
    stems = {language: list(dict.fromkeys(stem(words, language))) for language in totals}
    containing: dict[tuple[Language, str], int] = {}
    for vault, key in keys.items():
        named = {
            key.term(key.word(language, each)): (language, each)
            for language in stems
            for each in stems[language]
        }
        for term, count in (await statistics.frequencies(connection, vault, named)).items():
            containing[named[term]] = containing.get(named[term], 0) + count
    return _Question(
        weights={
            language: {
                each: idf(totals[language].chunk_count, containing.get((language, each), 0))
                for each in stems[language]
            }
            for language in totals
        },
        known={
            language: {each for each in stems[language] if (language, each) in containing}
            for language in totals
        },
        mean_word_count={language: each.word_count / each.chunk_count for language, each in totals.items()},
        population=sum(each.chunk_count for each in totals.values()),
        share_without_spaces=share_without_spaces(words),
    )


def _rank(
    found: Sequence[Searchable],
    keys: Mapping[VaultId, SearchKeys],
    asked: _Question,
    vector: NDArray[np.float64],
    *,
    limit: int,
) -> list[Passage]:
    if not found:
        return []
    similarities = np.stack([item.vector for item in found]).astype(np.float64) @ vector
    keywords = np.zeros(len(found))
    if asked.may_use_words:
        keywords = keyword_scores(
            found, {vault: asked.words(key) for vault, key in keys.items()}, asked.mean_word_count
        )
    fused = fuse(
        similarities, keywords if asked.may_use_words else None, population=asked.population
    ).tolist()
    by_vector = places(similarities.tolist(), counted=[True] * len(found))
    by_words = places(keywords.tolist(), counted=(keywords > 0).tolist())
    order = sorted(range(len(found)), key=lambda at: (-fused[at], found[at].document.id, found[at].number))
    return [
        as_passage(
            found[at],
            score=fused[at],
            similarity=float(similarities[at]),
            ranks=Ranks(keyword=by_words[at], vector=by_vector[at], fused=place),
        )
        for place, at in enumerate(order[:limit], start=1)
    ]


def as_passage(
    item: Searchable, *, score: float = 0.0, similarity: float = 0.0, ranks: Ranks | None = None
) -> Passage:
    chunk, document = item.chunk, item.document
    return Passage(
        passage_id=chunk.passage_id,
        vault_id=document.vault_id,
        document_id=document.id,
        document=document.name,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        heading=chunk.heading,
        score=score,
        similarity=similarity,
        ranks=ranks,
    )
