"""Score all candidates of a search by the question's words at once: BM25 over the exact counts in the sealed chunks."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.fusion import bm25
from knowledge_vault.passages import Searchable
from knowledge_vault.values import VaultId
from knowledge_vault.words import Language


def keyword_scores(
    found: Sequence[Searchable],
    weights: Mapping[VaultId, Mapping[int, float]],
    mean_word_count: Mapping[Language, float],
) -> NDArray[np.float64]:
    """`(len(found),)`: how much of the question's weight each chunk has; 0 without any of its words.

    `weights`: of each vault's keyed words; a word has another key in every vault.
    """
    scores = np.zeros(len(found))
    for vault, known in weights.items():
        among = [at for at, item in enumerate(found) if item.document.vault_id == vault]
        if among and known:
            scores[among] = _scores([found[at] for at in among], known, mean_word_count)
    return scores


def _scores(
    found: Sequence[Searchable], weights: Mapping[int, float], mean_word_count: Mapping[Language, float]
) -> NDArray[np.float64]:
    asked = np.array(sorted(weights), dtype=np.uint32)
    weight = np.array([weights[int(term)] for term in asked])
    owner = np.repeat(np.arange(len(found)), [len(item.terms) for item in found])
    terms = np.concatenate([item.terms for item in found])
    counts = np.concatenate([item.counts for item in found]).astype(np.float64)
    lengths = np.bincount(owner, counts, minlength=len(found))
    place = np.minimum(np.searchsorted(asked, terms), len(asked) - 1)
    hits = asked[place] == terms
    owner, place, counts = owner[hits], place[hits], counts[hits]
    means = np.array([mean_word_count.get(item.language, 0.0) for item in found])
    gains = weight[place] * bm25(counts, lengths[owner], means[owner])
    return np.bincount(owner, gains, minlength=len(found)).astype(np.float64)
