"""Find the passages that bear on a question: rough lists from the index, exact scores from the sealed chunks.

The index is scrambled, so its order is only roughly right: more is fetched than wanted, the sealed chunks are
opened, and both lists are scored again exactly before they are joined.
"""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import relevance
from knowledge_vault.errors import IndexDamaged
from knowledge_vault.fusion import LIST_LENGTH
from knowledge_vault.index.engine import Hits
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.index.vault_index import VaultIndex
from knowledge_vault.passages import Passages, Searchable
from knowledge_vault.ports import Database, Embedder
from knowledge_vault.question import Question, weigh
from knowledge_vault.ranking import Ranked, judge, rank
from knowledge_vault.reconciling import Reconciler
from knowledge_vault.reranking import RerankingStep
from knowledge_vault.sealed_index import SealedIndex
from knowledge_vault.shaping import shape
from knowledge_vault.statistics import Statistics
from knowledge_vault.tables import documents
from knowledge_vault.values import (
    NOTHING_ASKED,
    DocumentId,
    Passage,
    PassageId,
    Protection,
    Relevance,
    Reranking,
    SearchResult,
    Stage,
    TenantId,
    VaultId,
)
from knowledge_vault.vaults import Vaults

OVERFETCH = 150
"""How many candidates each list gives: what the scrambling misplaces is still among them.

A vault that has no more chunks than that is compared as a whole: its index would name them all anyway."""

_NOT_READY = [stage for stage in Stage if stage is not Stage.ACTIVE]


class Searcher:
    def __init__(
        self,
        database: Database,
        vaults: Vaults,
        passages: Passages,
        index: VaultIndex,
        sealed: SealedIndex,
        reconciler: Reconciler,
        embedder: Embedder,
        *,
        whole_up_to: int,
        reranking: RerankingStep | None = None,
    ) -> None:
        self._database = database
        self._vaults = vaults
        self._passages = passages
        self._index = index
        self._sealed = sealed
        self._reconciler = reconciler
        self._statistics = Statistics(sealed)
        self._embedder = embedder
        self._whole_up_to = whole_up_to
        self._reranking = reranking
        self._unrelated_vectors: NDArray[np.float64] | None = None

    async def search(
        self,
        tenant: TenantId,
        vault_ids: Collection[VaultId],
        question: str,
        *,
        limit: int,
        within: Collection[DocumentId] | None,
        vector: NDArray[np.float32] | None = None,
        rerank: bool = True,
    ) -> SearchResult:
        """`vector`: of the question, when it is known already. `rerank`: by the reranker, if there is one.

        Raises:
            VaultUnavailable: the index of a vault does not answer, or is being built again.
        """
        vault_ids = list(dict.fromkeys(vault_ids))
        keys = {vault: (await self._vaults.keys(tenant, vault)).search for vault in vault_ids}
        for key in keys.values():
            if key.protection is Protection.SEALED:
                await self._sealed.refresh(key)
        async with self._database.reading() as connection:
            not_ready = await _count_not_ready(connection, tenant, keys, within)
            asked = await weigh(connection, self._statistics, keys, question)
        permitted = None if within is None else frozenset(within)
        if not keys or not question.strip() or limit < 1 or permitted == frozenset():
            return SearchResult((), not_ready, NOTHING_ASKED)
        small = {vault for vault in keys if asked.chunk_counts[vault] <= self._whole_up_to}
        large = {vault: key for vault, key in keys.items() if vault not in small}
        place, _ = await asyncio.gather(self._vector(question, vector), self._be_sure(large, asked))
        ids = await self._candidates(large, asked, place, permitted)
        found = await self._passages.active(tenant, ids, vaults=keys, whole=small, within=permitted)
        now = [(await self._vaults.keys(tenant, vault)).search.version for vault in vault_ids]
        if now != [key.version for key in keys.values()]:  # the index was replaced under our feet: once more
            return await self.search(
                tenant, vault_ids, question, limit=limit, within=within, vector=place, rerank=rerank
            )
        unrelated = (await self._unrelated()) @ place.astype(np.float64)

        def judged() -> tuple[list[Ranked], Relevance]:
            ranked = rank(found, keys, asked, place.astype(np.float64))
            # on the fused order, which it was fitted on, whatever order a reranker makes of it
            return ranked, judge(ranked, keys, asked, unrelated)

        if self._reranking is None or not rerank:
            outcome = Reranking.NONE if self._reranking is None else Reranking.OFF
            return await asyncio.to_thread(lambda: _result(*judged(), limit, not_ready, outcome))
        ranked, relevance = await asyncio.to_thread(judged)
        reranked = await self._reranking.apply(question, ranked)
        return await asyncio.to_thread(
            _result, reranked.ranked, relevance, limit, not_ready, reranked.outcome
        )

    async def _be_sure(self, keys: Mapping[VaultId, SearchKeys], asked: Question) -> None:
        await asyncio.gather(
            *(
                self._reconciler.be_sure(key, expected=asked.chunk_counts[vault])
                for vault, key in keys.items()
            )
        )

    async def _vector(self, question: str, known: NDArray[np.float32] | None) -> NDArray[np.float32]:
        return known if known is not None else (await self._embedder.embed_queries([question]))[0]

    async def _unrelated(self) -> NDArray[np.float64]:
        """`(count, dimension)`: vectors of texts that bear on no question, embedded once."""
        if self._unrelated_vectors is None:
            vectors = await self._embedder.embed_passages(relevance.UNRELATED)
            self._unrelated_vectors = vectors.astype(np.float64)
        return self._unrelated_vectors

    async def _candidates(
        self,
        keys: Mapping[VaultId, SearchKeys],
        asked: Question,
        vector: NDArray[np.float32],
        within: Collection[DocumentId] | None,
    ) -> set[PassageId]:
        work = [
            self._answer(key, self._index.nearest(key, vector, limit=_wanted_of_vectors(key), within=within))
            for key in keys.values()
        ]
        if asked.may_use_words:
            work += [
                self._answer(key, self._index.matching(key, asked.terms(key), limit=OVERFETCH, within=within))
                for key in keys.values()
            ]
        return {passage for hits in await asyncio.gather(*work) for passage, _ in hits}

    async def _answer(self, keys: SearchKeys, asked: Awaitable[Hits]) -> Hits:
        try:
            return await asked
        except IndexDamaged:
            self._reconciler.suspect(keys)
            raise


def _wanted_of_vectors(key: SearchKeys) -> int:
    """A sealed vault's vectors are exact, and give no more than counts in the end."""
    return LIST_LENGTH if key.protection is Protection.SEALED else OVERFETCH


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


def _result(
    ranked: Sequence[Ranked], relevance: Relevance, limit: int, not_ready: int, reranking: Reranking
) -> SearchResult:
    passages, left_out = shape(ranked, limit=limit)
    return SearchResult(tuple(passages), not_ready, relevance, left_out=tuple(left_out), reranking=reranking)


def as_passage(item: Searchable) -> Passage:
    """A chunk that was asked for by its id, not found by searching."""
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
        score=0.0,
        similarity=0.0,
        ranks=None,
        parent_start=chunk.parent_start,
        parent_end=chunk.parent_end,
    )
