"""What to embed with a chunk: nothing, the headings above it, or the file's name too. For docs/decisions.

    python -m tests.bench.measure_headers          prints one row a corpus and header

Exact scores of the product's own parts (reader, chunker, embedder, words, fusion), without index and sealing. A chunk
is right when it is of the right file and has one of the answers in it.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge_vault.chunking import Span, chunk
from knowledge_vault.embedding import SentenceTransformerEmbedder
from knowledge_vault.fusion import bm25, coverage, fuse, idf, is_open
from knowledge_vault.parsing.kinds import recognise
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.values import Limits
from knowledge_vault.words import language_of, share_without_spaces, split_words, stem

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
LANGUAGES = ("en", "de", "es", "ru", "zh", "ar")


@dataclass(frozen=True)
class Corpus:
    name: str
    files: dict[str, bytes]
    questions: list[tuple[str, list[str], str]]
    """Question, answers, file."""


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def documents(name: str, folder: Path, questions: Path) -> Corpus:
    asked = [(row["question"], row["answers"], row["doc"]) for row in _rows(questions) if row["answers"]]
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix != ".jsonl"}
    return Corpus(name, files, asked)


def articles(language: str) -> Corpus:
    """XQuAD's paragraphs put together to the articles they come from, each a file named by its title."""
    folder = SHARED / "retrieval" / f"xquad_dev.{language}"
    texts: dict[str, list[str]] = {}
    file_of: dict[str, str] = {}
    for row in _rows(folder / "corpus.jsonl"):
        file_of[row["id"]] = f"{row['title']}.txt"
        texts.setdefault(file_of[row["id"]], []).append(row["text"])
    asked = [(row["text"], row["answers"], file_of[row["doc"]]) for row in _rows(folder / "queries.jsonl")]
    files = {name: "\n\n".join(parts).encode() for name, parts in texts.items()}
    return Corpus(f"xquad {language}", files, asked)


def _with_name(name: str, span: Span) -> str:
    return " | ".join(part for part in (name.rpartition(".")[0], span.heading) if part)


HEADERS: dict[str, Callable[[str, Span], str]] = {
    "nothing": lambda name, span: "",
    "headings": lambda name, span: span.heading,
    "file name and headings": _with_name,
}


async def _stream(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def measure(corpus: Corpus, embedder: SentenceTransformerEmbedder) -> None:
    parser = ParserProcess()
    loop = asyncio.get_running_loop()

    def count(texts: Sequence[str]) -> Sequence[int]:
        return asyncio.run_coroutine_threadsafe(embedder.count_tokens(texts), loop).result()

    chunks: list[tuple[str, Span, str, str]] = []
    for name, content in corpus.files.items():
        kind = recognise(name, content[:8192])
        parsed = await parser.parse(_stream(content), name=name, kind=kind, limits=Limits())
        language = language_of(parsed.text)
        for span in await asyncio.to_thread(chunk, parsed, count):
            own = parsed.text[span.start : span.end]
            chunks.append((name, span, f"{span.lead}\n{own}" if span.lead else own, language))
    await parser.close()
    asked = await embedder.embed_queries([question for question, _, _ in corpus.questions])
    for header, make in HEADERS.items():
        texts = [f"{above}\n{own}" if (above := make(name, span)) else own for name, span, own, _ in chunks]
        vectors = np.concatenate(
            [await embedder.embed_passages(texts[at : at + 16]) for at in range(0, len(texts), 16)]
        )
        words = [Counter(stem(split_words(text), chunks[at][3])) for at, text in enumerate(texts)]  # type: ignore[arg-type]
        lengths = np.array([each.total() for each in words], float)
        containing = Counter(word for each in words for word in each)
        places = {"vectors": [], "fused": []}  # type: dict[str, list[int]]
        for number, (question, answers, file) in enumerate(corpus.questions):
            similarities = (vectors @ asked[number]).astype(float)
            weights: dict[str, float] = {}
            for language in {each[3] for each in chunks}:
                for word in stem(split_words(question), language):  # type: ignore[arg-type]
                    weights[word] = idf(len(chunks), containing[word])
            best = max(
                (
                    coverage({w: weights[w] for w in stem(split_words(question), language)}, containing)  # type: ignore[arg-type]
                    for language in {each[3] for each in chunks}
                ),
                default=0.0,
            )
            scores = None
            if is_open(best, share_without_spaces(split_words(question))):
                scores = np.zeros(len(chunks))
                for word, weight in weights.items():
                    occurrences = np.array([each[word] for each in words], float)
                    scores += weight * bm25(occurrences, lengths, np.full(len(chunks), lengths.mean()))
            fused = fuse(similarities, scores, population=len(chunks))
            right = [
                file == name and any(_flat(answer) in _flat(text) for answer in answers)
                for (name, _, text, _) in chunks
            ]
            for what, order in (("vectors", similarities), ("fused", fused)):
                ranked = np.argsort(-order, kind="stable")
                places[what].append(next((at for at, one in enumerate(ranked, 1) if right[one]), 10**6))
        for what, found in places.items():
            at = np.array(found, float)
            print(
                f"| {corpus.name} ({len(chunks)}/{len(at)}) | {header} | {what} | {(at <= 1).mean():.3f} | "
                f"{(at <= 5).mean():.3f} | {np.where(at <= 10, 1 / at, 0).mean():.3f} |",
                flush=True,
            )


def _flat(text: str) -> str:
    return " ".join(text.split()).lower()


async def main() -> None:
    embedder = SentenceTransformerEmbedder()
    print(
        "| corpus (chunks/questions) | header | list | R@1 | R@5 | MRR@10 |\n| --- | --- | --- | --- | --- | --- |"
    )
    corpora = [
        documents("real documents", SHARED / "docs", SHARED / "docs" / "questions.jsonl"),
        documents("samples", ROOT / "samples" / "documents", ROOT / "samples" / "questions.jsonl"),
        *(articles(language) for language in LANGUAGES),
    ]
    for corpus in corpora:
        await measure(corpus, embedder)
    await embedder.close()


if __name__ == "__main__":
    asyncio.run(main())
