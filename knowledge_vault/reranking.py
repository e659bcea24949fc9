"""Put the best candidates of a search in the order of a model that reads question and passage together.

It changes the order alone. Without a reranker, or where it fails or is too slow, the fused order stays and the result
says so; whether anything relevant was found is decided on the fused order, which that decision was fitted on.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from knowledge_vault.errors import RerankerFailed
from knowledge_vault.ports import Reranker
from knowledge_vault.ranking import Ranked
from knowledge_vault.values import Reranking

log = logging.getLogger("qanat.vault")


@dataclass(frozen=True)
class Reranked:
    ranked: list[Ranked]
    """All candidates, best first."""
    outcome: Reranking


@dataclass(frozen=True)
class RerankingStep:
    """A reranker with what it may cost a search."""

    reranker: Reranker
    candidates: int = 30
    """The best so many of the fused order are read; what comes after them stays after them."""
    timeout_s: float = 10.0
    """Waiting for other searches counts."""

    async def apply(self, question: str, ranked: Sequence[Ranked]) -> Reranked:
        """Never fails: the fused order is the worst outcome."""
        if not ranked:
            return Reranked([], Reranking.NONE)
        best, rest = ranked[: self.candidates], ranked[self.candidates :]
        try:
            async with asyncio.timeout(self.timeout_s):
                scores = await self.reranker.score(question, [_text(each) for each in best])
        except TimeoutError:
            log.warning("search.reranker_too_slow limit_s=%g", self.timeout_s)
            return Reranked(list(ranked), Reranking.TIMED_OUT)
        except RerankerFailed as error:
            log.warning("search.reranker_failed reason=%s", error)
            return Reranked(list(ranked), Reranking.FAILED)
        order = sorted(range(len(best)), key=lambda at: (-float(scores[at]), at))
        placed = [
            replace(best[at], ranks=replace(best[at].ranks, rerank=place))
            for place, at in enumerate(order, start=1)
        ]
        return Reranked([*placed, *rest], Reranking.DONE)


def _text(ranked: Ranked) -> str:
    """What was embedded of it: its headings, then its words."""
    chunk = ranked.item.chunk
    return f"{chunk.heading}\n{chunk.text}" if chunk.heading else chunk.text
