"""Small graphs, passages and twins of the ports for the runtime's tests."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from agent_runtime import service, words
from agent_runtime.events import Event
from agent_runtime.graph import Edge, Graph, Node, SocketRef
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.ports import (
    NO_FILTERS,
    ChatModel,
    Filters,
    Found,
    NotReady,
    Passage,
    Retriever,
    Tools,
    Vectors,
)

DOCUMENT = (
    "Care of the apiary.\n\nThe hives are opened in April, when it is warmer than 12 degrees. "
    "A colony needs about 15 kilograms of honey to live through the winter. "
    "Varroa mites are treated with oxalic acid in December. The keeper is Ilse Brandt."
)


def a_graph(nodes: Mapping[str, tuple[str, Mapping[str, Any]]], edges: Sequence[tuple[str, str]]) -> Graph:
    """Nodes as `{id: (kind, settings)}`, edges as pairs of `node.socket`.

    A kind may name its version: `kind@2`; a node what it is drawn inside of: `each/ask`.
    """
    return Graph(
        nodes=[a_node(name, kind, settings) for name, (kind, settings) in nodes.items()],
        edges=[
            Edge(id=f"e{number}", source=a_socket(source), target=a_socket(target))
            for number, (source, target) in enumerate(edges, 1)
        ],
    )


def a_node(name: str, kind: str, settings: Mapping[str, Any]) -> Node:
    kind, _, version = kind.partition("@")
    parent, _, name = name.rpartition("/")
    return Node(id=name, kind=kind, version=int(version or 1), settings=dict(settings), parent=parent or None)


def a_socket(name: str) -> SocketRef:
    node, socket = name.split(".")
    return SocketRef(node=node, socket=socket)


def asking_the_model(prompt: str = "{{text}}", **settings: Any) -> Graph:
    return a_graph(
        {
            "start": ("start", {}),
            "ask": ("ask_model", {"prompt": prompt, **settings}),
            "answer": ("answer", {}),
        },
        [("start.question", "ask.text"), ("ask.text", "answer.value")],
    )


def choosing(condition: str) -> Graph:
    """Asks the model on one side, says a fixed text on the other."""
    return a_graph(
        {
            "start": ("start", {}),
            "if": ("if_otherwise", {"condition": condition}),
            "ask": ("ask_model", {"prompt": "{{text}}"}),
            "end": ("answer", {}),
            "fixed": ("answer", {"text": "Too long: {{question}}"}),
        },
        [
            ("start.question", "if.value"),
            ("if.then", "ask.text"),
            ("ask.text", "end.value"),
            ("if.otherwise", "fixed.value"),
        ],
    )


def a_passage(text: str = DOCUMENT, *, number: int = 1, document: str = "bees.md", start: int = 0) -> Passage:
    return Passage(
        passage_id=f"p{number}",
        vault_id="bees",
        document_id=f"d{number}",
        document=document,
        text=text,
        start=start,
        end=start + len(text),
        page=1,
        score=1.0,
    )


@dataclass
class TwinRetriever:
    """Finds the same passages whatever is asked, or fails."""

    passages: Sequence[Passage] = field(default_factory=lambda: (a_passage(),))
    error: Exception | None = None
    pause_s: float = 0.0
    is_relevant: bool = True
    asked: list[tuple[str, tuple[str, ...], int]] = field(default_factory=list)
    filters: list[Filters] = field(default_factory=list)
    not_ready: Sequence[NotReady] = ()
    reranking: Literal["none", "done", "failed", "timed_out"] = "none"

    async def search(
        self,
        question: str,
        *,
        vaults: Collection[str],
        limit: int,
        filters: Filters = NO_FILTERS,
        rerank: bool = True,
    ) -> Found:
        await asyncio.sleep(self.pause_s)
        if self.error:
            raise self.error
        self.asked.append((question, tuple(vaults), limit))
        self.filters.append(filters)
        return Found(
            tuple(self.passages)[:limit],
            self.is_relevant,
            "Nothing says enough.",
            {"margin": -0.5},
            not_ready=tuple(self.not_ready),
            reranking=self.reranking if rerank else "off",
        )


class TwinEmbedder:
    """Turns a text into the sum of its words' fixed random directions: alike where words are shared."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [sum((_direction(word) for word in words.content(text)), np.full(64, 1e-3)) for text in texts]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def _direction(word: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(list(word.encode())).standard_normal(64)


def some_tools(model: ChatModel | None = None, retriever: Retriever | None = None) -> Tools:
    return Tools(
        retriever=retriever or TwinRetriever(), model=model or ScriptedModel(), embedder=TwinEmbedder()
    )


async def events_of(graph: Graph, question: str = "When are the hives opened?", **how: Any) -> list[Event]:
    tools = how.pop("tools", None) or some_tools(how.pop("model", None), how.pop("retriever", None))
    return [event async for event in service.run(graph, question, tools, run_id="run-1", **how)]


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]
