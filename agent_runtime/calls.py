"""Which other agents a graph asks, and how often it may: read off what is drawn, before anything runs."""

import math
from typing import NamedTuple

from pydantic import ValidationError

from agent_runtime import node_kinds
from agent_runtime.graph import Graph
from agent_runtime.migrations import migrate
from agent_runtime.scopes import Scopes


class Call(NamedTuple):
    node_id: str
    title: str
    """What the step is called."""
    agent: str
    """The slug of the agent that it asks, perhaps with a version: `river-guide@2`."""
    most: int
    """How often it may be asked in one run."""


def calls_of(graph: Graph) -> list[Call]:
    """In the graph's order; steps that name no agent yet are left out."""
    graph = migrate(graph)
    scopes = Scopes(graph)
    found = []
    for node in graph.nodes:
        agent = node.settings.get("agent")
        if node.kind == "run_agent" and isinstance(agent, str) and agent:
            most = math.prod(_rounds(scopes, around) for around in scopes.around(node.id))
            found.append(Call(node.id, node.title or node_kinds.ALL[node.kind].title, agent, most))
    return found


def asks_people(graph: Graph) -> bool:
    return any(node.kind == "ask_person" for node in graph.nodes)


def _rounds(scopes: Scopes, node_id: str) -> int:
    node = scopes.nodes[node_id]
    kind = node_kinds.find(node.kind)
    if kind is None or kind.body is None:
        return 1
    try:
        return kind.body.most(kind.settings.model_validate(node.settings))
    except ValidationError:
        return 1  # told by the checks
