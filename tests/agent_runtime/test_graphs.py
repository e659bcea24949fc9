"""A graph is a document: it reads back as it was written, has one address, and refuses what it is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runtime import service, starters
from agent_runtime.errors import GraphUnreadable
from agent_runtime.graph import MAX_DOCUMENT_BYTES, read_agent_file, read_graph

from .making import asking_the_model, choosing


def test_a_graph_reads_back_as_it_was_written() -> None:
    graph = choosing("passages > 0")
    assert read_graph(json.loads(json.dumps(graph.document()))) == graph


def test_the_address_of_a_graph_does_not_depend_on_the_order_of_its_keys() -> None:
    document = asking_the_model().document()
    turned = {key: document[key] for key in reversed(document)}
    assert service.digest(document) == service.digest(turned) == asking_the_model().digest()


@pytest.mark.parametrize("change", ["title", "position", "settings"])
def test_any_change_changes_the_address(change: str) -> None:
    document = asking_the_model().document()
    document["nodes"][1][change] = {"title": "x", "position": {"x": 1, "y": 0}, "settings": {}}[change]
    assert service.digest(document) != asking_the_model().digest()


def test_the_address_of_a_published_graph_never_changes() -> None:
    assert service.digest(starters.DOCUMENT_QUESTIONS.graph(vaults=["v"])) == (
        "98c8911b7e58f1d16f8c8b94c76532924184ef5f3812a2f2e8eec72185c92911"
    )


@given(x=st.floats(-1e6, 1e6), y=st.integers(-(10**6), 10**6), title=st.text(max_size=20))
def test_reading_a_graph_keeps_its_address(x: float, y: int, title: str) -> None:
    document = asking_the_model().document()
    document["nodes"][0] |= {"position": {"x": x, "y": y}, "title": title}
    try:
        graph = read_graph(document)
    except GraphUnreadable:
        assert any(0xD800 <= ord(character) < 0xE000 for character in title)
        return
    assert read_graph(json.loads(json.dumps(graph.document()))).digest() == graph.digest()


def test_an_agent_file_reads_back_as_it_was_exported() -> None:
    file = starters.DOCUMENT_QUESTIONS.file()
    assert read_agent_file(json.dumps(file.document())) == file


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def a_document(**changes: Any) -> dict[str, Any]:
    return {**asking_the_model().document(), **changes}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "JSON object"),
        ({}, '"schema"'),
        (a_document(schema="qanat/agent-graph@2"), "update the server"),
        (a_document(code="import os"), "code"),
        (a_document(nodes=[{"id": "../x", "kind": "start"}]), "nodes.0.id"),
        (a_document(nodes=[{"id": "a", "kind": "start", "settings": {"x": nested(100)}}]), "nested"),
        (a_document(nodes=[{"id": "a", "kind": "start", "settings": {"x": nested(20_000)}}]), "nested"),
        (a_document(nodes=[{"id": "a", "kind": "start", "settings": {"x": float("nan")}}]), "JSON cannot"),
        (a_document(nodes=[{"id": "a", "kind": "start", "position": {"x": 1e300}}]), "position"),
        (a_document(nodes=[{"id": "a", "kind": "start", "title": "\ud800"}]), "JSON cannot"),
        (
            a_document(nodes=[{"id": "a", "kind": "start", "settings": {"x": "y" * MAX_DOCUMENT_BYTES}}]),
            "larger",
        ),
        (a_document(edges=[{"id": "a", "source": {"__proto__": {}}, "target": {}}]), "edges.0.source"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_graph_is_refused_with_the_reason(document: Any, says: str) -> None:
    with pytest.raises(GraphUnreadable, match=says):
        read_graph(document)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{", b"[" * 5000, b"null", b"{}", b" " * (MAX_DOCUMENT_BYTES + 1)]
)
def test_a_file_that_is_no_agent_is_refused(content: bytes) -> None:
    with pytest.raises(GraphUnreadable):
        read_agent_file(content)
