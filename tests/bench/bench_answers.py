"""How well questions are answered: the whole path from the search to the checked sentences.

Real documents with their 40 questions, and 200 questions of the English XQuAD; the starter "Document questions" as it
comes. As a program of its own it measures with another model too, in pieces, going on where it was stopped:

    python -m tests.bench.bench_answers --model FILE.gguf --keep FOLDER --seconds 230 [--set xquad] [--most 60]

`--keep` holds what was found and what was answered; of a model that answered only some, the figures are of those.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent_runtime import service, starters
from agent_runtime.events import NodeFinished, RunFinished
from agent_runtime.graph import Graph
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.ports import NO_FILTERS, Filters, Found, PageSpan, Passage, Ranks, Tools
from backend.evaluation import Question, score, summary
from backend.settings import Settings
from backend.wiring import VaultRetriever, temporary_vault
from knowledge_vault.embedding import SentenceTransformerEmbedder
from knowledge_vault.evaluation import rows
from knowledge_vault.ports import Embedder
from knowledge_vault.values import DocumentId, Stage, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT.parent / "shared" / "data"
TENANT = TenantId("bench")
PASSAGES = 6
XQUAD = 200
STRANGERS = 25
"""Questions of the encyclopedia that are put to the real documents, which say nothing of them."""
TARGETS: Mapping[str, float] = {"xquad": 0.55, "documents": 0.75}


def main() -> dict[str, Any]:
    title = "Answers, and what they rest on"
    if not DATA.is_dir():
        return {"title": title, "skipped": f"the evaluation sets are not at {DATA.relative_to(ROOT.parent)}"}
    with tempfile.TemporaryDirectory(prefix="qanat-") as folder:
        keep = Path(folder)
        asyncio.run(find(keep))
        asyncio.run(answer(keep, Settings().llm, seconds=float("inf"), wanted=None, most=None))
        return {"title": title, **figures(keep, Settings().llm.stem)}


def questions() -> dict[str, list[dict[str, Any]]]:
    """The questions of each set: `{id, question, answers, doc, page}`; every fourth or so of the encyclopedia's."""
    every = rows(DATA / "retrieval" / "xquad_dev.en" / "queries.jsonl")
    spread = [every[place * len(every) // XQUAD] for place in range(XQUAD)]
    asked = [{"id": each["id"], "question": each["text"], "answers": each["answers"]} for each in spread]
    strange = [{**each, "answers": []} for each in asked[:: XQUAD // STRANGERS]]
    return {"documents": rows(DATA / "docs" / "questions.jsonl"), "strangers": strange, "xquad": asked}


# --- finding, once for all models -------------------------------------------------------------------


async def find(keep: Path) -> None:
    """Take both collections in, search for every question, and keep what was found with the documents' texts."""
    if (keep / "found.json").is_file():
        return
    async with temporary_vault(Settings()) as vault:
        real = await _take_in(
            vault,
            [(p.name, p.read_bytes()) for p in sorted((DATA / "docs").iterdir()) if p.suffix != ".jsonl"],
        )
        corpus = rows(DATA / "retrieval" / "xquad_dev.en" / "corpus.jsonl")
        encyclopedia = await _take_in(
            vault, [(f"{each['id']}.txt", f"{each['title']}\n\n{each['text']}".encode()) for each in corpus]
        )
        homes = {"documents": real, "strangers": real, "xquad": encyclopedia}
        found: dict[str, Any] = {}
        for name, asked in questions().items():
            for each in asked:
                began = time.perf_counter()
                result = await VaultRetriever(vault, TENANT).search(
                    each["question"], vaults=[homes[name]], limit=PASSAGES
                )
                found[f"{name}/{each['id']}"] = {
                    "passages": [asdict(passage) for passage in result.passages],
                    "is_relevant": result.is_relevant,
                    "took_s": time.perf_counter() - began,
                }
        cited = {p["document_id"] for each in found.values() for p in each["passages"]}
        texts = {each: (await vault.document_text(TENANT, DocumentId(each))).text for each in cited}
    (keep / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    (keep / "found.json").write_text(json.dumps(found), encoding="utf-8")


async def _take_in(vault: KnowledgeVault, files: Sequence[tuple[str, bytes]]) -> VaultId:
    home = await vault.create_vault(TENANT, name="bench")
    for name, content in files:

        async def once(content: bytes = content) -> Any:
            yield content

        added = (await vault.add_document(TENANT, home.id, name=name, content=once())).document
        await vault.parse(TENANT, added.id)
        await vault.index(TENANT, added.id)
        assert (await vault.get_document(TENANT, added.id)).stage is Stage.ACTIVE
    return home.id


class Kept:
    """The retriever of one question, from what was found before."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    async def search(
        self,
        question: str,
        *,
        vaults: Collection[str],
        limit: int,
        filters: Filters = NO_FILTERS,
        rerank: bool = True,
    ) -> Found:
        passages = [
            Passage(
                **{
                    **each,
                    "pages": tuple(PageSpan(**page) for page in each["pages"]),
                    "ranks": Ranks(**each["ranks"]),
                }
            )
            for each in self._found["passages"]
        ]
        return Found(tuple(passages), self._found["is_relevant"])


# --- answering --------------------------------------------------------------------------------------


class PassageEmbedder:
    """The product's embedder without a vault around it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def embed(self, texts: Sequence[str]) -> Any:
        return await self._embedder.embed_passages(texts)


async def answer(
    keep: Path,
    file: Path,
    *,
    seconds: float,
    wanted: str | None,
    most: int | None,
    style: str = "write_and_quote",
    unsupported: str = "quote",
) -> None:
    """Ask what was not asked of this model yet, for so many seconds."""
    found = json.loads((keep / "found.json").read_text(encoding="utf-8"))
    texts = json.loads((keep / "texts.json").read_text(encoding="utf-8"))
    answers = keep / f"{file.stem}{_variant(style, unsupported)}.jsonl"
    done = {row["key"] for row in rows(answers)} if answers.is_file() else set()
    embedder = SentenceTransformerEmbedder(Settings().embedder, threads=1)
    await embedder.load()
    model = LlamaCppModel(file, threads=1)
    await model.warm()
    graph = _graph(style, unsupported)
    ends = time.monotonic() + seconds
    with answers.open("a", encoding="utf-8") as out:
        for name, asked in questions().items():
            for each in asked[:: len(asked) // most if most and most < len(asked) else 1]:
                key = f"{name}/{each['id']}"
                if key in done or wanted not in (None, name) or time.monotonic() > ends:
                    continue
                tools = Tools(retriever=Kept(found[key]), model=model, embedder=PassageEmbedder(embedder))
                row = await _asked(graph, each, tools, texts)
                row |= {"key": key, "search_s": found[key]["took_s"]}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                out.flush()
    model.close()
    await embedder.close()


def _variant(style: str, unsupported: str) -> str:
    return "" if (style, unsupported) == ("write_and_quote", "quote") else f".{style}.{unsupported}"


def _graph(style: str, unsupported: str) -> Graph:
    graph = starters.DOCUMENT_QUESTIONS.graph(vaults=["bench"])
    chosen = {"style": style, "unsupported": unsupported}
    nodes = [
        node.model_copy(update={"settings": chosen}) if node.kind == "answer_with_sources" else node
        for node in graph.nodes
    ]
    return graph.model_copy(update={"nodes": nodes})


async def _asked(
    graph: Graph, each: Mapping[str, Any], tools: Tools, texts: Mapping[str, str]
) -> dict[str, Any]:
    began = time.perf_counter()
    events = [event async for event in service.run(graph, each["question"], tools, run_id="bench")]
    last = events[-1]
    assert isinstance(last, RunFinished), last
    [step] = [e for e in events if isinstance(e, NodeFinished) and e.kind == "answer_with_sources"]
    citations = [citation.model_dump(mode="json") for citation in last.citations]
    return {
        "question": each["question"],
        "answers": each["answers"],
        "doc": each.get("doc"),
        "page": each.get("page"),
        "answer": last.answer,
        "citations": citations,
        "sentences": [sentence.model_dump(mode="json") for sentence in last.sentences],
        "resolved": [texts[c["document_id"]][c["start"] : c["end"]] == c["quote"] for c in citations],
        "outcome": step.detail.get("outcome"),
        "draft": step.detail.get("draft", ""),
        "evidence": step.detail.get("evidence", []),
        "took_s": time.perf_counter() - began,
    }


# --- figures ----------------------------------------------------------------------------------------


def figures(keep: Path, stem: str) -> dict[str, Any]:
    told = rows(keep / f"{stem}.jsonl")
    found: list[dict[str, Any]] = []
    resolved = [each for row in told for each in row["resolved"]]
    found.append(
        {
            "what": f"{stem}: citations that lead to their very words, of {len(resolved)}",
            "value": round(sum(resolved) / max(1, len(resolved)), 4),
            "at_least": 1.0,
        }
    )
    for name in ("xquad", "documents", "strangers"):
        rows_of = [row for row in told if row["key"].startswith(f"{name}/")]
        if not rows_of:
            continue
        said = summary([_scored(row) for row in rows_of])["metrics"]
        what = f"{stem}, {name}"
        count = sum(bool(row["answers"]) for row in rows_of)
        if count:
            written = [row for row in rows_of if row["outcome"] == "written"]
            found += [
                {
                    "what": f"{what}, {count} questions: at most 60 words that hold the answer",
                    "value": said["contains_answer_in_60_words"],
                    "at_least": TARGETS[name],
                },
                {"what": f"{what}: exact match", "value": said["exact_match"]},
                {"what": f"{what}: F1", "value": said["f1"]},
                {
                    "what": f"{what}: of {said['unmarked_sentences']:.0f} unmarked sentences, in what they cite",
                    "value": said["unmarked_borne_out"],
                    "at_least": 0.95,
                },
                {
                    "what": f"{what}: answers in the model's own words",
                    "value": round(len(written) / len(rows_of), 4),
                },
            ]
            if written:
                own = [_own_words_right(row) for row in written if row["answers"]]
                found.append(
                    {
                        "what": f"{what}: of those, words of its own that hold the answer",
                        "value": round(statistics.fmean(own), 4),
                    }
                )
        if count < len(rows_of):
            found.append(
                {
                    "what": f"{what}: refused, {len(rows_of) - count} without an answer",
                    "value": said["refused_unanswerable"],
                }
            )
        took = [row["took_s"] + row["search_s"] for row in rows_of]
        found += [
            {"what": f"{what}: an answer, median", "value": round(statistics.median(took), 2), "unit": "s"},
            {"what": f"{what}: an answer, slowest", "value": round(max(took), 2), "unit": "s"},
        ]
    return {
        "figures": found,
        "notes": [
            "“In what they cite” is the rule of backend/evaluation.py `stands_in`; docs/decisions/"
            "answers-from-passages.md says it in words. Thresholds were chosen with these sets in view."
        ],
    }


def _scored(row: Mapping[str, Any]) -> Any:
    completion = {
        "choices": [{"message": {"content": row["answer"]}}],
        "citations": row["citations"],
        "sentences": row["sentences"],
    }
    return score(Question.of(row), completion, took_s=row["took_s"] + row["search_s"])


def _own_words_right(row: Mapping[str, Any]) -> float:
    """Whether the sentences of the model, without the quotations that follow, hold the answer."""
    own = " ".join(s["text"] for s in row["sentences"] if not s["text"].startswith("“"))
    completion = {"choices": [{"message": {"content": own}}], "citations": row["citations"], "sentences": []}
    return float(score(Question.of(row), completion, took_s=0.0).right)


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=Settings().llm)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--set", choices=("documents", "strangers", "xquad"))
    parser.add_argument("--most", type=int, help="of each set, spread over it")
    parser.add_argument("--style", default="write_and_quote")
    parser.add_argument("--unsupported", default="quote")
    return parser.parse_args()


if __name__ == "__main__":
    told = _told()
    if told.keep is None:
        print(json.dumps(main()))
    else:
        told.keep.mkdir(parents=True, exist_ok=True)
        asyncio.run(find(told.keep))
        asyncio.run(
            answer(
                told.keep,
                told.model,
                seconds=told.seconds,
                wanted=told.set,
                most=told.most,
                style=told.style,
                unsupported=told.unsupported,
            )
        )
        if (told.style, told.unsupported) == ("write_and_quote", "quote"):
            print(json.dumps(figures(told.keep, told.model.stem), indent=1))
