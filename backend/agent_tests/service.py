"""An agent's test set: questions, what a right answer is like, what came of them, and the gate before publishing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from agent_runtime import service as runtime
from agent_runtime.errors import RuntimeFailure
from agent_runtime.graph import Graph
from backend.agent_tests import store
from backend.agent_tests.store import Result, Test
from backend.agents.history import LIVE, History
from backend.agents.service import Agents
from backend.answer_checks import CHECK, Check
from backend.clock import Clock
from backend.database import Database
from backend.errors import Invalid, NotFound, TestsFailed
from backend.runs.service import Runs
from backend.sealed import Sealer, SealerFor, open_json, seal_json

MOST = 500
"""Tests of one agent."""
QUOTE_CHARACTERS = 160

Change = Literal["better", "worse", "same", "unknown"]


@dataclass(frozen=True)
class OpenTest:
    test: Test
    content: Mapping[str, Any]
    """`question`, `checks`, `origin`: where it came from."""


@dataclass(frozen=True)
class OpenResult:
    result: Result
    content: Mapping[str, Any]
    """`answer`, `outcomes` check by check, `run_id`, `took_ms`, `failure`."""


@dataclass(frozen=True)
class Line:
    """One test, with what came of it in two states of the agent."""

    test: OpenTest
    result: OpenResult | None
    """None: not run since the test or the agent changed."""
    against: OpenResult | None

    @property
    def change(self) -> Change:
        if self.result is None or self.against is None:
            return "unknown"
        if self.result.result.passed == self.against.result.passed:
            return "same"
        return "better" if self.result.result.passed else "worse"


@dataclass(frozen=True)
class Report:
    lines: Sequence[Line]
    """Of the confirmed tests."""
    gate: int | None
    """The percentage that must pass before publishing; None: any will do."""
    refusal: str | None
    """Why it may not be published as it stands; None when its tests let it."""

    @property
    def passed(self) -> int:
        return sum(1 for line in self.lines if line.result and line.result.result.passed)

    @property
    def ran(self) -> int:
        return sum(1 for line in self.lines if line.result)


class AgentTests:
    """Every method takes the owner's id; somebody else's agent is not found."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        agents: Agents,
        history: History,
        runs: Runs,
        *,
        sealer_for: SealerFor,
    ) -> None:
        self._database = database
        self._clock = clock
        self._agents = agents
        self._history = history
        self._runs = runs
        self._sealer_for = sealer_for

    # The set

    async def list_tests(self, owner_id: str, agent_id: str) -> list[OpenTest]:
        """In the order they were added. Raises NotFound."""
        await self._agents.get(owner_id, agent_id)
        sealer = await self._sealer_for(owner_id)
        async with self._database.reading() as connection:
            tests = await store.list_tests(connection, agent_id)
        return [OpenTest(test, _open(sealer, test)) for test in tests]

    async def add(
        self,
        owner_id: str,
        agent_id: str,
        *,
        question: str,
        checks: Sequence[Check],
        state: str,
        origin: Mapping[str, Any],
    ) -> OpenTest:
        """Raises NotFound: not their agent. Invalid: there are too many, or nothing is asked or checked."""
        await self._agents.get(owner_id, agent_id)
        content = _content(question, checks, origin, state)
        test_id = uuid4().hex
        sealer = await self._sealer_for(owner_id)
        async with self._database.writing() as connection:
            if len(await store.list_tests(connection, agent_id)) >= MOST:
                raise Invalid(f"An agent has at most {MOST} tests. Remove some that tell nothing new.")
            test = Test(
                id=test_id,
                agent_id=agent_id,
                position=await store.next_position(connection, agent_id),
                state=state,
                revision=1,
                content=seal_json(sealer, content, "agent-test", test_id),
                created_at=self._clock.now(),
            )
            await store.add_test(connection, test)
        return OpenTest(test, content)

    async def change(
        self,
        owner_id: str,
        agent_id: str,
        test_id: str,
        *,
        question: str,
        checks: Sequence[Check],
        state: str,
    ) -> OpenTest:
        """What was found of it before does not count any more, unless it is only confirmed."""
        opened = await self._get(owner_id, agent_id, test_id)
        content = _content(question, checks, opened.content["origin"], state)
        revision = opened.test.revision + (content != opened.content)
        sealer = await self._sealer_for(owner_id)
        async with self._database.writing() as connection:
            await store.change_test(
                connection,
                test_id,
                state=state,
                revision=revision,
                content=seal_json(sealer, content, "agent-test", test_id),
            )
        return await self._get(owner_id, agent_id, test_id)

    async def remove(self, owner_id: str, agent_id: str, test_id: str) -> None:
        await self._get(owner_id, agent_id, test_id)
        async with self._database.writing() as connection:
            await store.delete_test(connection, test_id)

    async def add_from_run(self, owner_id: str, agent_id: str, run_id: str) -> OpenTest:
        """A draft of a test from a run of theirs: its question, and checks that its answer passes.

        Raises:
            NotFound: no such run of this agent among theirs. Invalid: it has no answer.
        """
        run = await self._runs.get(owner_id, run_id)
        if run.agent_id != agent_id:
            raise NotFound("That run is of another agent.")
        record = await self._runs.open_record(run)
        return await self.add(
            owner_id,
            agent_id,
            question=record["question"],
            checks=_checks_from(record),
            state="draft",
            origin={"from": "run", "run_id": run_id, "answer": record.get("answer", "")},
        )

    # What came of them

    async def keep_result(
        self, owner_id: str, test: Test, *, behaviour: str, passed: bool, content: Mapping[str, Any]
    ) -> None:
        result_id = uuid4().hex
        sealer = await self._sealer_for(owner_id)
        result = Result(
            id=result_id,
            test_id=test.id,
            revision=test.revision,
            behaviour=behaviour,
            passed=passed,
            content=seal_json(sealer, content, "agent-test-result", result_id),
            at=self._clock.now(),
        )
        async with self._database.writing() as connection:
            found = await store.find_test(connection, agent_id=test.agent_id, test_id=test.id)
            if found is not None and found.revision == test.revision:  # not removed or changed meanwhile
                await store.put_result(connection, result)

    async def report(self, owner_id: str, agent_id: str, *, state: str, against: str = LIVE) -> Report:
        """What came of the tests in one state of the agent, beside another. Raises NotFound.

        An agent that was never published has no live version to compare with.
        """
        results = await self._results(owner_id, agent_id, state)
        try:
            others = await self._results(owner_id, agent_id, against)
        except NotFound:
            others = {}
        lines = [
            Line(test, results.get(test.test.id), others.get(test.test.id))
            for test in await self.list_tests(owner_id, agent_id)
            if test.test.state == "confirmed"
        ]
        async with self._database.reading() as connection:
            gate = await store.find_gate(connection, agent_id)
        return Report(lines, gate, _refusal(lines, gate))

    async def gate(self, owner_id: str, agent_id: str) -> int | None:
        """The percentage of tests that must pass before publishing; None asks for nothing. Raises NotFound."""
        await self._agents.get(owner_id, agent_id)
        async with self._database.reading() as connection:
            return await store.find_gate(connection, agent_id)

    async def set_gate(self, owner_id: str, agent_id: str, percent: int | None) -> None:
        """How many of a hundred tests must pass before publishing; None asks for nothing."""
        await self._agents.get(owner_id, agent_id)
        async with self._database.writing() as connection:
            await store.set_gate(connection, agent_id, percent)

    async def require_passed(self, owner_id: str, agent_id: str) -> None:
        """Raises TestsFailed when the draft may not be published as it stands."""
        report = await self.report(owner_id, agent_id, state="draft")
        if report.refusal:
            raise TestsFailed(
                report.refusal,
                passed=report.passed,
                ran=report.ran,
                tests=len(report.lines),
                gate=report.gate,
            )

    async def _results(self, owner_id: str, agent_id: str, state: str) -> dict[str, OpenResult]:
        graph = (await self._history.state(owner_id, agent_id, state)).graph
        try:
            behaviour = behaviour_of(graph)
        except RuntimeFailure:  # a draft that is no graph yet was never run as it is
            return {}
        sealer = await self._sealer_for(owner_id)
        async with self._database.reading() as connection:
            results = await store.list_results(connection, agent_id, behaviour)
        return {
            test_id: OpenResult(result, open_json(sealer, result.content, "agent-test-result", result.id))
            for test_id, result in results.items()
        }

    async def _get(self, owner_id: str, agent_id: str, test_id: str) -> OpenTest:
        await self._agents.get(owner_id, agent_id)
        async with self._database.reading() as connection:
            test = await store.find_test(connection, agent_id=agent_id, test_id=test_id)
        if test is None:
            raise NotFound("This agent has no such test.")
        return OpenTest(test, _open(await self._sealer_for(owner_id), test))


def behaviour_of(graph: Graph | dict[str, Any]) -> str:
    """What a result is of: it holds for a graph that does the same, wherever its steps stand.

    Raises:
        RuntimeFailure: it is no graph.
    """
    return runtime.behaviour(graph)


def _open(sealer: Sealer, test: Test) -> Mapping[str, Any]:
    content: Mapping[str, Any] = open_json(sealer, test.content, "agent-test", test.id)
    return content


def _content(question: str, checks: Sequence[Check], origin: Mapping[str, Any], state: str) -> dict[str, Any]:
    question = question.strip()
    if not question:
        raise Invalid("Write what is asked.")
    if state == "confirmed" and not checks:
        raise Invalid("Say what a right answer is like: add at least one check.")
    return {
        "question": question,
        "checks": [check.model_dump(mode="json") for check in checks],
        "origin": dict(origin),
    }


def _checks_from(record: Mapping[str, Any]) -> list[Check]:
    from_answer: list[dict[str, Any]] = []
    if citations := record.get("citations"):
        quote = citations[0]["quote"]
        from_answer = [
            {"kind": "cites", "document": citations[0]["document"], "quote": quote[:QUOTE_CHARACTERS]}
        ]
    elif not record.get("found", True):
        from_answer = [{"kind": "declines"}]
    elif record.get("answer"):
        from_answer = [{"kind": "means", "text": record["answer"][:2_000]}]
    return [CHECK.validate_python(check) for check in from_answer]


def _refusal(lines: Sequence[Line], gate: int | None) -> str | None:
    if gate is None:
        return None
    if not lines:
        return (
            f"You ask that {gate} % of its tests pass before it is published, and it has none. "
            "Write or confirm some tests, or lower what you ask for."
        )
    missing = sum(1 for line in lines if line.result is None)
    if missing:
        return (
            f"{missing} of its {len(lines)} tests were not run since the agent or they changed. "
            "Run the tests, then publish."
        )
    passed = sum(1 for line in lines if line.result and line.result.result.passed)
    if passed * 100 < gate * len(lines):
        return (
            f"{passed} of its {len(lines)} tests pass, and you ask for {gate} % before it is published. "
            "Mend what fails, or lower what you ask for."
        )
    return None
