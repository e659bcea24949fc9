"""What a graph to begin with is, and the simplest ones. `templates.py` has the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent_runtime.graph import AgentFile, Edge, Graph, Node, Position, SocketRef


@dataclass(frozen=True)
class SampleVault:
    """A vault of sample documents, to see a graph at work before one has any of one's own."""

    name: str
    files: tuple[str, ...]
    """Paths within the folder of samples."""


@dataclass(frozen=True)
class Starter:
    """A named graph whose searches still need vaults."""

    slug: str
    name: str
    description: str
    _graph: Graph
    picture: Literal["documents", "support", "approval", "fields", "translation", "research"] = "documents"
    """What the page draws beside it."""
    needs: str = ""
    """What the packaged model is too small for, and which size does it; empty where it does all."""
    sample_vaults: tuple[SampleVault, ...] = ()
    tests: str = ""
    """The path of its test set within the folder of samples."""

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


def a_node(
    node: str,
    kind: str,
    title: str,
    x: float,
    y: float,
    settings: Mapping[str, Any] | None = None,
    *,
    version: int = 1,
    parent: str | None = None,
) -> Node:
    place = Position(x=x, y=y)
    return Node(
        id=node,
        kind=kind,
        version=version,
        title=title,
        settings=dict(settings or {}),
        parent=parent,
        position=place,
    )


def edges(*pairs: tuple[str, str]) -> list[Edge]:
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
            a_node("start", "start", "Question", 0, 0),
            a_node("search", "search_documents", "Search my documents", 280, -80),
            a_node("sources", "answer_with_sources", "Answer with sources", 560, 0),
            a_node("answer", "answer", "Answer", 840, 0),
        ],
        edges=edges(
            ("start.question", "search.question"),
            ("start.question", "sources.question"),
            ("search.passages", "sources.passages"),
            ("sources.answer", "answer.value"),
        ),
    ),
    sample_vaults=(
        SampleVault(
            "Talmira, invented (sample)",
            (
                "documents/cooperative-handbook.docx",
                "documents/emergency-plan.docx",
                "documents/library-rules.html",
                "documents/water-testing.md",
            ),
        ),
    ),
    tests="templates/document-questions.tests.json",
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
            a_node("start", "start", "Question", 0, 0),
            a_node("search", "search_documents", "Search my documents", 280, -80),
            a_node("sources", "answer_with_sources", "Answer with sources", 560, 0),
            a_node("found", "if_otherwise", "Was it found?", 840, 0, WAS_FOUND, version=2),
            a_node("answer", "answer", "Answer", 1120, -80),
            a_node(
                "hand_over",
                "answer",
                "Hand over",
                1120,
                120,
                {"text": "The documents say nothing about this. Please write to the person who keeps them."},
            ),
        ],
        edges=edges(
            ("start.question", "search.question"),
            ("start.question", "sources.question"),
            ("search.passages", "sources.passages"),
            ("sources.answer", "found.value"),
            ("found.then", "answer.value"),
            ("found.otherwise", "hand_over.value"),
        ),
    ),
)
