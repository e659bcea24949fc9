"""What differs between two graphs is told step by step, in the words of the forms."""

from typing import Any

from agent_runtime.differences import Difference, compare
from tests.agent_runtime.making import a_graph, choosing


def a_document(prompt: str = "{{text}}", *, limit: int = 6) -> dict[str, Any]:
    return a_graph(
        {
            "start": ("start", {}),
            "search": ("search_documents", {"vaults": ["v"], "limit": limit}),
            "ask": ("ask_model", {"prompt": prompt}),
            "answer": ("answer", {}),
        },
        [
            ("start.question", "search.question"),
            ("start.question", "ask.text"),
            ("search.passages", "ask.passages"),
            ("ask.text", "answer.value"),
        ],
    ).document()


def test_a_graph_does_not_differ_from_itself_whatever_order_it_is_written_in() -> None:
    document = a_document()
    other = {
        **document,
        "nodes": document["nodes"][::-1],
        "edges": [{**e, "id": e["id"] + "x"} for e in document["edges"]],
    }
    assert compare(document, other) == Difference(steps=[], edges=[])


def test_a_changed_setting_is_told_by_the_title_it_has_in_the_form() -> None:
    [step] = compare(a_document(limit=6), a_document(limit=9)).steps
    assert (step.title, step.change) == ("Search documents", "changed")
    [setting] = step.settings
    assert (setting.title, setting.before, setting.after) == ("Passages", 6, 9)


def test_what_one_graph_leaves_to_the_kind_is_no_difference() -> None:
    left, said = a_document(), a_document()
    said["nodes"][2]["settings"]["temperature"] = 0.0
    said["nodes"][2]["on_error"] = {"retries": 0, "pause_s": 1.0, "then": "fail", "default": ""}
    assert compare(left, said).is_empty


def test_a_step_that_was_only_moved_is_said_to_have_moved() -> None:
    moved = a_document()
    moved["nodes"][1]["position"] = {"x": 40, "y": 2}
    [step] = compare(a_document(), moved).steps
    assert (step.node_id, step.change, step.settings) == ("search", "moved", [])


def test_steps_and_connections_that_came_and_went_are_named() -> None:
    before, after = a_document(), choosing("size(value) > 3").document()
    difference = compare(before, after)
    changes = {step.node_id: step.change for step in difference.steps}
    assert changes == {
        "if": "added",
        "end": "added",
        "fixed": "added",
        "search": "removed",
        "answer": "removed",
    }
    gone = next(edge for edge in difference.edges if edge.target == "Search documents")
    assert (gone.change, gone.source, gone.output, gone.input) == ("removed", "Start", "Question", "Question")
    assert any(edge.change == "added" and edge.output == "Then" for edge in difference.edges)


def test_a_draft_that_is_no_graph_yet_can_be_compared() -> None:
    broken = {
        "nodes": ["no node", {"id": "x"}, {"id": "y", "kind": "of another server", "settings": 3}],
        "edges": 1,
    }
    difference = compare(broken, a_document())
    assert {step.node_id for step in difference.steps if step.change == "removed"} == {"x", "y"}
    assert compare({}, {}).is_empty
