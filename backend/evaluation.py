"""Score an agent's answers: exact match and F1 as SQuAD defines them, and whether citations bear them out.

Text is normalised as in the SQuAD evaluation script (Rajpurkar et al., 2016), except that any script's letters
count and Chinese, Japanese and Thai are compared character by character.
"""

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ARTICLES = {"a", "an", "the"}
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Question:
    text: str
    answers: tuple[str, ...]
    """Strings that a right answer holds; none when the documents do not say and the agent should say so."""
    document: str | None
    page: int | None
    kind: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Question":
        """Raises KeyError when the row has no question."""
        return cls(
            text=row["question"] if "question" in row else row["text"],
            answers=tuple(row.get("answers") or ()),
            document=row.get("doc"),
            page=row.get("page"),
            kind=row.get("kind", "unanswerable" if not row.get("answers") else "factoid"),
        )


@dataclass(frozen=True)
class Score:
    question: Question
    answer: str
    right: bool
    """It holds one of the expected strings; for an unanswerable question: it claims nothing with a citation."""
    exact_match: float
    f1: float
    citation_precision: float | None
    """Share of the citations that lie in the expected document (and page); `None` without citations."""
    supported: bool
    """A cited quote holds one of the expected strings."""
    took_s: float


def score(question: Question, completion: Mapping[str, Any], *, took_s: float) -> Score:
    """Compare one completion of `/v1/chat/completions` with what was expected."""
    answer = completion["choices"][0]["message"]["content"]
    citations = completion["citations"]
    expected = [normalised(text) for text in question.answers]
    given = normalised(answer)
    if not expected:
        return Score(question, answer, not citations, 0.0, 0.0, None, False, took_s)
    quotes = [normalised(citation["quote"]) for citation in citations]
    return Score(
        question=question,
        answer=answer,
        right=any(text in given for text in expected),
        exact_match=float(given in expected),
        f1=max(f1(given, text) for text in expected),
        citation_precision=_precision(question, citations),
        supported=any(text in quote for text in expected for quote in quotes),
        took_s=took_s,
    )


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """The metrics over all questions, the timings in seconds, and a row per question."""
    answerable = [s for s in scores if s.question.answers]
    unanswerable = [s for s in scores if not s.question.answers]
    precisions = [s.citation_precision for s in answerable if s.citation_precision is not None]
    times = [s.took_s for s in scores]
    return {
        "metrics": {
            "questions": float(len(scores)),
            "contains_answer": _mean([float(s.right) for s in answerable]),
            "exact_match": _mean([s.exact_match for s in answerable]),
            "f1": _mean([s.f1 for s in answerable]),
            "citation_precision": _mean(precisions),
            "citation_support": _mean([float(s.supported) for s in answerable]),
            "refused_unanswerable": _mean([float(s.right) for s in unanswerable]),
        },
        "timings": {
            "p50_s": statistics.median(times) if times else 0.0,
            "max_s": max(times, default=0.0),
            "total_s": sum(times),
        },
        "answers": [
            {
                "question": s.question.text,
                "kind": s.question.kind,
                "answer": s.answer,
                "right": s.right,
                "supported": s.supported,
                "took_s": round(s.took_s, 3),
            }
            for s in scores
        ],
    }


def normalised(text: str) -> str:
    """Lower case, no punctuation, no English articles, single spaces."""
    folded = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return " ".join(word for word in kept.split() if word not in ARTICLES)


def f1(given: str, expected: str) -> float:
    """Harmonic mean of precision and recall over words (characters where words have no spaces)."""
    given_words, expected_words = Counter(_words(given)), Counter(_words(expected))
    common = (given_words & expected_words).total()
    if not common:
        return 0.0
    precision, recall = common / given_words.total(), common / expected_words.total()
    return 2 * precision * recall / (precision + recall)


def _words(text: str) -> list[str]:
    return UNSPACED.sub(lambda match: f" {match[0]} ", text).split()


def _precision(question: Question, citations: Sequence[Mapping[str, Any]]) -> float | None:
    if not citations or question.document is None:
        return None
    good: list[bool] = [
        citation["document"] == question.document
        and (question.page is None or citation["page"] is None or citation["page"] == question.page)
        for citation in citations
    ]
    return sum(good) / len(good)


def _mean(values: Sequence[float]) -> float:
    return round(statistics.fmean(values), 4) if values else 0.0
