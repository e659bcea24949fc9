"""Put the candidates of a search in order, and say what each stage made of each. Pure: no index, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge_vault import relevance
from knowledge_vault.fusion import fuse, places
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.keyword_scores import keyword_scores
from knowledge_vault.passages import Searchable
from knowledge_vault.question import Question
from knowledge_vault.spellings import plain
from knowledge_vault.values import NOTHING_ASKED, Ranks, Relevance, VaultId
from knowledge_vault.words import is_same_language, split_words, stem

SAME = 0.985
"""Passages more alike than this say the same: they do not stand against each other."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """A candidate with its place."""

    item: Searchable
    score: float
    """Fused: comparable within one search only."""
    similarity: float
    keyword_score: float
    ranks: Ranks


def rank(
    found: Sequence[Searchable],
    keys: Mapping[VaultId, SearchKeys],
    asked: Question,
    vector: NDArray[np.float64],
) -> list[Ranked]:
    """All candidates, best first."""
    if not found:
        return []
    # Sums depend on their order in the last digit: equal searches are to give equal answers.
    found = sorted(found, key=lambda item: (item.document.id, item.number))
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
    order = sorted(range(len(found)), key=lambda at: (-fused[at], at))
    return [
        Ranked(
            found[at],
            score=fused[at],
            similarity=float(similarities[at]),
            keyword_score=float(keywords[at]),
            ranks=Ranks(keyword=by_words[at], vector=by_vector[at], fused=place),
        )
        for place, at in enumerate(order, start=1)
    ]


def judge(
    ranked: Sequence[Ranked],
    keys: Mapping[VaultId, SearchKeys],
    asked: Question,
    unrelated: NDArray[np.float64],
) -> Relevance:
    """Whether the best of the candidates bear on the question. `unrelated`: similarities of texts that do not."""
    if not ranked:
        return NOTHING_ASKED
    nearest = max(ranked, key=lambda each: each.similarity)
    together, lead, ahead, same_language = 0.0, 0.0, 0.0, True
    if asked.may_use_words:
        shares = [_share(each.item, keys, asked) for each in ranked[: relevance.COMPARED]]
        together = max(_together(each.item, asked) for each in ranked[: relevance.READ])
        leading = ranked[int(np.argmax(shares))].item.vector
        others = [
            (each, share)
            for each, share in zip(ranked, shares, strict=False)
            if float(each.item.vector @ leading) < SAME
        ]
        lead = relevance.lead([max(shares)] + [share for _, share in others])
        ahead = relevance.ahead(
            [ranked[0].similarity] + [each.similarity for each, _ in others if each is not ranked[0]],
            unrelated,
        )
    else:
        same_language = is_same_language(asked.text, nearest.item.chunk.text, nearest.item.language)
    return relevance.judge(
        likeness=relevance.likeness(nearest.similarity, unrelated),
        coverage=asked.coverage,
        together=together,
        lead=lead,
        ahead=ahead,
        words_count=asked.may_use_words,
        same_language=same_language,
    )


def _share(item: Searchable, keys: Mapping[VaultId, SearchKeys], asked: Question) -> float:
    weights = asked.telling.get(item.language, {})
    key = keys[item.document.vault_id]
    here = {word for word in weights if key.word(item.language, word) in item.words}
    return relevance.share(weights, here)


def _together(item: Searchable, asked: Question) -> float:
    text = f"{item.chunk.heading}\n{item.chunk.text}"
    words = split_words(text)
    return relevance.share_together(
        asked.telling.get(item.language, {}),
        stem(words, item.language),
        stem(plain(words), item.language),
    )
