"""Measure search on questions whose answers are known, through the very path that a user's documents take."""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from knowledge_vault.values import DocumentId, Passage, Reranking, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault

_TENANT = TenantId("evaluation")
_BATCH = 32
_DEPTH = 10
_FETCH = 40
"""Passages asked for, so that ten documents remain when several passages are of the same one."""
_WITHOUT_RERANKER = {Reranking.NONE, Reranking.OFF}

Metrics = dict[str, float]


async def evaluate_retrieval(
    vault: KnowledgeVault,
    data_dir: Path,
    *,
    queries_dir: Path | None = None,
    report: Callable[[str, int, int], None] | None = None,
    rerank: bool = True,
) -> dict[str, Any]:
    """Ingest `data_dir/corpus.jsonl`, ask `queries.jsonl`, score against `qrels.tsv`, and delete it all again.

    `vault`: best one over a temporary data folder. `queries_dir`: where the questions and judgements come from
    instead. `report`: told what is done, how many of how many. `rerank`: by the vault's reranker, if it has one.
    Documents are judged by their best passage.

    Returns `{"metrics": {"recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10"}, "timings": {…}}`, and where
    there is a reranker in how many questions it made the order, as `"reranked"`. Times are in seconds but
    for `search_p50_ms` and `search_p95_ms`, which are of single questions asked one after another.
    """
    tell = report or (lambda _what, _done, _of: None)
    asked_of = queries_dir or data_dir
    corpus, queries, judged_by = await asyncio.to_thread(
        lambda: (
            rows(data_dir / "corpus.jsonl"),
            rows(asked_of / "queries.jsonl"),
            judgements(asked_of / "qrels.tsv"),
        )
    )
    queries = [query for query in queries if query["id"] in judged_by]
    home = await vault.create_vault(_TENANT, name="evaluation")
    try:
        started = time.perf_counter()
        names = await _ingest(vault, home.id, corpus, tell)
        ingested = time.perf_counter()
        ranked, reranking = await _ask(vault, home.id, queries, names, tell, rerank=rerank)
        asked = time.perf_counter()
        single = await _time_single(vault, home.id, queries[:50], rerank=rerank)
    finally:
        await vault.delete_vault(_TENANT, home.id)
    return {
        "metrics": metrics(ranked, judged_by),
        "timings": {
            "documents": len(corpus),
            "queries": len(queries),
            "ingest_s": round(ingested - started, 2),
            "queries_s": round(asked - ingested, 2),
            "search_p50_ms": _percentile(single, 0.5),
            "search_p95_ms": _percentile(single, 0.95),
        },
        **({} if set(reranking) <= _WITHOUT_RERANKER else {"reranked": reranking[Reranking.DONE]}),
    }


def metrics(ranked: Mapping[str, Sequence[str]], judgements: Mapping[str, Mapping[str, int]]) -> Metrics:
    """Means over the questions of their ranked document ids against graded judgements, at most ten deep."""
    totals = dict.fromkeys(("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10"), 0.0)
    for query, documents in ranked.items():
        judged = judgements[query]
        gains = [judged.get(document, 0) for document in documents[:_DEPTH]]
        relevant = sum(1 for grade in judged.values() if grade > 0)
        for depth in (1, 5, 10):
            hits = sum(1 for gain in gains[:depth] if gain > 0)
            totals[f"recall@{depth}"] += hits / min(relevant, depth) if relevant else 0.0
        totals["mrr@10"] += next((1 / place for place, gain in enumerate(gains, 1) if gain > 0), 0.0)
        best = _discounted(sorted(judged.values(), reverse=True)[:_DEPTH])
        totals["ndcg@10"] += _discounted(gains) / best if best else 0.0
    return {name: round(total / len(ranked), 4) if ranked else 0.0 for name, total in totals.items()}


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


async def _ingest(
    vault: KnowledgeVault,
    home: VaultId,
    corpus: Sequence[Mapping[str, Any]],
    tell: Callable[[str, int, int], None],
) -> Mapping[DocumentId, str]:
    """One document per record, its title as its heading; returns which record each document is."""
    names: dict[DocumentId, str] = {}
    for done, record in enumerate(corpus):
        tell("documents", done, len(corpus))
        added = await vault.add_document(_TENANT, home, name=f"{len(names)}.md", content=_content(record))
        names[added.document.id] = record["id"]
        await vault.parse(_TENANT, added.document.id)
        await vault.index(_TENANT, added.document.id)
    return names


async def _content(record: Mapping[str, Any]) -> AsyncIterator[bytes]:
    title = " ".join(str(record.get("title") or "").split())
    yield (f"# {title}\n\n{record['text']}" if title else str(record["text"])).encode()


async def _ask(
    vault: KnowledgeVault,
    home: VaultId,
    queries: Sequence[Mapping[str, Any]],
    names: Mapping[DocumentId, str],
    tell: Callable[[str, int, int], None],
    *,
    rerank: bool,
) -> tuple[dict[str, list[str]], Counter[Reranking]]:
    """The document ids of each question, and what a reranker had to do with how many."""
    ranked: dict[str, list[str]] = {}
    reranking: Counter[Reranking] = Counter()
    for start in range(0, len(queries), _BATCH):
        tell("questions", start, len(queries))
        batch = queries[start : start + _BATCH]
        results = await vault.search_many(
            _TENANT, [home], [query["text"] for query in batch], limit=_FETCH, rerank=rerank
        )
        for query, result in zip(batch, results, strict=True):
            ranked[query["id"]] = _documents(result.passages, names)
            reranking[result.reranking] += 1
    return ranked, reranking


def _documents(passages: Sequence[Passage], names: Mapping[DocumentId, str]) -> list[str]:
    """The documents of the passages, each at the place of its best one."""
    return list(dict.fromkeys(names[passage.document_id] for passage in passages))


async def _time_single(
    vault: KnowledgeVault, home: VaultId, queries: Sequence[Mapping[str, Any]], *, rerank: bool
) -> list[float]:
    times = []
    for query in queries:
        started = time.perf_counter()
        await vault.search(_TENANT, [home], query["text"], rerank=rerank)
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)


def _percentile(values: Sequence[float], share: float) -> float:
    return round(values[min(len(values) - 1, int(len(values) * share))], 1) if values else 0.0


def rows(path: Path) -> list[dict[str, Any]]:
    """The records of a JSONL file."""
    # split at newlines only: a text may hold other characters that `splitlines` takes for line ends
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def judgements(path: Path) -> dict[str, dict[str, int]]:
    """By question, the grade of each document that was judged."""
    judged: dict[str, dict[str, int]] = {}
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            query, document, grade = line.split("\t")
            judged.setdefault(query, {})[document] = int(grade)
    return judged
