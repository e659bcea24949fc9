"""Graphs to begin with: each runs at once, given a vault to search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_runtime.graph import AgentFile, Edge, Graph, Node, Position, SocketRef


@dataclass(frozen=True)
class Starter:
    """A named graph whose searches still need vaults."""

    slug: str
    name: str
    description: str
    _graph: Graph

    def graph(self, *, vaults: Sequence[str] = ()) -> Graph:
        """The graph with these vaults in every search."""
        return fill_vaults(self._graph, vaults)

    def file(self, *, vaults: Sequence[str] = ()) -> AgentFile:
        return AgentFile(name=self.name, description=self.description, graph=self.graph(vaults=vaults))


def fill_vaults(graph: Graph, vaults: Sequence[str]) -> Graph:
    """The graph with these vaults in every search that names none yet."""
    return graph.model_copy(
        update={
            "nodes": [
                node.model_copy(update={"settings": {**node.settings, "vaults": list(vaults)}})
                if node.kind == "search_documents" and not node.settings.get("vaults")
                else node
                for node in graph.nodes
            ]
        }
    )


def _node(
    node: str,
    kind: str,
    title: str,
    x: float,
    y: float,
    settings: Mapping[str, Any] | None = None,
    *,
    version: int = 1,
) -> Node:
    place = Position(x=x, y=y)
    return Node(
        id=node, kind=kind, version=version, title=title, settings=dict(settings or {}), position=place
    )


def _edges(*pairs: tuple[str, str]) -> list[Edge]:
    """Edges from pairs of `node.socket`."""
    return [
        Edge(id=f"e{number}", source=_socket(source), target=_socket(target))
        for number, (source, target) in enumerate(pairs, 1)
    ]


def _socket(name: str) -> SocketRef:
    node, socket = name.split(".")
    return SocketRef(node=node, socket=socket)


DOCUMENT_QUESTIONS = Starter(
    "document-questions",
    "Document questions",
    "Answers questions from your documents, with citations.",
    Graph(
        nodes=[
            _node("start", "start", "Question", 0, 0),
            _node("search", "search_documents", "Search my documents", 280, -80),
            _node("sources", "answer_with_sources", "Answer with sources", 560, 0),
            _node("answer", "answer", "Answer", 840, 0),
        ],
        edges=_edges(
            ("start.question", "search.question"),
            ("start.question", "sources.question"),
            ("search.passages", "sources.passages"),
            ("sources.answer", "answer.value"),
        ),
    ),
)

WAS_FOUND = {
    "branches": [
        {"id": "then", "name": "Found", "rules": [{"value": "found", "comparison": "is yes", "other": ""}]}
    ]
}

ANSWER_OR_HAND_OVER = Starter(
    "answer-or-hand-over",
    "Answer or hand over",
    "Answers from your documents; where they say nothing, tells the person whom to ask.",
    Graph(
        nodes=[
            _node("start", "start", "Question", 0, 0),
            _node("search", "search_documents", "Search my documents", 280, -80),
            _node("sources", "answer_with_sources", "Answer with sources", 560, 0),
            _node("found", "if_otherwise", "Was it found?", 840, 0, WAS_FOUND, version=2),
            _node("answer", "answer", "Answer", 1120, -80),
            _node(
                "hand_over",
                "answer",
                "Hand over",
                1120,
                120,
                {"text": "The documents say nothing about this. Please write to the person who keeps them."},
            ),
        ],
        edges=_edges(
            ("start.question", "search.question"),
            ("start.question", "sources.question"),
            ("search.passages", "sources.passages"),
            ("sources.answer", "found.value"),
            ("found.then", "answer.value"),
            ("found.otherwise", "hand_over.value"),
        ),
    ),
)

ALL: Sequence[Starter] = (DOCUMENT_QUESTIONS, ANSWER_OR_HAND_OVER)
