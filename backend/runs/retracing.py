"""Go back into a run of one's own agent: see every step as it was, and run it again from any of them.

Everything comes from the run's sealed record. Steps before the one that is run again are not executed: what they
handed on is taken from the record. Runs of other people are sealed for them and keep no steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent_runtime import service as runtime
from agent_runtime.earlier import outcomes_of, taken_up_at
from agent_runtime.graph import Graph, Node
from agent_runtime.node_kinds.declare import SocketType
from agent_runtime.node_kinds.values import Answer, Data, Passages, Value, as_json, as_text, from_json
from backend.accounts.principal import Principal
from backend.agents.service import Agents, valid_graph
from backend.database import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.runs import store
from backend.runs.handle import RunHandle
from backend.runs.service import Runs, Trial
from backend.runs.store import Run

RESULTS_FROM = 20
"""Runs that are looked through for the last result of each step."""


@dataclass(frozen=True)
class Trace:
    """A run, opened, with the graph that it ran."""

    run: Run
    graph: Graph
    record: Mapping[str, Any]

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        steps: Sequence[Mapping[str, Any]] = self.record["steps"]
        return steps


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be different when a run is repeated from a step."""

    node_id: str
    settings: Mapping[str, Any] | None = None
    """Other settings of that step."""
    outputs: Mapping[str, Any] | None = None
    """What it is to have handed on, by output, as a trace writes it; then only what follows is run."""
    from_draft: bool = False
    """Use the agent's draft as it is now, from that step on."""
    only: bool = False
    """Run that step and no other."""


@dataclass(frozen=True)
class Result:
    """What a step handed on the last time that it ran."""

    run_id: str
    at: datetime
    step: Mapping[str, Any] = field(default_factory=dict)


class Retracing:
    """Every method takes who asks; somebody else's run is not found."""

    def __init__(self, database: Database, agents: Agents, runs: Runs) -> None:
        self._database = database
        self._agents = agents
        self._runs = runs

    async def list_runs(
        self, principal: Principal, agent_id: str, *, before: datetime | None = None, limit: int = 30
    ) -> list[tuple[Run, Mapping[str, Any]]]:
        """One's own runs of one's own agent, newest first. Raises NotFound."""
        await self._agents.get(principal.user.id, agent_id)
        async with self._database.reading() as connection:
            runs = await store.list_of_agent(
                connection, user_id=principal.user.id, agent_id=agent_id, before=before, limit=limit
            )
        return [(run, await self._runs.open_record(run)) for run in runs]

    async def trace(self, principal: Principal, run_id: str) -> Trace:
        """Raises NotFound: no such run among theirs, or one of an agent that is not theirs."""
        run = await self._runs.get(principal.user.id, run_id)
        opened = await self._agents.get(principal.user.id, run.agent_id)
        record = await self._runs.open_record(run)
        if run.state in ("running", "waiting"):
            raise Conflict("This run has not ended yet. Look at it again when it has.")
        if "steps" not in record:
            raise NotFound("Nothing was kept of this run's steps: it was cut off before it ended.")
        if "graph" in record:
            graph = Graph.model_validate(record["graph"])
        elif run.version_id:
            version = await self._agents.get_version(run.version_id)
            graph = await self._agents.open_version(opened.agent, version)
        else:
            raise NotFound(
                "This run was made before runs kept their graph: try the draft again to look into it."
            )
        return Trace(run, runtime.migrate(graph), record)

    async def repeat(self, principal: Principal, run_id: str, change: Change) -> RunHandle:
        """Run it again from a step; free. The steps before are taken from the run as they were.

        Raises:
            NotFound: no such run of theirs. Invalid: the step or what is to be changed cannot be used.
        """
        trace = await self.trace(principal, run_id)
        opened = await self._agents.get(principal.user.id, trace.run.agent_id)
        graph = valid_graph(opened.graph, opened.problems) if change.from_draft else trace.graph
        node = next((node for node in graph.nodes if node.id == change.node_id), None)
        if node is None:
            raise Invalid("That step is not there any more. Choose another one to run again from.")
        if node.parent is not None and (change.only or change.outputs is not None):
            raise Invalid(
                "This step is inside another one and ran once for each round: run that one again instead. What is set "
                "here may be changed for it."
            )
        if change.settings is not None:
            graph = _with_settings(graph, node, change.settings)
        question: str = trace.record["question"]
        changed: dict[str, Mapping[str, Value]] = {}
        if change.outputs is not None:
            if change.only:
                raise Invalid("A step whose result is given has nothing to run: change its settings instead.")
            changed[node.id] = _outputs(node, change.outputs)
            if node.kind == "start" and "question" in changed[node.id]:
                question = as_text(changed[node.id]["question"])
        earlier = taken_up_at(graph, node.id, outcomes_of(trace.steps), changed=changed, only=change.only)
        trial = Trial(
            earlier=earlier,
            steps=[_taken_over(step, changed) for step in trace.steps if step["node_id"] in earlier.given],
            about={"again": {"run_id": run_id, "node_id": node.id, "only": change.only}},
        )
        return await self._runs.try_graph(principal, opened.agent, graph, question, trial=trial)

    async def last_results(self, principal: Principal, agent_id: str) -> dict[str, Result]:
        """By node, what it handed on in the newest of the last runs that reached it. Raises NotFound."""
        found: dict[str, Result] = {}
        for run, record in await self.list_runs(principal, agent_id, limit=RESULTS_FROM):
            if "graph" not in record and not run.version_id:
                continue  # nothing could be run again from it
            for step in record.get("steps", ()):
                if "output" in step and not step.get("reused") and not step.get("inside"):
                    found.setdefault(step["node_id"], Result(run.id, run.started_at, step))
        return found


def _with_settings(graph: Graph, node: Node, settings: Mapping[str, Any]) -> Graph:
    changed = node.model_copy(update={"settings": dict(settings)})
    nodes = [changed if each.id == node.id else each for each in graph.nodes]
    return valid_graph(graph.model_copy(update={"nodes": nodes}).document())


def _outputs(node: Node, written: Mapping[str, Any]) -> Mapping[str, Value]:
    sockets = {socket.name: socket.type for socket in runtime.outputs_of(node)}
    outputs: dict[str, Value] = {}
    for name, value in written.items():
        if name not in sockets:
            raise Invalid(f"This step has no output {name[:60]!r}.")
        try:
            outputs[name] = from_json(value)
        except ValueError as error:
            raise Invalid(f"What is to come out at {name[:60]!r} cannot be used: {error}.") from error
        if not _fits(sockets[name], outputs[name]):
            raise Invalid(f"What is to come out at {name[:60]!r} is not of the sort that comes out there.")
    return outputs


def _fits(wanted: SocketType, value: Value) -> bool:
    match wanted:
        case "any":
            return True
        case "passages":
            return isinstance(value, Passages)
        case "values":
            return isinstance(value, Data)
        case "answer":
            return isinstance(value, Answer | str)
        case _:
            return isinstance(value, str)


def _taken_over(step: Mapping[str, Any], changed: Mapping[str, Mapping[str, Value]]) -> dict[str, Any]:
    """A step's trace as the new run keeps it: not done again, or replaced by what a person said."""
    if outputs := changed.get(step["node_id"]):
        said = {socket: as_json(value) for socket, value in outputs.items()}
        return {**step, "output": said, "detail": {}, "reused": True, "edited": True}
    return {**step, "reused": True}
