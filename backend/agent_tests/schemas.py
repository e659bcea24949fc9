"""The shapes that an agent's tests have in HTTP."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from backend.agent_tests.service import Line, OpenResult, OpenTest, Report
from backend.agent_tests.work import Progress
from backend.answer_checks import Check


class TestIn(BaseModel):
    __test__ = False  # for pytest

    question: str = Field(max_length=8_000)
    checks: list[Check] = Field([], max_length=10)
    """All of them must hold."""
    state: Literal["draft", "confirmed"] = "confirmed"


class TestOut(BaseModel):
    __test__ = False

    id: str
    question: str
    checks: list[Check]
    state: Literal["draft", "confirmed"]
    """Only confirmed ones are run and count."""
    origin: dict[str, Any]
    """Where it came from: `from` is `person`, `run` or `passage`, with what is known of that."""

    @classmethod
    def of(cls, opened: OpenTest) -> "TestOut":
        return cls(
            id=opened.test.id,
            question=opened.content["question"],
            checks=opened.content["checks"],
            state="confirmed" if opened.test.state == "confirmed" else "draft",
            origin=dict(opened.content["origin"]),
        )


class ProgressOut(BaseModel):
    what: Literal["run", "draft"]
    state: Literal["working", "done", "stopped", "failed"]
    total: int
    done: int
    passed: int
    question: str
    """What is being asked."""
    told: str
    """Why it failed, or what should be known of it, in words."""

    @classmethod
    def of(cls, progress: Progress) -> "ProgressOut":
        return cls(
            what=progress.what,
            state=progress.state,
            total=progress.total,
            done=progress.done,
            passed=progress.passed,
            question=progress.question,
            told=progress.told,
        )


class TestSetOut(BaseModel):
    __test__ = False

    tests: list[TestOut]
    gate: int | None
    """The percentage of tests that must pass before publishing; null asks for nothing."""
    progress: ProgressOut | None


class OutcomeOut(BaseModel):
    passed: bool
    told: str
    """In words."""


class TestResultOut(BaseModel):
    __test__ = False

    passed: bool
    at: datetime
    answer: str | None
    failure: str | None
    """Why there is no answer."""
    outcomes: list[OutcomeOut]
    """Of its checks, in their order."""
    run_id: str
    took_ms: int | None

    @classmethod
    def of(cls, opened: OpenResult | None) -> "TestResultOut | None":
        if opened is None:
            return None
        content = opened.content
        return cls(
            passed=opened.result.passed,
            at=opened.result.at,
            answer=content.get("answer"),
            failure=content.get("failure"),
            outcomes=content["outcomes"],
            run_id=content["run_id"],
            took_ms=content.get("took_ms"),
        )


class ReportLine(BaseModel):
    test_id: str
    question: str
    result: TestResultOut | None
    """Null: it was not run since the test or the agent changed."""
    against: TestResultOut | None
    change: Literal["better", "worse", "same", "unknown"]

    @classmethod
    def of(cls, line: Line) -> "ReportLine":
        return cls(
            test_id=line.test.test.id,
            question=line.test.content["question"],
            result=TestResultOut.of(line.result),
            against=TestResultOut.of(line.against),
            change=line.change,
        )


class ReportOut(BaseModel):
    lines: list[ReportLine]
    passed: int
    ran: int
    gate: int | None
    refusal: str | None
    """Why it may not be published as it stands; null when its tests let it."""

    @classmethod
    def of(cls, report: Report) -> "ReportOut":
        return cls(
            lines=[ReportLine.of(line) for line in report.lines],
            passed=report.passed,
            ran=report.ran,
            gate=report.gate,
            refusal=report.refusal,
        )


class TestRunIn(BaseModel):
    __test__ = False

    state: str = Field("draft", max_length=60)
    """Which state of the agent is asked: `draft`, `live` or the number of a version."""
    only: list[str] | None = None
    """These tests; all confirmed ones without."""


class DraftTestsIn(BaseModel):
    count: int = Field(5, ge=1, le=20)


class FromRunIn(BaseModel):
    run_id: str


class GateIn(BaseModel):
    percent: int | None = Field(None, ge=1, le=100)


class JudgeIn(BaseModel):
    answer: str = Field(max_length=100_000)
    citations: list[dict[str, Any]] = Field([], max_length=200)
    """With `document` and `quote`."""
    found: bool = True
    checks: list[Check] = Field(max_length=10)
