"""A second reading puts the best passages in order; where it cannot, the search stays as good as it was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge_vault.errors import RerankerFailed
from knowledge_vault.ports import Reranker
from knowledge_vault.reranking import RerankingStep
from knowledge_vault.values import Reranking
from tests.knowledge_vault.making import ALICE, WordReranker, open_vault, take_in


class BrokenReranker:
    async def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        raise RerankerFailed("broken", reason="it is out of order")


class EndlessReranker:
    async def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        await asyncio.Event().wait()
        return np.zeros(len(texts))


KEEPERS = [
    f"The keeper {name} counted {number} hives."
    for number, name in enumerate(["Ada", "Berta", "Cora", "Dora"])
]


@pytest.mark.parametrize(
    ("reranker", "wanted", "outcome"),
    [
        (None, True, Reranking.NONE),
        (WordReranker(), False, Reranking.OFF),
        (BrokenReranker(), True, Reranking.FAILED),
        (EndlessReranker(), True, Reranking.TIMED_OUT),
    ],
    ids=["none", "off", "broken", "endless"],
)
async def test_without_the_second_reading_a_search_keeps_its_own_order_and_says_so(
    tmp_path: Path, reranker: Reranker | None, wanted: bool, outcome: Reranking
) -> None:
    step = reranker and RerankingStep(reranker, timeout_s=0.05)
    async with open_vault(tmp_path, reranking=step) as vault:
        home = (await vault.create_vault(ALICE, name="Hives")).id
        for number, text in enumerate(KEEPERS):
            await take_in(vault, home, f"{number}.txt", text)
        found = await vault.search(ALICE, [home], "How many hives did Cora count?", rerank=wanted)
        assert found.reranking is outcome
        ranks = [passage.ranks for passage in found.passages if passage.ranks]
        assert [each.fused for each in ranks] == [1, 2, 3, 4]
        assert [each.rerank for each in ranks] == [None] * 4
        [many] = await vault.search_many(ALICE, [home], ["How many hives?"], rerank=wanted)
        assert many.reranking is outcome


async def test_only_the_best_are_read_again_and_what_is_relevant_is_decided_before(tmp_path: Path) -> None:
    class Backwards:
        """Finds the last the best."""

        async def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
            return np.arange(len(texts), dtype=np.float64)

    async with open_vault(tmp_path, reranking=RerankingStep(Backwards(), candidates=3)) as vault:
        home = (await vault.create_vault(ALICE, name="Hives")).id
        for number, text in enumerate(KEEPERS):
            await take_in(vault, home, f"{number}.txt", text)
        found = await vault.search(ALICE, [home], "How many hives did Cora count?")
        ranks = [passage.ranks for passage in found.passages if passage.ranks]
        assert [(each.fused, each.rerank) for each in ranks] == [(3, 1), (2, 2), (1, 3), (4, None)]
        before = await vault.search(ALICE, [home], "How many hives did Cora count?", rerank=False)
        assert found.relevance == before.relevance
