"""Does following links between passages find answers that take two steps? For docs/decisions/graph-retrieval.md.

    python -m tests.bench.measure_links            chooses each variant on one half, prints what it does on the other

A question of two steps needs two passages: a first one that the question describes, and a second one that says the
answer about something the first one names. `multi_hop.jsonl` holds those written by hand, from the samples and from
XQuAD's paragraphs; those made by script replace a name in one of XQuAD's questions by a sentence of another paragraph.
All texts lie in one pool with the real documents. Exact scores of the product's own parts, as `measure_headers`.

Links need no model: two chunks are linked by the rare words they share. Nothing is kept: all is computed from what a
search has at hand.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.chunking import chunk
from knowledge_vault.embedding import SentenceTransformerEmbedder
from knowledge_vault.fusion import bm25, coverage, fuse, idf, is_open
from knowledge_vault.parsing.kinds import recognise
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.values import Limits
from knowledge_vault.words import Language, language_of, share_without_spaces, split_words, stem
from tests.bench.measure_headers import ROOT, SHARED, _rows, _stream

HAND_WRITTEN = Path(__file__).with_name("multi_hop.jsonl")
SEEDS = (3, 5, 20)
"""How many of the best passages links begin at."""
FARTHEST = 10
"""Places that are looked at."""
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Target:
    """A passage that a question needs: of this document, with these words in it."""

    document: str
    quote: str


@dataclass(frozen=True)
class Question:
    kind: str
    half: str
    text: str
    targets: tuple[Target, ...]
    """In the order of the steps; one for an ordinary question."""
    any_of: bool = False
    """One of the targets suffices: an answer that may be put in several ways."""


@dataclass(frozen=True, eq=False)
class Piece:
    document: str
    text: str
    language: Language
    words: Counter[str]


class Pool:
    """All chunks, with what a search knows of them."""

    def __init__(self, pieces: Sequence[Piece], vectors: NDArray[np.float32]) -> None:
        self.pieces, self.vectors = pieces, vectors.astype(np.float64)
        self.lengths = np.array([piece.words.total() for piece in pieces], float)
        self.containing = Counter(word for piece in pieces for word in piece.words)
        self.languages = sorted({piece.language for piece in pieces})
        self.flat = [_flat(piece.text) for piece in pieces]

    def weight(self, word: str) -> float:
        return idf(len(self.pieces), self.containing[word])

    def words_of(self, text: str) -> dict[Language, list[str]]:
        words = split_words(text)
        return {language: stem(words, language) for language in self.languages}

    def keyword_scores(self, weights: Mapping[str, float]) -> Scores:
        scores = np.zeros(len(self.pieces))
        for word, weight in weights.items():
            if self.containing[word]:
                counts = np.array([piece.words[word] for piece in self.pieces], float)
                scores += weight * bm25(counts, self.lengths, np.full(len(counts), self.lengths.mean()))
        return scores

    def is_target(self, target: Target) -> NDArray[np.bool_]:
        quote = _flat(target.quote)
        return np.array(
            [
                piece.document == target.document and quote in flat
                for piece, flat in zip(self.pieces, self.flat, strict=True)
            ]
        )

    def links(self, most: int) -> Scores:
        """`(chunks, chunks)`: the weight of the words two chunks share that are in at most `most` chunks."""
        rare = [word for word, count in self.containing.items() if 2 <= count <= most]
        column = {word: at for at, word in enumerate(rare)}
        has = np.zeros((len(self.pieces), len(rare)), np.float32)
        for at, piece in enumerate(self.pieces):
            for word in piece.words.keys() & column.keys():
                has[at, column[word]] = self.weight(word)
        shared = (has @ has.T).astype(float)
        np.fill_diagonal(shared, 0.0)
        return shared


@dataclass(frozen=True, eq=False)
class Asked:
    """A question with what the search as it is makes of it."""

    question: Question
    vector: Scores
    weights: Mapping[str, float]
    uses_words: bool
    fused: Scores
    targets: tuple[NDArray[np.bool_], ...]

    @cached_property
    def order(self) -> list[int]:
        return [int(at) for at in np.argsort(-self.fused, kind="stable")]


Variant = Callable[[Asked], Sequence[int]]
"""The order of the chunks, best first."""


def as_it_is(asked: Asked) -> Sequence[int]:
    return asked.order


def by_links(pool: Pool, links: Scores, *, seeds: int, gain: float, kept: int) -> Variant:
    """Add to a chunk's score what links it to the best passages; the first `kept` stay where they are."""
    strengths = links / np.maximum(links.max(axis=1, keepdims=True), 1e-9)

    def order(asked: Asked) -> Sequence[int]:
        best = asked.order[:seeds]
        pull = np.array([1 / place for place in range(1, len(best) + 1)])
        linked = (strengths[best] * pull[:, None]).max(axis=0)
        return _kept(asked, asked.fused + gain * linked, kept)

    return order


def by_page_rank(pool: Pool, links: Scores, *, seeds: int, gain: float, kept: int) -> Variant:
    """Personalised PageRank from the best passages over the links, damped by half, and then as above."""
    steps = links / np.maximum(links.sum(axis=1, keepdims=True), 1e-9)

    def order(asked: Asked) -> Sequence[int]:
        best = asked.order[:seeds]
        start = np.zeros(len(pool.pieces))
        start[best] = [1 / place for place in range(1, len(best) + 1)]
        start /= start.sum()
        rank = start
        for _ in range(10):
            rank = 0.5 * start + 0.5 * rank @ steps
        reached = rank - 0.5 * start
        return _kept(asked, asked.fused + gain * reached / max(float(reached.max()), 1e-9), kept)

    return order


def by_second_search(pool: Pool, *, most: int, seeds: int, gain: float, kept: int) -> Variant:
    """Search again with the rare words of the best passages, and with the mean of their vectors."""

    def order(asked: Asked) -> Sequence[int]:
        best = asked.order[:seeds]
        names = {
            word: pool.weight(word)
            for at in best
            for word in pool.pieces[at].words
            if 2 <= pool.containing[word] <= most and word not in asked.weights
        }
        vector = asked.vector + pool.vectors[best].mean(axis=0)
        again = fuse(
            pool.vectors @ (vector / np.linalg.norm(vector)),
            pool.keyword_scores(names) if names else None,
            population=len(pool.pieces),
        )
        return _kept(asked, asked.fused + gain * again, kept)

    return order


def by_vectors(pool: Pool, *, seeds: int, gain: float, kept: int) -> Variant:
    """Links by nearness in meaning to the best passages, for comparison."""

    def order(asked: Asked) -> Sequence[int]:
        near = (pool.vectors @ pool.vectors[asked.order[:seeds]].T).max(axis=1)
        return _kept(asked, asked.fused + gain * (near - near.mean()) / near.std(), kept)

    return order


def by_names(pool: Pool, *, seeds: int, gain: float, kept: int) -> Variant:
    """Links where a passage names another document by the words of its file name."""
    documents = sorted({piece.document for piece in pool.pieces})
    words = {name: set(split_words(re.sub(r"[-_.]", " ", name.rpartition(".")[0]))) for name in documents}
    named = {
        name: [at for at, piece in enumerate(pool.pieces) if len(parts) > 1 and parts <= _words(piece.text)]
        for name, parts in words.items()
    }
    belongs = {
        name: [at for at, piece in enumerate(pool.pieces) if piece.document == name] for name in documents
    }
    links = np.zeros((len(pool.pieces), len(pool.pieces)))
    for name, naming in named.items():
        for at, to in product(naming, belongs[name]):
            if pool.pieces[at].document != name:
                links[at, to] = links[to, at] = 1.0
    return by_links(pool, links, seeds=seeds, gain=gain, kept=kept)


def _kept(asked: Asked, scores: Scores, kept: int) -> Sequence[int]:
    first = asked.order[:kept]
    return [*first, *(int(at) for at in np.argsort(-scores, kind="stable") if int(at) not in first)]


def variants(pool: Pool) -> Iterator[tuple[str, str, Variant]]:
    """The name of each family, what was set in it, and the order it makes."""
    links = {most: pool.links(most) for most in (3, 8, 20)}
    for seeds, gain, kept in product(SEEDS, (0.5, 1.0, 2.0, 4.0), (0, 1, 3)):
        setting = f"seeds {seeds}, gain {gain:g}, kept {kept}"
        for most, linked in links.items():
            rare = f"words in at most {most}, {setting}"
            yield "shared rare words", rare, by_links(pool, linked, seeds=seeds, gain=gain, kept=kept)
            yield "PageRank", rare, by_page_rank(pool, linked, seeds=seeds, gain=gain, kept=kept)
        yield "nearness in meaning", setting, by_vectors(pool, seeds=seeds, gain=gain / 2, kept=kept)
        if gain <= 1:
            again = by_second_search(pool, most=8, seeds=min(seeds, 5), gain=gain / 2, kept=kept)
            yield "second search", setting, again
    for seeds, gain in product((3, 5), (1.0, 2.0, 4.0)):
        yield "file names", f"seeds {seeds}, gain {gain:g}", by_names(pool, seeds=seeds, gain=gain, kept=1)


def measured(asked: Sequence[Asked], variant: Variant) -> dict[str, float]:
    """Shares of the questions: all passages, and the last, the one with the answer, among the first 5 and 10."""
    found = {"all@5": 0, "all@10": 0, "answer@5": 0, "answer@10": 0, "R@1": 0}
    gain = 0.0
    for each in asked:
        order = list(variant(each)[:FARTHEST])
        places = [
            next((at for at, one in enumerate(order, 1) if target[one]), FARTHEST + 1)
            for target in each.targets
        ]
        if each.question.any_of:
            places = [min(places)]
        for depth in (5, 10):
            found[f"all@{depth}"] += max(places) <= depth
            found[f"answer@{depth}"] += places[-1] <= depth
        found["R@1"] += places[-1] == 1
        gain += 1 / np.log2(places[-1] + 1) if places[-1] <= FARTHEST else 0.0
    return {name: count / len(asked) for name, count in found.items()} | {"nDCG@10": gain / len(asked)}


def hand_written() -> list[Question]:
    return [
        Question(
            f"by hand, {row['kind']}",
            row["half"],
            row["question"],
            tuple(Target(_file(row[step]["document"]), row[step]["quote"]) for step in ("first", "second")),
        )
        for row in _rows(HAND_WRITTEN)
    ]


def made(paragraphs: Mapping[str, str], questions: Sequence[Mapping[str, Any]]) -> list[Question]:
    """A name that just two paragraphs have is left out of a question about one, and told by the other's sentence."""
    names = Counter(name for text in paragraphs.values() for name in _names(text))
    made: list[Question] = []
    used: set[str] = set()
    for row in questions:
        for name in sorted(_names(row["text"]), key=len, reverse=True):
            others = [key for key, text in paragraphs.items() if name in _names(text) and key != row["doc"]]
            if (
                names[name] != 2
                or len(others) != 1
                or name in used
                or name not in _names(paragraphs[row["doc"]])
            ):
                continue
            sentence = next(
                (part for part in re.split(r"(?<=[.!?]) ", paragraphs[others[0]]) if name in part), ""
            )
            if not 60 <= len(sentence) <= 350:
                continue
            used.add(name)
            text = (
                f"{row['text'].replace(name, 'X')} X is what is left out here: {sentence.replace(name, '…')}"
            )
            targets = (Target(_file(others[0]), name), Target(_file(row["doc"]), name))
            made.append(Question("by script", ("dev", "test")[len(made) % 2], text, targets))
            break
    return made


def _names(text: str) -> set[str]:
    """Runs of words with capital letters that do not begin a sentence."""
    found = re.findall(r"(?<=[a-z,;] )[A-Z][\w'’-]{2,}(?: [A-Z][\w'’-]+)*", text)
    return {name for name in found if not name.isdigit()}


def _file(document: str) -> str:
    """A paragraph of XQuAD's as a file; others are files already."""
    return document if "." in document else f"{document}.txt"


def _words(text: str) -> set[str]:
    return set(split_words(text))


def _flat(text: str) -> str:
    return " ".join(text.split()).lower()


async def read(embedder: SentenceTransformerEmbedder, files: Mapping[str, bytes]) -> Pool:
    parser = ParserProcess()
    loop = asyncio.get_running_loop()

    def count(texts: Sequence[str]) -> Sequence[int]:
        return asyncio.run_coroutine_threadsafe(embedder.count_tokens(texts), loop).result()

    pieces: list[Piece] = []
    for name, content in files.items():
        parsed = await parser.parse(
            _stream(content), name=name, kind=recognise(name, content[:8192]), limits=Limits()
        )
        language = language_of(parsed.text)
        for span in await asyncio.to_thread(chunk, parsed, count):
            text = "\n".join(filter(None, (span.heading, span.lead, parsed.text[span.start : span.end])))
            pieces.append(Piece(name, text, language, Counter(stem(split_words(text), language))))
    await parser.close()
    texts = [piece.text for piece in pieces]
    vectors = [await embedder.embed_passages(texts[at : at + 16]) for at in range(0, len(texts), 16)]
    return Pool(pieces, np.concatenate(vectors))


async def ask(
    pool: Pool, embedder: SentenceTransformerEmbedder, questions: Sequence[Question]
) -> dict[str, list[Asked]]:
    """By kind and half."""
    asked: dict[str, list[Asked]] = {}
    vectors = (await embedder.embed_queries([question.text for question in questions])).astype(np.float64)
    for question, vector in zip(questions, vectors, strict=True):
        stems = pool.words_of(question.text)
        weights = {word: pool.weight(word) for words in stems.values() for word in words}
        covered = max(
            coverage({word: weights[word] for word in words}, pool.containing) for words in stems.values()
        )
        opened = is_open(covered, share_without_spaces(split_words(question.text)))
        fused = fuse(
            pool.vectors @ vector,
            pool.keyword_scores(weights) if opened else None,
            population=len(pool.pieces),
        )
        targets = tuple(pool.is_target(target) for target in question.targets)
        if question.kind not in ("xquad en", "real documents"):
            if not all(target.any() for target in targets):
                raise ValueError(f"no chunk has what {question.text!r} needs")
            if (targets[0] & targets[1]).any():
                continue  # one chunk has both: no second step
        asked.setdefault(f"{question.kind}, {question.half}", []).append(
            Asked(question, vector, weights, opened, fused, targets)
        )
    return asked


async def main() -> None:
    embedder = SentenceTransformerEmbedder()
    articles = SHARED / "retrieval" / "xquad_dev.en"
    paragraphs = {row["id"]: row["text"] for row in _rows(articles / "corpus.jsonl")}
    files = {
        path.name: path.read_bytes()
        for folder in (ROOT / "samples" / "documents", SHARED / "docs")
        for path in sorted(folder.iterdir())
        if path.suffix != ".jsonl"
    }
    pool = await read(embedder, files | {_file(key): text.encode() for key, text in paragraphs.items()})
    asked_of = _rows(articles / "queries.jsonl")
    ordinary = [
        Question("xquad en", "all", row["text"], (Target(_file(row["doc"]), ""),)) for row in asked_of
    ] + [
        Question(
            "real documents",
            "all",
            row["question"],
            tuple(Target(row["doc"], answer) for answer in row["answers"]),
            any_of=True,
        )
        for row in _rows(SHARED / "docs" / "questions.jsonl")
        if row["answers"]
    ]
    asked = await ask(pool, embedder, [*hand_written(), *made(paragraphs, asked_of), *ordinary])
    await embedder.close()
    tell(pool, asked)


def tell(pool: Pool, asked: Mapping[str, Sequence[Asked]]) -> None:
    def of(half: str, kind: str = "by ") -> list[Asked]:
        return [
            each for name, some in asked.items() if name.startswith(kind) and half in name for each in some
        ]

    dev, test = of("dev"), of("test")
    print(f"{len(pool.pieces)} chunks;", ", ".join(f"{name} {len(some)}" for name, some in asked.items()))
    chosen: dict[str, tuple[tuple[float, float], str, Variant]] = {"as it is": ((0.0, 0.0), "", as_it_is)}
    for family, setting, variant in variants(pool):
        got = measured(dev, variant)
        merit = (got["all@5"] + got["all@10"] + got["answer@5"] + got["answer@10"], got["nDCG@10"])
        if family not in chosen or merit > chosen[family][0]:
            chosen[family] = (merit, setting, variant)
    print(
        "| variant | chosen | on | all@5 | all@10 | answer@5 | answer@10 | R@1 | nDCG@10 |\n"
        + "| --- " * 9
        + "|"
    )
    sets = {"dev": dev, "test": test, "by hand, test": of("test", "by hand")} | {
        name: list(some) for name, some in asked.items() if not name.endswith("dev")
    }
    for family, (_, setting, variant) in chosen.items():
        for name, some in sets.items():
            figures = " | ".join(f"{value:.3f}" for value in measured(some, variant).values())
            print(f"| {family} | {setting} | {name} ({len(some)}) | {figures} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
