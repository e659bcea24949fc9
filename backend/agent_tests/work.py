"""Run an agent's tests, or draft some from its documents, while people look on. One such work per agent at a time.

Each result is kept as soon as it is there, so stopping, or a restart of the server, loses at most one question.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from agent_runtime.errors import RuntimeFailure
from agent_runtime.graph import Graph
from agent_runtime.ports import Embedder
from backend.accounts.principal import Principal
from backend.agent_tests import drafting
from backend.agent_tests.service import AgentTests, OpenTest, behaviour_of
from backend.agents.history import History
from backend.agents.service import Agents, valid_graph
from backend.agents.store import Agent
from backend.answer_checks import CHECK, Check, Outcome, Said, judge
from backend.errors import Conflict, Problem
from backend.runs.handle import RunFailed
from backend.runs.service import Runs, ToolsFor, Trial
from knowledge_vault.errors import VaultError
from knowledge_vault.vault import KnowledgeVault

log = logging.getLogger("qanat.tests")


@dataclass
class Progress:
    what: Literal["run", "draft"]
    state: Literal["working", "done", "stopped", "failed"] = "working"
    total: int = 0
    done: int = 0
    passed: int = 0
    question: str = ""
    """What is being asked."""
    told: str = ""
    """Why it failed, or what should be known of it, in words."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)


class TestWork:
    """Every method takes who asks; somebody else's agent is not found."""

    __test__ = False  # for pytest

    def __init__(
        self,
        tests: AgentTests,
        agents: Agents,
        history: History,
        runs: Runs,
        vault: KnowledgeVault,
        embedder: Embedder,
        *,
        tools_for: ToolsFor,
    ) -> None:
        self._tests = tests
        self._agents = agents
        self._history = history
        self._runs = runs
        self._vault = vault
        self._embedder = embedder
        self._tools_for = tools_for
        self._progress: dict[str, Progress] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Let go of what is under way."""
        for progress in self._progress.values():
            progress.stop.set()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)

    def progress(self, agent_id: str) -> Progress | None:
        """The work under way, or the last one since the server started."""
        return self._progress.get(agent_id)

    def cancel(self, agent_id: str) -> None:
        """Stop what is under way; what it found so far is kept."""
        if progress := self._progress.get(agent_id):
            progress.stop.set()

    async def run(
        self, principal: Principal, agent_id: str, *, state: str, only: Sequence[str] | None = None
    ) -> Progress:
        """Ask a state of the agent the questions of its confirmed tests, or of these.

        Raises:
            NotFound: no such agent or state. Conflict: other work is under way. Invalid: it cannot run.
        """
        opened = await self._agents.get(principal.user.id, agent_id)
        graph = valid_graph((await self._history.state(principal.user.id, agent_id, state)).graph)
        tests = [
            test
            for test in await self._tests.list_tests(principal.user.id, agent_id)
            if test.test.state == "confirmed" and (only is None or test.test.id in only)
        ]
        progress = self._begin(agent_id, Progress("run", total=len(tests)))
        self._launch(progress, self._run(principal, opened.agent, graph, tests, progress))
        return progress

    async def draft(self, principal: Principal, agent_id: str, *, count: int) -> Progress:
        """Make drafts of tests from the documents that the agent's draft searches.

        Raises:
            NotFound: no such agent. Conflict: other work is under way. Invalid: it searches nothing.
        """
        opened = await self._agents.get(principal.user.id, agent_id)
        vaults = drafting.vaults_of(opened.graph)
        progress = self._begin(agent_id, Progress("draft", total=count))
        self._launch(progress, self._draft(principal, agent_id, vaults, count, progress))
        return progress

    def _begin(self, agent_id: str, progress: Progress) -> Progress:
        under_way = self._progress.get(agent_id)
        if under_way is not None and under_way.state == "working":
            raise Conflict(
                "Its tests are being run or drafted already. Wait until that has ended, or stop it."
            )
        self._progress[agent_id] = progress
        return progress

    def _launch(self, progress: Progress, work: "Awaitable[None]") -> None:
        async def watched() -> None:
            try:
                await work
                progress.state = "stopped" if progress.stop.is_set() else "done"
            except asyncio.CancelledError:
                progress.state = "stopped"
                raise
            except (Problem, RuntimeFailure, VaultError) as error:
                progress.state, progress.told = "failed", str(error)
            except Exception:  # whatever it was, the page must not show it as going on
                log.exception("tests.broke")
                progress.state, progress.told = "failed", "Something broke on our side. Try again."
            finally:
                progress.question = ""

        task = asyncio.create_task(watched(), name="agent-tests")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self, principal: Principal, agent: Agent, graph: Graph, tests: Sequence[OpenTest], progress: Progress
    ) -> None:
        behaviour = behaviour_of(graph)
        for test in tests:
            if progress.stop.is_set():
                return
            progress.question = test.content["question"]
            handle = await self._runs.try_graph(
                principal, agent, graph, progress.question, trial=Trial(about={"test_id": test.test.id})
            )
            stopping = asyncio.create_task(progress.stop.wait())
            answering = asyncio.create_task(handle.result())
            try:
                await asyncio.wait({stopping, answering}, return_when=asyncio.FIRST_COMPLETED)
                if not answering.done():
                    handle.cancel()
                    return
                try:
                    answered = answering.result()
                    said = Said(answered.answer, answered.citations, answered.found)
                    content, passed = await self._judged(test, said)
                    content |= {"answer": answered.answer, "took_ms": answered.took_ms}
                except RunFailed as failure:
                    content, passed = {"outcomes": [], "failure": failure.detail}, False
            finally:
                stopping.cancel()
                answering.cancel()
                await asyncio.wait({stopping, answering})
            await self._tests.keep_result(
                principal.user.id,
                test.test,
                behaviour=behaviour,
                passed=passed,
                content={**content, "run_id": handle.run_id},
            )
            progress.done += 1
            progress.passed += passed

    async def judge(self, check: Check, said: Said) -> Outcome:
        """Raises SupportCheckFailed: the embedder did not answer."""
        return await judge(check, said, self._embedder)

    async def _judged(self, test: OpenTest, said: Said) -> tuple[dict[str, Any], bool]:
        outcomes = [await self.judge(CHECK.validate_python(check), said) for check in test.content["checks"]]
        told = [{"passed": outcome.passed, "told": outcome.told} for outcome in outcomes]
        return {"outcomes": told}, bool(outcomes) and all(outcome.passed for outcome in outcomes)

    async def _draft(
        self, principal: Principal, agent_id: str, vaults: Sequence[str], count: int, progress: Progress
    ) -> None:
        tools = await self._tools_for(principal.user.id, principal.user.id, agent_id)
        tests = await self._tests.list_tests(principal.user.id, agent_id)
        known = {test.content["question"] for test in tests}
        by_gap = 0
        drafts = drafting.draft(
            self._vault, tools.model, principal.user.id, vaults, count=count, seed=len(tests)
        )
        async for drafted, document in drafts:
            if progress.stop.is_set():
                return
            progress.done += 1
            if drafted.question in known:
                continue
            known.add(drafted.question)
            by_gap += drafted.by == "gap"
            await self._tests.add(
                principal.user.id,
                agent_id,
                question=drafted.question,
                checks=drafting.checks_of(drafted, document),
                state="draft",
                origin=_origin(drafted.by, document.name, drafted.rests_on, tools.model.name),
            )
        progress.told = _how_it_went(progress.done, count, by_gap)


def _origin(by: str, document: str, rests_on: str, model: str) -> Mapping[str, Any]:
    return {"from": "passage", "by": by, "document": document, "rests_on": rests_on, "model": model}


def _how_it_went(made: int, wanted: int, by_gap: int) -> str:
    told = []
    if by_gap:
        told.append(
            f"For {by_gap} of {made} the model wrote no question that the document answers: these are the document's "
            "own words with a gap. Say them as people would ask."
        )
    if made < wanted:
        told.append(f"{made} of {wanted} could be made: little else in these documents can be asked for.")
    return " ".join(told)
