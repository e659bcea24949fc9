"""Join what the keyword list and the vector list say into one order. Pure arithmetic: retrieval.md §3.3 measured it."""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LIST_LENGTH = 100
"""How much of each list tells what a usual score is."""

GATE = 0.5
GATE_WITHOUT_SPACES = 0.38
"""Least coverage for keywords to count; pairs of characters cover less than words do."""

_K1 = 1.2
_B = 0.75


def idf(chunk_count: int, containing: int) -> float:
    """The weight of a word: the rarer, the heavier; never negative."""
    return math.log(1 + (chunk_count - containing + 0.5) / (containing + 0.5))


def bm25(
    occurrences: NDArray[np.float64], word_count: NDArray[np.float64], mean_word_count: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What words' weights are multiplied by in chunks that have them so often: 0 to 1.

    A mean of 0, which is no mean at all, takes the chunk as of usual length. What occurs 0 times is another spelling
    of what is counted already (`spellings`), and counts as if it were there once.
    """
    occurrences = np.maximum(occurrences, 1.0)
    mean = np.where(mean_word_count > 0, mean_word_count, word_count)
    length = word_count / np.maximum(mean, 1.0)
    return np.asarray(occurrences / (occurrences + _K1 * (1 - _B + _B * length)))


def coverage(weights: Mapping[str, float], known: Collection[str]) -> float:
    """The share of a question's weight in words that are known; 0 for a question without words.

    Low coverage means another language or another subject: stray numbers and names would mislead then.
    """
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in known) / total if total else 0.0


def is_open(covered: float, share_without_spaces: float) -> bool:
    """Whether keywords may count for a question, by its coverage and script."""
    gate = GATE + (GATE_WITHOUT_SPACES - GATE) * share_without_spaces
    return covered >= gate


def fuse(
    similarities: NDArray[np.float64], keyword_scores: NDArray[np.float64] | None, *, population: int
) -> NDArray[np.float64]:
    """One score per candidate: the sum of how far each list lifts it above its own top's mean.

    `keyword_scores`: None when the gate is closed. `population`: how many chunks could have been candidates; those
    without any of the words count as zeros in the keyword list.
    """
    fused = _standard(similarities, _top(similarities))
    if keyword_scores is not None:
        top = _top(keyword_scores)
        missing = min(LIST_LENGTH, population) - len(top)
        fused = fused + _standard(keyword_scores, np.pad(top, (0, max(0, missing))))
    return fused


def _top(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sort(scores)[::-1][:LIST_LENGTH]


def _standard(scores: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(among):
        return np.zeros_like(scores)
    return np.asarray((scores - among.mean()) / (among.std() + 1e-9))


def places(scores: Sequence[float], *, counted: Sequence[bool]) -> list[int | None]:
    """The place, from 1, of each score among those counted; None for the others. Ties keep their order."""
    order = sorted((index for index, is_in in enumerate(counted) if is_in), key=lambda index: -scores[index])
    found: list[int | None] = [None] * len(scores)
    for place, index in enumerate(order, start=1):
        found[index] = place
    return found
