"""What the scrambled index costs: the product's search beside the same ranking over every chunk, in clear.

Each chunk and question is embedded once. The corpus is far larger than what a search fetches, so that a passage which
the scrambling misplaces can indeed be lost.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.settings import Settings
from knowledge_vault import search
from knowledge_vault.documents import OpenDocument
from knowledge_vault.embedding import SentenceTransformerEmbedder
from knowledge_vault.evaluation import judgements, metrics, rows
from knowledge_vault.index import scramble
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.passages import Searchable, passage_id, searchable
from knowledge_vault.ports import Embedder
from knowledge_vault.question import weigh
from knowledge_vault.ranking import rank
from knowledge_vault.search import OVERFETCH
from knowledge_vault.shaping import shape
from knowledge_vault.values import Chunk, DocumentId, Passage, PassageId, VaultId
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.words import language_of, split_words, stem
from tests.bench import filling
from tests.bench.filling import TENANT
from tests.knowledge_vault.making import open_vault

DATA = filling.DATA.parent
LANGUAGES = ("en", "de", "es", "ru", "zh", "ar")
ASKED = ("en", "zh")
EVERY = 4
"""Of a language's 786 questions, so many are asked."""
CHECKED = 25
"""Of those questions, so many are put to the product's own comparison of a whole vault as well."""
COMPARED = (20, 100, 300)
"""Other numbers of candidates than the product's. So few as 20 show that what is lost is noticed."""
LIMIT = 40
"""Passages asked for, so that ten records remain when several passages are of the same one."""
TOP = 10
COST = 0.002
"""Of nDCG@10, at most."""
_EACH = 200
_BATCH = 50
_SENTENCE = re.compile(r"(?<=[.!?؟]) +|(?<=[。！？])")
_SHORTEST = 10
_EVERYTHING = 10**9


@dataclass(frozen=True)
class Text:
    """A paragraph, or one of its sentences."""

    record: str
    language: str
    text: str


@dataclass(frozen=True, eq=False)
class Query:
    id: str
    text: str
    vector: NDArray[np.float32]
    """`(dimension,)`, float32, length 1."""


@dataclass(frozen=True, eq=False)
class Filled:
    vault: VaultId
    records: Mapping[PassageId, str]
    """Which record each chunk is of."""


Found = Mapping[str, Sequence[PassageId]]
"""By question, best first."""


def main() -> dict[str, Any]:
    title = "What scrambling the index costs"
    if not DATA.is_dir():
        return {"title": title, "skipped": f"the evaluation sets are not at {DATA}"}
    return {"title": title, **asyncio.run(_measure())}


async def _measure() -> dict[str, Any]:
    settings = Settings()
    embedder = SentenceTransformerEmbedder(settings.embedder, threads=settings.embedder_threads)
    try:
        texts = list(_texts())
        vectors = await _embedded(embedder, [each.text for each in texts])
        asked = {language: await _queries(embedder, language) for language in ASKED}
        with tempfile.TemporaryDirectory(prefix="qanat-bench-") as folder:
            async with open_vault(Path(folder), embedder=embedder, whole_up_to=OVERFETCH) as vault:
                scrambled = await _fill(vault, "scrambled", texts, vectors)
                with _noise(0.0):
                    turned = await _fill(vault, "turned", texts, vectors)
                figures = [
                    figure
                    for language, queries in asked.items()
                    for figure in await _compare(vault, scrambled, turned, language, queries)
                ]
    finally:
        await embedder.close()
    return {
        "figures": figures,
        "notes": [
            f"One vault of {len(texts):,} chunks: the paragraphs of {len(LANGUAGES)} languages and each of their "
            f"sentences; a sentence counts as its paragraph. Every {EVERY}th question of a language.",
            "Right is the paragraph in the question's language, which is nearly always first, so that little can be "
            "lost; the harder judgement takes its versions in all languages for right, six among ten places.",
            "The noise is another in every run: its secret is drawn at random.",
            "In clear: every chunk is a candidate, in the order that the same ranking gives.",
            f"Every {CHECKED}th of the questions was put to the product's own comparison of a whole vault too: the "
            "same passages.",
            "A vault of this size has no graph of its vectors yet: what the noise costs is measured, not a graph.",
        ],
    }


async def _compare(
    vault: KnowledgeVault, scrambled: Filled, turned: Filled, language: str, queries: Sequence[Query]
) -> list[dict[str, Any]]:
    clear = await _in_clear(vault, scrambled, queries)
    compare = _Comparison(language, clear, scrambled)
    figures = [
        {"what": f"{language}, {len(queries)} questions, in clear: R@1", "value": compare.exact["recall@1"]},
        {"what": f"{language}, in clear: nDCG@10", "value": compare.exact["ndcg@10"]},
    ]
    found = await _through_index(vault, scrambled, queries, fetched=OVERFETCH)
    figures += compare.figures(f"{language}, scrambled, {OVERFETCH} fetched", found, is_product=True)
    for fetched in COMPARED:
        found = await _through_index(vault, scrambled, queries, fetched=fetched)
        figures += compare.figures(f"{language}, scrambled, {fetched} fetched", found)
    found = _renamed(await _through_index(vault, turned, queries, fetched=OVERFETCH), turned, scrambled)
    return figures + compare.figures(f"{language}, without noise, {OVERFETCH} fetched", found)


class _Comparison:
    """Of what was found otherwise with what is found in clear."""

    def __init__(self, language: str, clear: Found, filled: Filled) -> None:
        self._clear = clear
        self._filled = filled
        judged = judgements(DATA / f"xquad_dev.{language}" / "qrels.tsv")
        self._judged = _in_languages(judged, [language])
        self._every_version = _in_languages(judged, LANGUAGES)
        self.exact = self._scores(clear, self._judged)

    def figures(self, what: str, found: Found, *, is_product: bool = False) -> list[dict[str, Any]]:
        """`is_product`: searched as the product does, which is held to the bound."""
        bound = {"at_most": COST} if is_product else {}
        scores = self._scores(found, self._judged)
        versions = [self._scores(each, self._every_version)["ndcg@10"] for each in (self._clear, found)]
        same = [list(found[query][:TOP]) == list(self._clear[query][:TOP]) for query in found]
        shared = [len({*found[query][:TOP]} & {*self._clear[query][:TOP]}) / TOP for query in found]
        absolute = [
            {"what": f"{what}: R@1", "value": scores["recall@1"]},
            {"what": f"{what}: nDCG@10", "value": scores["ndcg@10"]},
            {"what": f"{what}: share of the first ten", "value": round(float(np.mean(shared)), 4)},
        ]
        return [
            *(absolute if is_product else []),
            {
                "what": f"{what}: nDCG@10 lost",
                "value": round(self.exact["ndcg@10"] - scores["ndcg@10"], 5),
                **bound,
            },
            {
                "what": f"{what}: nDCG@10 lost, every version being right",
                "value": round(versions[0] - versions[1], 5),
                **bound,
            },
            {"what": f"{what}: the same first ten in order", "value": round(float(np.mean(same)), 4)},
        ]

    def _scores(self, found: Found, judged: Mapping[str, Mapping[str, int]]) -> Mapping[str, float]:
        ranked = {
            query: list(dict.fromkeys(self._filled.records[passage] for passage in passages))
            for query, passages in found.items()
        }
        return metrics(ranked, judged)


def _in_languages(
    judged: Mapping[str, Mapping[str, int]], languages: Sequence[str]
) -> Mapping[str, Mapping[str, int]]:
    return {
        query: {f"{language}/{record}": grade for record, grade in grades.items() for language in languages}
        for query, grades in judged.items()
    }


def _renamed(found: Found, there: Filled, here: Filled) -> Found:
    """The same passages by their ids in another vault, that was filled with the same in the same order."""
    names = dict(zip(there.records, here.records, strict=True))
    return {query: [names[passage] for passage in passages] for query, passages in found.items()}


async def _in_clear(vault: KnowledgeVault, filled: Filled, queries: Sequence[Query]) -> Found:
    """Raises:
    RuntimeError: the product compares a whole vault otherwise.
    """
    keys = {filled.vault: (await vault._vaults.keys(TENANT, filled.vault)).search}
    everything = await vault._passages.active(TENANT, (), whole=[filled.vault])
    found = {query.id: await _ranked(vault, keys, everything, query) for query in queries}
    for query in queries[::CHECKED]:
        whole = await _product(vault, filled, query, whole_up_to=_EVERYTHING)
        if list(whole) != list(found[query.id]):
            raise RuntimeError(f"The comparison of the whole vault gives other passages for {query.id}.")
    return found


async def _ranked(
    vault: KnowledgeVault,
    keys: Mapping[VaultId, SearchKeys],
    everything: Sequence[Searchable],
    query: Query,
) -> Sequence[PassageId]:
    async with vault._database.reading() as connection:
        asked = await weigh(connection, vault._searcher._statistics, keys, query.text)
    passages, _ = shape(rank(everything, keys, asked, query.vector.astype(np.float64)), limit=LIMIT)
    return _ids(passages)


async def _through_index(
    vault: KnowledgeVault, filled: Filled, queries: Sequence[Query], *, fetched: int
) -> Found:
    with _overfetch(fetched):
        return {query.id: await _product(vault, filled, query, whole_up_to=fetched) for query in queries}


async def _product(
    vault: KnowledgeVault, filled: Filled, query: Query, *, whole_up_to: int
) -> Sequence[PassageId]:
    searcher = vault._searcher
    searcher._whole_up_to = whole_up_to
    found = await searcher.search(
        TENANT, [filled.vault], query.text, limit=LIMIT, within=None, vector=query.vector
    )
    return _ids(found.passages)


def _ids(passages: Sequence[Passage]) -> Sequence[PassageId]:
    return [passage.passage_id for passage in passages]


@contextmanager
def _overfetch(count: int) -> Iterator[None]:
    before = search.OVERFETCH
    search.OVERFETCH = count
    try:
        yield
    finally:
        search.OVERFETCH = before


@contextmanager
def _noise(radius: float) -> Iterator[None]:
    before = scramble.NOISE_RADIUS
    scramble.NOISE_RADIUS = radius
    try:
        yield
    finally:
        scramble.NOISE_RADIUS = before


async def _fill(
    vault: KnowledgeVault, name: str, texts: Sequence[Text], vectors: NDArray[np.float32]
) -> Filled:
    home = (await vault.create_vault(TENANT, name=name)).id
    keys = (await vault._vaults.keys(TENANT, home)).search
    records: dict[PassageId, str] = {}
    for language in LANGUAGES:
        places = [at for at, each in enumerate(texts) if each.language == language]
        for start in range(0, len(places), _EACH):
            here = places[start : start + _EACH]
            some, theirs = [texts[at] for at in here], vectors[here]
            document = await filling.add(
                vault,
                home,
                lambda opened, some=some, theirs=theirs: _chunks(opened, keys, some, theirs),  # type: ignore[misc]
                name=f"{language} {start}.txt",
            )
            records |= _records(document, some)
    return Filled(home, records)


def _records(document: DocumentId, texts: Sequence[Text]) -> Mapping[PassageId, str]:
    return {
        passage_id(document, 1, number): f"{each.language}/{each.record}" for number, each in enumerate(texts)
    }


def _chunks(
    document: OpenDocument, keys: SearchKeys, texts: Sequence[Text], vectors: NDArray[np.float32]
) -> Sequence[Searchable]:
    """They do not touch, so that none is joined with its neighbour."""
    language = language_of(" ".join(each.text for each in texts[:10]))
    found, start = [], 0
    for number, (each, vector) in enumerate(zip(texts, vectors, strict=True)):
        end = start + len(each.text)
        words: dict[int, int] = {}
        for word in stem(split_words(each.text), language):
            term = keys.word(language, word)
            words[term] = words.get(term, 0) + 1
        place = passage_id(document.id, 1, number)
        chunk = Chunk(place, number, each.text, start, end, None, "", start, end)
        found.append(searchable(chunk, document, language=language, words=words, vector=vector))
        start = end + 1
    return found


def _texts() -> Iterator[Text]:
    for language in LANGUAGES:
        for record in rows(DATA / f"xquad_dev.{language}" / "corpus.jsonl"):
            yield Text(record["id"], language, record["text"])
            for sentence in _SENTENCE.split(record["text"]):
                if _SHORTEST < len(sentence.strip()) < len(record["text"]):
                    yield Text(record["id"], language, sentence.strip())


async def _queries(embedder: Embedder, language: str) -> Sequence[Query]:
    asked = rows(DATA / f"xquad_dev.{language}" / "queries.jsonl")[::EVERY]
    vectors = await embedder.embed_queries([each["text"] for each in asked])
    return [Query(each["id"], each["text"], vector) for each, vector in zip(asked, vectors, strict=True)]


async def _embedded(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """`(len(texts), dimension)`, float32, rows of length 1; those of one length together, which is quicker."""
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
    made = await asyncio.gather(*(embedder.embed_passages([texts[at] for at in batch]) for batch in batches))
    vectors = np.empty((len(texts), embedder.dimension), np.float32)
    vectors[order] = np.concatenate(made)
    return vectors


if __name__ == "__main__":
    print(json.dumps(main(), ensure_ascii=False))
