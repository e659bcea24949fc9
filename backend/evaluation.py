"""Score an agent's answers: exact match and F1 as SQuAD defines them, and whether citations bear them out.

Text is normalised as in the SQuAD evaluation script (Rajpurkar et al., 2016), except that any script's letters
count and Chinese, Japanese and Thai are compared character by character.
"""

import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.sentence_support import SentenceCounts, count_sentences
from backend.text_likeness import holds, normalised

MOST_WORDS = 60
"""An answer that is longer hides what was asked for, though it may hold it."""

UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class Question:
    text: str
    answers: tuple[str, ...]
    """Strings that a right answer holds; none when the documents do not say and the agent should say so."""
    document: str | None
    page: int | None
    kind: str
    checks: tuple[Mapping[str, Any], ...] = ()
    """What the answer is to be like, as an agent's own tests say it; every one must hold."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Question":
        """Raises KeyError when the row has no question."""
        return cls(
            text=row["question"] if "question" in row else row["text"],
            answers=tuple(row.get("answers") or ()),
            document=row.get("doc"),
            page=row.get("page"),
            kind=row.get("kind") or _kind(row),
            checks=tuple(row.get("checks") or ()),
        )


def _kind(row: Mapping[str, Any]) -> str:
    if row.get("checks"):
        return "test"
    return "factoid" if row.get("answers") else "unanswerable"


@dataclass(frozen=True)
class Score:
    question: Question
    answer: str
    right: bool
    """It holds one of the expected strings; for an unanswerable question: it claims nothing with a citation; for a
    test: every check holds."""
    exact_match: float
    f1: float
    citation_precision: float | None
    """Share of the citations that lie in the expected document (and page); `None` without citations."""
    supported: bool
    """A cited quote holds one of the expected strings."""
    took_s: float
    sentences: SentenceCounts
    told: tuple[str, ...] = ()
    """In words, of a test: what did not hold."""


def score(
    question: Question,
    completion: Mapping[str, Any],
    *,
    took_s: float,
    outcomes: Sequence[Mapping[str, Any]] = (),
) -> Score:
    """Compare one completion of `/v1/chat/completions` with what was expected.

    `outcomes` are those of the question's checks, where it has any.
    """
    answer = completion["choices"][0]["message"]["content"]
    citations = completion["citations"]
    expected = [normalised(text) for text in question.answers]
    given = normalised(answer)
    counts = count_sentences(question.text, completion)
    if question.checks:
        failed = tuple(outcome["told"] for outcome in outcomes if not outcome["passed"])
        return Score(question, answer, not failed, 0.0, 0.0, None, False, took_s, counts, failed)
    if not expected:
        return Score(question, answer, not citations, 0.0, 0.0, None, False, took_s, counts)
    quotes = [citation["quote"] for citation in citations]
    return Score(
        question=question,
        answer=answer,
        right=any(holds(answer, text) for text in question.answers),
        exact_match=float(given in expected),
        f1=max(f1(given, text) for text in expected),
        citation_precision=_precision(question, citations),
        supported=any(holds(quote, text) for text in question.answers for quote in quotes),
        took_s=took_s,
        sentences=counts,
    )


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """The metrics over all questions, the timings in seconds, and a row per question."""
    answerable = [s for s in scores if s.question.answers]
    unanswerable = [s for s in scores if not s.question.answers and not s.question.checks]
    tests = [s for s in scores if s.question.checks]
    precisions = [s.citation_precision for s in answerable if s.citation_precision is not None]
    times = [s.took_s for s in scores]
    return {
        "metrics": {
            "questions": float(len(scores)),
            "contains_answer": _mean([float(s.right) for s in answerable]),
            "contains_answer_in_60_words": _mean(
                [float(s.right and s.sentences.words <= MOST_WORDS) for s in answerable]
            ),
            "exact_match": _mean([s.exact_match for s in answerable]),
            "f1": _mean([s.f1 for s in answerable]),
            "citation_precision": _mean(precisions),
            "citation_support": _mean([float(s.supported) for s in answerable]),
            "unmarked_sentences": float(sum(s.sentences.unmarked for s in scores)),
            "unmarked_borne_out": _share(
                sum(s.sentences.borne_out for s in scores), sum(s.sentences.unmarked for s in scores)
            ),
            "marked_sentences": float(sum(s.sentences.marked for s in scores)),
            "refused_unanswerable": _mean([float(s.right) for s in unanswerable]),
            **({"tests_passed": _mean([float(s.right) for s in tests])} if tests else {}),
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
                **({"failed_checks": list(s.told)} if s.question.checks else {}),
                "took_s": round(s.took_s, 3),
            }
            for s in scores
        ],
    }


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


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return round(statistics.fmean(values), 4) if values else 0.0
