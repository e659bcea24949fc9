"""Which sentences of the passages bear on a question, and which of them bear out a claim.

Citations come from here, by comparing words and meaning, never from what a model says it cites. A sentence scores
by the question's rarer words it holds, by those that its whole passage holds, and by the likeness of its vector to
the question's; the figures were chosen on 210 answerable and 79 unanswerable questions in four languages
(docs/decisions/answers-from-passages.md).
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent_runtime import sentences, words
from agent_runtime.ports import Embedder, Passage

READ_PASSAGES = 4
"""Sentences of this many best passages are weighed; deeper ones held the answer rarely and distract often."""
RELEVANT = 0.8
"""The least score of the best sentence for an answer to be tried at all."""
RELEVANT_WORDS = 0.34
"""The same without an embedder: the share of the question's words."""
_ALIKE_FROM, _ALIKE_SPAN = 0.75, 0.15
"""Cosines of the default embedder (multilingual-e5-small) lie between 0.75, unrelated, and 0.90, the same thing."""
_BEARS_OUT = 0.7
"""The share of a claim's words that must stand in the sentence it rests on."""


@dataclass(frozen=True)
class Evidence:
    """A sentence of a passage. `document_text[start:end] == text`."""

    passage: Passage
    text: str
    start: int
    end: int
    score: float
    """How well it fits the question; comparable between questions."""

    @property
    def page(self) -> int | None:
        """The page on which the sentence begins, where the passage tells its pages."""
        for page in self.passage.pages:
            if page.start <= self.start < page.end:
                return page.number
        return self.passage.page


async def weigh(question: str, passages: Sequence[Passage], embedder: Embedder | None) -> list[Evidence]:
    """The sentences of the best passages, those that fit the question best first.

    Raises:
        SupportCheckFailed: the embedder did not answer.
    """
    spans = [
        (place, span)
        for place, passage in enumerate(passages[:READ_PASSAGES])
        for span in sentences.split(passage.text)
    ]
    if not spans:
        return []
    weights = _rarity(question, [span.text for _, span in spans])
    around = [_share(weights, f"{p.text} {p.document}") for p in passages[:READ_PASSAGES]]
    scores = np.array([_share(weights, span.text) for _, span in spans])
    if embedder is not None:
        vectors = await embedder.embed([question, *(span.text for _, span in spans)])
        alike = (vectors[1:] @ vectors[0] - _ALIKE_FROM) / _ALIKE_SPAN
        scores = scores + alike
    order = scores + np.array([0.5 * around[place] - 0.1 * place for place, _ in spans])
    evidence = []
    for index in np.argsort(-order, kind="stable"):
        place, span = spans[index]
        passage = passages[place]
        evidence.append(
            Evidence(
                passage=passage,
                text=span.text,
                start=passage.start + span.start,
                end=passage.start + span.end,
                score=float(scores[index]),
            )
        )
    return _without_overlaps(evidence)


def is_relevant(evidence: Sequence[Evidence], *, embedded: bool) -> bool:
    """Whether anything was found that the question could be about."""
    least = RELEVANT if embedded else RELEVANT_WORDS
    return any(item.score >= least for item in evidence)


def bears_out(claim: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """The sentence that says what the claim says; None when no single one does.

    Every number of the claim must stand in it, and most of its words.
    """
    wanted, numbers = words.content(claim), words.numbers(claim)
    best: tuple[float, Evidence] | None = None
    for item in evidence:
        if not numbers <= words.numbers(item.text):
            continue
        covered = words.share(wanted, words.content(item.text))
        if covered >= _BEARS_OUT and (best is None or covered > best[0]):
            best = covered, item
    return best[1] if best and wanted else None


def adds_to(question: str, claim: str) -> bool:
    """Whether the claim says anything that the question did not."""
    return bool(set(words.content(claim)) - set(words.content(question)))


def _rarity(question: str, texts: Sequence[str]) -> dict[str, float]:
    """The question's words with their weight: the rarer among these sentences, the heavier."""
    occurs = Counter(word for text in texts for word in set(words.content(text)))
    return {word: math.log(1 + len(texts) / (1 + occurs[word])) for word in set(words.content(question))}


def _share(weights: dict[str, float], text: str) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    have = set(words.content(text))
    return sum(weight for word, weight in weights.items() if word in have) / total


def _without_overlaps(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Passages overlap: a sentence that was taken already, or part of one, is left out."""
    kept: list[Evidence] = []
    for item in evidence:
        if not any(
            item.passage.document_id == other.passage.document_id
            and item.start < other.end
            and other.start < item.end
            for other in kept
        ):
            kept.append(item)
    return kept
