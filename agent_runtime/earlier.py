"""What an earlier run leaves for another one to begin in its middle: the outcome of each step that is not run again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from agent_runtime.graph import Graph
from agent_runtime.node_kinds.values import Value, as_json, from_json

Outcome: TypeAlias = Mapping[str, Value] | None
"""What a node handed on, by socket; None when it was skipped."""


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Where a run takes up another one."""

    given: Mapping[str, Outcome] = field(default_factory=dict)
    """What steps handed on: these are not run again."""
    only: str | None = None
    """The one step to run; whatever else is not given is skipped, and what this one hands on is the answer."""


NOTHING = Earlier()


def downstream(graph: Graph, node_id: str) -> frozenset[str]:
    """The steps that what this one hands on can reach, itself left out."""
    after: dict[str, set[str]] = {}
    for edge in graph.edges:
        after.setdefault(edge.source.node, set()).add(edge.target.node)
    reached: set[str] = set()
    pending = [node_id]
    while pending:
        for target in after.get(pending.pop(), ()):
            if target not in reached:
                reached.add(target)
                pending.append(target)
    return frozenset(reached - {node_id})


def outcomes_of(steps: Sequence[Mapping[str, Any]]) -> dict[str, Outcome]:
    """What each step of a run handed on, from its trace. One that was cut off, failed or was skipped has no outcome:
    what is behind it decides anew whether it is reached.

    Raises:
        ValueError: the trace holds something that is no value.
    """
    outcomes: dict[str, Outcome] = {}
    for step in steps:
        if isinstance(step.get("output"), dict) and not step.get("inside"):
            outcomes[step["node_id"]] = {socket: from_json(value) for socket, value in step["output"].items()}
    return outcomes


def outcomes_as_json(outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    return {
        node: None if outcome is None else {socket: as_json(value) for socket, value in outcome.items()}
        for node, outcome in outcomes.items()
    }


def outcomes_from_json(written: Mapping[str, Any]) -> dict[str, Outcome]:
    """Undo `outcomes_as_json`."""
    return {
        node: None if outcome is None else {socket: from_json(value) for socket, value in outcome.items()}
        for node, outcome in written.items()
    }


def taken_up_at(
    graph: Graph,
    node_id: str,
    outcomes: Mapping[str, Outcome],
    *,
    changed: Mapping[str, Outcome],
    only: bool = False,
) -> Earlier:
    """Run this step again, with what follows from it; or, where its own outcome is `changed`, only what follows.

    `graph` need not be the one of the earlier run: of steps that it had not, nothing is given.
    """
    again = downstream(graph, node_id) | {node_id}
    kept = {node: outcome for node, outcome in outcomes.items() if node not in again}
    ids = {node.id for node in graph.nodes}
    given = {node: outcome for node, outcome in {**kept, **changed}.items() if node in ids}
    return Earlier(given=given, only=node_id if only else None)
