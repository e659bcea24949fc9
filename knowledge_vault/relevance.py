"""Decide whether what a search found bears on the question at all. Pure arithmetic on what the search knows anyway.

The weights were fitted on questions whose answer was there and on the same questions after their paragraph or
their article had been taken out; docs/decisions/saying-nothing-was-found.md tells how, and what it costs.
"""

from collections.abc import Mapping, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.fusion import idf
from knowledge_vault.values import Relevance

UNRELATED = (
    "The weather was pleasant and people walked along the river.",
    "How many people came to the meeting?",
    "天气很好，人们沿着河边散步。",
    "Погода была хорошей, и люди гуляли вдоль реки.",
    "Wie viele Leute kamen zu dem Treffen?",
    "El tiempo era agradable y la gente paseaba por el río.",
)
"""How alike an embedder finds what has nothing in common differs from one to the next: likeness is counted from
there."""

READ = 3
"""In so many of the best passages the question's words are looked for."""
COMPARED = 10
"""Against the best of so many passages the leading one is held."""
_RUN, _STEP = 40, 20
"""Words that stand near each other, and how far the next look begins."""
_FOLLOWING = 5
"""Passages after the first one that it is held against."""
_BACKGROUND = 100
"""Chunks of other text to imagine beside the vault's: in a small vault every word is rare otherwise."""


def weight(chunk_count: int, containing: int) -> float:
    """What a word counts for here, the rarer the more."""
    return idf(chunk_count + _BACKGROUND, containing)


def likeness(similarity: float, unrelated: NDArray[np.float64]) -> float:
    """How far a similarity lies between that of unrelated texts, 0, and that of equal ones, 1."""
    base = float(unrelated.mean())
    return (similarity - base) / max(1.0 - base, 1e-3)


def share(weights: Mapping[str, float], words: Set[str]) -> float:
    """How much of the question's weight is in these words, from 0 to 1; 0 for a question without words."""
    total = sum(weights.values())
    return sum(each for word, each in weights.items() if word in words) / total if total else 0.0


def share_together(weights: Mapping[str, float], words: Sequence[str], plain: Sequence[str] = ()) -> float:
    """The most of the question's weight that stands in one stretch of a text's words, given in their order.

    `plain`: the same words, spelled without accents.
    """
    return max(
        (
            share(weights, {*words[start : start + _RUN], *plain[start : start + _RUN]})
            for start in range(0, max(1, len(words) - _STEP), _STEP)
        ),
        default=0.0,
    )


def lead(shares: Sequence[float]) -> float:
    """How much more of the question's weight the passage with the most has than the next five have."""
    best, *others = sorted(shares, reverse=True) or [0.0]
    return best - float(np.mean(others[:_FOLLOWING] or [0.0]))


def ahead(similarities: Sequence[float], unrelated: NDArray[np.float64]) -> float:
    """How much nearer in meaning the first passage is than the next five, on the scale of likeness.

    In their order, which words decide too: with the answer there, words and meaning point to one passage.
    """
    if len(similarities) < 2:
        return 0.0
    first, *others = (likeness(each, unrelated) for each in similarities[: 1 + _FOLLOWING])
    return first - float(np.mean(others))


def judge(
    *,
    likeness: float,
    coverage: float,
    together: float,
    lead: float,
    ahead: float,
    words_count: bool,
    same_language: bool,
) -> Relevance:
    """`words_count`: whether the coverage gate let the question's words take part in the search.

    `same_language`: whether the nearest passage is in the question's language; matters when they did not.
    """
    if words_count:
        margin = 5.4 * together + 7.7 * lead + 8.9 * likeness + 9.9 * ahead - 7.4
    else:
        margin = 11.9 * likeness - 3.7 * same_language - 1.1
    return Relevance(
        found=margin >= 0,
        margin=margin,
        likeness=likeness,
        coverage=coverage,
        together=together,
        lead=lead,
        ahead=ahead,
        words_count=words_count,
        same_language=same_language,
    )
