"""Branches are taken by sentences or conditions; and graphs drawn with one condition run as they did."""

from typing import Any

import pytest

from agent_runtime import migrations, node_kinds, rules, service
from agent_runtime.events import NodeFinished, RunFinished
from agent_runtime.graph import Graph
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.node_kinds.deciding import VARIABLES

from .making import a_graph, choosing, events_of


def sentence(value: str, comparison: str, other: str = "") -> dict[str, str]:
    return {"value": value, "comparison": comparison, "other": other}


def branching(*branches: dict[str, Any]) -> Graph:
    """Says the name of the branch that was taken."""
    ids = [branch["id"] for branch in branches] + ["otherwise"]
    return a_graph(
        {
            "start": ("start", {}),
            "if": ("if_otherwise@2", {"branches": list(branches)}),
            **{f"say-{name}": ("answer", {"text": name}) for name in ids},
        },
        [("start.question", "if.value"), *((f"if.{name}", f"say-{name}.value") for name in ids)],
    )


PRICES = {
    "id": "price",
    "name": "Prices",
    "match": "any",
    "rules": [sentence("question", "contains", "price"), sentence("question", "contains", "cost")],
}
SHORT = {"id": "short", "name": "Short", "condition": "size(question) < 5"}


@pytest.mark.parametrize(
    ("question", "branch"),
    [("What does it COST?", "price"), ("Why?", "short"), ("How do bees sleep?", "otherwise")],
)
async def test_the_first_branch_that_is_true_is_taken(question: str, branch: str) -> None:
    events = await events_of(branching(PRICES, SHORT), question)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == branch


async def test_the_trace_says_which_branch_and_why() -> None:
    events = await events_of(branching(PRICES), "What is the price?")
    [chosen] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "if"]
    assert chosen.detail == {
        "branch": "Prices",
        "because": "question contains price or question contains cost",
    }


VALUES: dict[str, Any] = {
    "text": "Honey costs 7 coins.",
    "total": 99.5,
    "tags": ["Bees", "honey"],
    "found": True,
}
TYPES = {**VARIABLES, "total": "decimal", "tags": "list"}


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        (("text", "contains", "HONEY"), True),
        (("text", "does not contain", "wax"), True),
        (("text", "begins with", "honey"), True),
        (("text", "ends with", "coins"), False),
        (("text", "is", " honey costs 7 coins. "), True),
        (("text", "is not", "x"), True),
        (("total", "is", "99.5"), True),
        (("total", "is more than", "99"), True),
        (("total", "is at least", "100"), False),
        (("total", "is less than", "1e2"), True),
        (("total", "is at most", "99"), False),
        (("tags", "contains", "bees"), True),
        (("tags", "is empty", ""), False),
        (("text", "is not empty", ""), True),
        (("found", "is yes", ""), True),
        (("found", "is no", ""), False),
    ],
)
def test_a_sentence_is_true_or_not(said: tuple[str, rules.Comparison, str], holds: bool) -> None:
    assert rules.find_fault(*said, TYPES) is None
    assert rules.holds(*said, VALUES) is holds


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (sentence("nothing", "is", "x"), "no value 'nothing'"),
        (sentence("passages", "is more than", "many"), "needs a number"),
        (sentence("passages", "contains", "1"), "looks for words in a number"),
        (sentence("question", "contains", " "), "needs words"),
        (sentence("question", "is yes"), "asks yes or no of a text"),
        (sentence("found", "is more than", "1"), "as a number"),
        (sentence("question.__class__", "is", "x"), "no value"),
        (sentence("question", "resembles", "x"), "“Branches”"),
    ],
)
def test_a_sentence_that_cannot_be_told_is_a_problem(rule: dict[str, str], says: str) -> None:
    found = service.check(branching({"id": "a", "name": "A", "rules": [rule]}))
    assert [says in problem.message for problem in found] == [True], found


def test_branches_that_cannot_work_are_told() -> None:
    empty = {"id": "a", "name": "A"}
    assert [problem.code for problem in service.check(branching(empty))] == ["condition_invalid"]
    assert "branch_repeated" in [problem.code for problem in service.check(branching(PRICES, PRICES))]
    graph = a_graph(
        {"start": ("start", {}), "if": ("if_otherwise@2", {"branches": [PRICES]}), "end": ("answer", {})},
        [("start.question", "if.value"), ("if.gone", "end.value")],
    )
    assert [problem.code for problem in service.check(graph)] == ["socket_unknown"]


async def test_an_if_with_one_condition_becomes_a_branch_and_its_edges_stay() -> None:
    drawn = choosing("size(question) < 5")
    address = drawn.digest()
    brought_up = migrations.migrate(drawn)
    [node] = [node for node in brought_up.nodes if node.kind == "if_otherwise"]
    assert node.version == 2
    assert node.settings == {"branches": [{"id": "then", "name": "Then", "condition": "size(question) < 5"}]}
    assert brought_up.edges == drawn.edges
    assert drawn.digest() == address
    for graph in (drawn, brought_up):
        assert service.check(graph) == []
        model = ScriptedModel(["Because."])
        ends = [(await events_of(graph, question, model=model))[-1] for question in ("Why?", "At length")]
        assert [end.answer for end in ends if isinstance(end, RunFinished)] == [
            "Because.",
            "Too long: At length",
        ]


def test_a_draft_that_is_no_graph_yet_is_brought_up_as_far_as_it_can_be_read() -> None:
    draft = {
        "nodes": [
            {"kind": "if_otherwise", "settings": {}},
            {"kind": 3},
            None,
            {"kind": "if_otherwise", "version": 9},
        ]
    }
    nodes = service.migrate_draft(draft)["nodes"]
    assert nodes[0]["version"] == 2
    assert nodes[0]["settings"]["branches"][0]["condition"] == "passages > 0"
    assert nodes[1:] == draft["nodes"][1:]
    assert service.migrate_draft({"nodes": 3}) == {"nodes": 3}


@pytest.mark.parametrize("kind", node_kinds.ALL.values(), ids=lambda kind: kind.kind)
def test_every_older_version_of_a_kind_leads_to_the_one_of_today(kind: Any) -> None:
    assert set(kind.migrations) == set(range(1, kind.version))
