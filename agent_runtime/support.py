"""Which words of the passages bear on a question, and which of them bear out a claim.

Citations come from here, by comparing words and meaning, never from what a model says it cites. How the
figures were chosen is in docs/decisions/answers-from-passages.md.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent_runtime import sentences, words
from agent_runtime.ports import Embedder, Passage, Vectors

READ_PASSAGES = 5
"""Sentences of this many best passages are weighed; deeper ones held the answer rarely and distract often."""
MEASURED_SENTENCES = 48
"""The most sentences whose meaning is compared; the embedder takes about 10 ms for each."""
RELEVANT = 0.85
"""The least score of the best sentence for an answer to be tried at all."""
RELEVANT_ACROSS = 0.6
"""The same when question and passages are written in different scripts and so share no words."""
RELEVANT_WORDS = 0.34
"""The same without an embedder: the share of the question's words."""
BORNE_OUT = 0.8
"""The share of a claim's words that must stand in the sentence it rests on."""
BORNE_OUT_ALIKE = 0.65
"""The same where both mean nearly the same."""
ALIKE = 0.8
"""How near in meaning that is: 0 is as near as unrelated sentences are, 1 the same."""
QUOTE_CHARACTERS = 240
"""A longer sentence is quoted in part: the stretch that holds most of the question's words."""
SHORT_CHARACTERS = 40
"""A line this short without an end is a heading or a row's name: it is read with the line after it."""
_MEANING_WEIGHT, _SURROUNDINGS_WEIGHT, _RANK_WEIGHT = 1.5, 0.5, 0.1
_SENTENCE_WEIGHT, _NUMBER_WEIGHT = 0.25, 0.25
_ENDS = (".", "!", "?", "。", "！", "？", "…", "؟", "।")
_UNRELATED = (
    "The weather was pleasant and people walked along the river.",
    "How many people came to the meeting?",
    "天气很好，人们沿着河边散步。",
    "Погода была хорошей, и люди гуляли вдоль реки.",
    "Wie viele Leute kamen zu dem Treffen?",
    "El tiempo era agradable y la gente paseaba por el río.",
)
"""How alike an embedder finds a question and sentences that have nothing to do with it differs from one
embedder to the next (0.05 or 0.78): likeness is counted from there."""


@dataclass(frozen=True)
class Evidence:
    """A stretch of a passage, a sentence or part of one. `document_text[start:end] == text`."""

    passage: Passage
    text: str
    start: int
    end: int
    score: float
    """How well it fits the question; comparable between questions."""

    @property
    def page(self) -> int | None:
        """The page on which it begins, where the passage tells its pages."""
        for page in self.passage.pages:
            if page.start <= self.start < page.end:
                return page.number
        return self.passage.page

    @property
    def plain(self) -> str:
        """The words without the line breaks of the document's layout."""
        return " ".join(self.text.split())


@dataclass(frozen=True)
class _Line:
    """A sentence, row or heading with what follows it, before it is scored."""

    place: int
    """The passage's place in the search, from 0."""
    text: str
    start: int
    end: int


async def weigh(question: str, passages: Sequence[Passage], embedder: Embedder | None) -> list[Evidence]:
    """The sentences of the best passages, those that fit the question best first.

    Raises:
        SupportCheckFailed: the embedder did not answer.
    """
    read = passages[:READ_PASSAGES]
    asked = set(words.content(question))
    lines = [
        line
        for place, passage in enumerate(read)
        for line in _lines(place, passage)
        if not asked.issuperset(
            words.content(line.text)
        )  # a line that only repeats the question answers nothing
    ]
    if not lines:
        return []
    weights = _rarity(question, [line.text for line in lines])
    shared = np.array([_share(weights, line.text) for line in lines])
    around = [_share(weights, f"{p.text} {p.document} {p.heading}") for p in read]
    order = shared + [
        _SURROUNDINGS_WEIGHT * around[line.place] - _RANK_WEIGHT * line.place + _telling(question, line.text)
        for line in lines
    ]
    scores = shared
    if embedder is not None:
        chosen = np.argsort(-order, kind="stable")[:MEASURED_SENTENCES]
        alike = await _alike(question, [lines[index].text for index in chosen], embedder)
        lines, order, scores = (
            [lines[index] for index in chosen],
            order[chosen] + alike,
            shared[chosen] + alike,
        )
    evidence = [
        _cut(read[lines[index].place], lines[index], float(scores[index]), weights)
        for index in np.argsort(-order, kind="stable")
    ]
    return _without_overlaps(evidence)


def is_relevant(question: str, evidence: Sequence[Evidence], *, embedded: bool) -> bool:
    """Whether anything was found that the question could be about."""
    least = RELEVANT if embedded else RELEVANT_WORDS
    return any(
        item.score
        >= (RELEVANT_ACROSS if embedded and words.script(question) != words.script(item.text) else least)
        for item in evidence
    )


class Support:
    """Says of one claim after the other which evidence bears it out.

    Every number of the claim must stand in the evidence, every name in it or in the question, and something that
    the question did not say itself; what one denies the other may not say. Four in five of the claim's words must
    stand in the evidence too; where an embedder finds that both mean nearly the same, two in three.
    """

    def __init__(
        self, evidence: Sequence[Evidence], embedder: Embedder | None, *, question: str = ""
    ) -> None:
        self._evidence = list(evidence)
        self._embedder = embedder
        self._question = question
        self._vectors: Vectors | None = None
        """Of the evidence, then of sentences that have nothing to do with anything; made when first needed."""

    async def of(self, claim: str) -> Evidence | None:
        """The evidence that says what the claim says; None when no single one does.

        Raises:
            SupportCheckFailed: the embedder did not answer.
        """
        asked, wanted = set(words.content(self._question)), set(words.content(claim))
        shares = [self._share(claim, wanted, asked, item) for item in self._evidence]
        best = max(range(len(shares)), key=lambda place: shares[place], default=None)
        if best is None or shares[best] < BORNE_OUT_ALIKE:
            return None
        if shares[best] >= BORNE_OUT or self._embedder is None:
            return self._evidence[best] if shares[best] >= BORNE_OUT else None
        alike = await self._likeness(claim, self._embedder)
        near = [
            place for place, share in enumerate(shares) if share >= BORNE_OUT_ALIKE and alike[place] >= ALIKE
        ]
        return self._evidence[max(near, key=lambda place: alike[place])] if near else None

    def _share(self, claim: str, wanted: set[str], asked: set[str], item: Evidence) -> float:
        """The share of the claim's words that stand in the evidence; 0 where it cannot bear the claim out."""
        have = set(words.content(item.text))
        fits = (
            words.numbers(claim) <= words.numbers(item.text)
            and words.names(claim) <= have | asked
            and (wanted - asked) & have
            and not words.contradict(claim, item.text)
        )
        return words.share(wanted, have) if fits else 0.0

    async def _likeness(self, claim: str, embedder: Embedder) -> Vectors:
        """How much closer each piece of evidence is to the claim than unrelated sentences are; at most 1."""
        if self._vectors is None:
            self._vectors = await embedder.embed([*(item.plain for item in self._evidence), *_UNRELATED])
        [vector] = await embedder.embed([claim])
        likeness = self._vectors @ vector
        base = float(likeness[len(self._evidence) :].mean())
        alike: Vectors = (likeness[: len(self._evidence)] - base) / max(1.0 - base, 1e-3)
        return alike


def lines(passages: Sequence[Passage]) -> list[Evidence]:
    """All sentences, rows and headings of these passages, in their order; none is scored."""
    return [
        Evidence(passage, line.text, passage.start + line.start, passage.start + line.end, 0.0)
        for place, passage in enumerate(passages)
        for line in _lines(place, passage)
    ]


def nearest(claim: str, among: Sequence[Evidence], *, limit: int) -> list[Evidence]:
    """Those that share the most words with a claim, best first."""
    wanted = set(words.content(claim))
    shared = sorted(among, key=lambda item: -words.share(wanted, words.content(item.text)))
    return shared[:limit]


async def likeness(first: str, second: str, embedder: Embedder) -> float:
    """How alike two texts are in meaning, from 0, as sentences that have nothing to do with each other, to 1.

    Raises:
        SupportCheckFailed: the embedder did not answer.
    """
    vectors = await embedder.embed([first, second, *_UNRELATED])
    base = float((vectors[2:] @ vectors[0]).mean())
    alike = (float(vectors[1] @ vectors[0]) - base) / max(1.0 - base, 1e-3)
    return min(1.0, max(0.0, alike))


async def _alike(
    question: str, texts: Sequence[str], embedder: Embedder
) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """For each text how much closer it is to the question than unrelated sentences are; about 0 to 1."""
    vectors = await embedder.embed([question, *_UNRELATED, *texts])
    likeness = vectors[1:] @ vectors[0]
    base = float(likeness[: len(_UNRELATED)].mean())
    alike: np.ndarray[tuple[int], np.dtype[np.float32]] = (
        _MEANING_WEIGHT * (likeness[len(_UNRELATED) :] - base) / max(1.0 - base, 1e-3)
    )
    return alike


def _lines(place: int, passage: Passage) -> list[_Line]:
    """The passage's sentences, headings and row names joined to what they stand over."""
    joined: list[_Line] = []
    pending: int | None = None
    for span in sentences.split(passage.text):
        start = span.start if pending is None else pending
        text = passage.text[start : span.end]
        if "....." in text:  # a line of a table of contents
            pending = None
            continue
        if len(text) < SHORT_CHARACTERS and text[-1].isalnum():
            pending = start
            continue
        pending = None
        joined.append(_Line(place, text, start, span.end))
    return joined


def _telling(question: str, text: str) -> float:
    """How much like an answer a line looks: a whole sentence, and a number where one is asked for."""
    is_sentence = text.rstrip("\"'”’»)」』").endswith(_ENDS) and len(text) > SHORT_CHARACTERS
    has_number = bool(words.numbers(text) - words.numbers(question))
    return _SENTENCE_WEIGHT * is_sentence + _NUMBER_WEIGHT * (has_number and words.asks_for_number(question))


def _cut(passage: Passage, line: _Line, score: float, weights: Mapping[str, float]) -> Evidence:
    """The line as evidence, or the part of it that holds most of the question's words when it is long."""
    start, end = line.start, line.end
    if end - start > QUOTE_CHARACTERS:
        starts = [0, *(i + 1 for i, c in enumerate(line.text) if c in " \n" and i + 1 < len(line.text))]
        if len(starts) == 1:  # a script without spaces
            starts = list(range(0, end - start, 20))
        begin = max(
            (place for place in starts if place == 0 or place + QUOTE_CHARACTERS <= end - start),
            key=lambda place: (_share(weights, line.text[place : place + QUOTE_CHARACTERS]), -place),
        )
        stop = max((place for place in starts if begin < place <= begin + QUOTE_CHARACTERS), default=0)
        start, end = (
            line.start + begin,
            line.start + (stop if stop > begin + 60 else begin + QUOTE_CHARACTERS),
        )
    while end > start and passage.text[end - 1].isspace():
        end -= 1
    return Evidence(passage, passage.text[start:end], passage.start + start, passage.start + end, score)


def _rarity(question: str, texts: Sequence[str]) -> dict[str, float]:
    """The question's words with their weight: the rarer among these sentences, the heavier."""
    occurs = Counter(word for text in texts for word in set(words.content(text)))
    return {word: math.log(1 + len(texts) / (1 + occurs[word])) for word in set(words.content(question))}


def _share(weights: Mapping[str, float], text: str) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    have = set(words.content(text))
    return sum(weight for word, weight in weights.items() if word in have) / total


def _without_overlaps(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Passages overlap: what was taken already, or part of it, is left out."""
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
