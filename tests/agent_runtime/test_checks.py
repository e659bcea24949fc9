"""Each way to draw a graph wrong is told in words, at the place where it is wrong."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_runtime import node_kinds, service, templates
from agent_runtime.graph import MAX_NODES
from agent_runtime.starters import Starter

from .making import a_graph, asking_the_model, choosing

START, END = ("start", {}), ("answer", {})
SEARCH = ("search_documents", {"vaults": ["v"]})


def problems(*arguments: Any, **options: Any) -> dict[str, tuple[str | None, str | None, str]]:
    found = service.check(a_graph(*arguments), **options)
    return {problem.code: (problem.node_id, problem.edge_id, problem.message) for problem in found}


@pytest.mark.parametrize("starter", templates.ALL, ids=lambda starter: starter.slug)
def test_every_starter_can_run_once_it_has_a_vault(starter: Starter) -> None:
    assert [problem.code for problem in service.check(starter.graph())] == ["vault_missing"]
    assert service.check(starter.graph(vaults=["v"]), vaults={"v"}) == []


def test_a_cycle_is_named_by_its_nodes_and_an_edge_to_remove() -> None:
    found = problems(
        {"s": START, "a": ("ask_model", {}), "b": ("ask_model", {}), "c": ("ask_model", {}), "e": END},
        [
            ("s.question", "a.text"),
            ("a.text", "b.text"),
            ("b.text", "a.text"),
            ("b.text", "c.text"),
            ("c.text", "e.value"),
        ],
    )
    node, edge, message = found["cycle"]
    assert node in ("a", "b")
    assert edge in ("e2", "e3")
    assert "wait for each other" in message


def test_a_node_that_leads_to_itself_is_a_cycle() -> None:
    found = problems(
        {"s": START, "a": ("ask_model", {}), "e": END},
        [("s.question", "a.text"), ("a.text", "a.text"), ("a.text", "e.value")],
    )
    assert found["cycle"][:2] == ("a", "e2")


def test_a_graph_without_start_or_answer_says_what_to_add() -> None:
    found = problems({}, [])
    assert set(found) == {"start_missing", "end_missing"}
    assert all("add" in message for _, _, message in found.values())


def test_two_starts_are_one_too_many() -> None:
    found = problems({"s": START, "t": START, "e": END}, [("s.question", "e.value")])
    assert found["start_repeated"][0] == "t"


def test_an_unknown_kind_of_node_is_named() -> None:
    found = problems({"s": START, "x": ("python_code", {}), "e": END}, [("s.question", "e.value")])
    node, _, message = found["kind_unknown"]
    assert node == "x"
    assert "python_code" in message


def test_a_node_of_another_version_asks_to_be_replaced() -> None:
    document = asking_the_model().document()
    document["nodes"][1]["version"] = 9
    assert [problem.code for problem in service.check(document)] == ["version_unknown"]


def test_a_required_input_must_be_connected() -> None:
    found = problems({"s": START, "q": SEARCH, "e": END}, [("s.question", "e.value")])
    assert found["input_unconnected"][0] == "q"


def test_passages_do_not_fit_where_a_question_is_wanted() -> None:
    found = problems(
        {"s": START, "q": SEARCH, "r": SEARCH, "e": ("answer", {"text": "x"})},
        [("s.question", "q.question"), ("q.passages", "r.question"), ("r.passages", "e.value")],
    )
    assert found["type_mismatch"][:2] == ("r", "e2")
    assert "passages" in found["type_mismatch"][2]


def test_types_are_seen_through_a_branch() -> None:
    found = problems(
        {"s": START, "q": SEARCH, "i": ("if_otherwise", {}), "a": ("ask_model", {}), "e": END},
        [
            ("s.question", "q.question"),
            ("q.passages", "i.value"),
            ("i.then", "a.text"),
            ("a.text", "e.value"),
        ],
    )
    assert found["type_mismatch"][:2] == ("a", "e3")


def test_an_answer_is_not_made_of_bare_passages() -> None:
    found = problems(
        {"s": START, "q": SEARCH, "e": END}, [("s.question", "q.question"), ("q.passages", "e.value")]
    )
    assert found["nothing_to_say"][0] == "e"


@pytest.mark.parametrize(
    ("edge", "code"),
    [
        (("gone.question", "e.value"), "edge_dangling"),
        (("s.nothing", "e.value"), "socket_unknown"),
        (("s.question", "e.nothing"), "socket_unknown"),
    ],
)
def test_an_edge_that_leads_nowhere_is_told(edge: tuple[str, str], code: str) -> None:
    assert problems({"s": START, "e": END}, [("s.question", "e.value"), edge])[code][1] == "e2"


@pytest.mark.parametrize(
    ("settings_", "code"),
    [
        ({"vaults": ["v"], "colour": "red"}, "setting_unknown"),
        ({"vaults": ["v"], "limit": 0}, "setting_invalid"),
        ({"vaults": "v"}, "setting_invalid"),
        ({"vaults": []}, "vault_missing"),
        ({"vaults": ["somebody-elses"]}, "vault_unknown"),
    ],
)
def test_settings_that_cannot_work_are_told(settings_: dict[str, Any], code: str) -> None:
    found = problems(
        {"s": START, "q": ("search_documents", settings_), "w": ("answer_with_sources", {}), "e": END},
        [
            ("s.question", "q.question"),
            ("s.question", "w.question"),
            ("q.passages", "w.passages"),
            ("w.answer", "e.value"),
        ],
        vaults={"v"},
    )
    assert found[code][0] == "q"
    assert len(found) == 1


def test_a_template_may_only_insert_what_there_is() -> None:
    found = service.check(asking_the_model("{{question}} {{secret}} {{passages}}"))
    assert [problem.code for problem in found] == ["insertion_unknown", "insertion_unfilled"]


def test_a_condition_that_cannot_be_read_is_told_at_its_node() -> None:
    assert [(p.node_id, p.code) for p in service.check(choosing("passages >"))] == [
        ("if", "condition_invalid")
    ]


def test_two_nodes_or_edges_cannot_share_an_id() -> None:
    document = asking_the_model().document()
    document["nodes"].append(document["nodes"][0])
    document["edges"].append(document["edges"][0])
    codes = {problem.code for problem in service.check(document)}
    assert {"node_repeated", "edge_repeated"} <= codes


def test_too_many_nodes_are_refused_before_anything_looks_at_them() -> None:
    document = a_graph({f"n{i}": START for i in range(MAX_NODES + 1)}, []).document()
    assert [problem.code for problem in service.check(document)] == ["too_many_nodes"]


def test_every_kind_shows_an_example_that_its_own_form_accepts() -> None:
    described = service.describe_node_kinds()
    assert [kind["kind"] for kind in described] == [
        "start",
        "search_documents",
        "ask_model",
        "answer_with_sources",
        "agent_with_tools",
        "pull_out_fields",
        "set_values",
        "if_otherwise",
        "sort_by_meaning",
        "ask_person",
        "call_web_service",
        "use_mcp_tool",
        "for_each",
        "repeat_until",
        "remember",
        "run_agent",
        "answer",
        "note",
    ]
    for kind in described:
        node_kinds.ALL[kind["kind"]].settings.model_validate(kind["example"])
        assert len(kind["help"]) > 40
        rows = kind["settings_schema"].get("$defs", {}).values()
        for schema in (kind["settings_schema"], *rows):
            for field in schema["properties"].values():
                assert field["title"]
                assert field["description"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ids = st.sampled_from(["a", "b", "c", "", "../x", "__start__", "ü"])
sockets = st.fixed_dictionaries(
    {"node": ids, "socket": st.sampled_from(["question", "value", "then", "text", ""])}
)
nodes = st.fixed_dictionaries(
    {"id": ids, "kind": st.sampled_from([*node_kinds.ALL, "nope"])},
    optional={
        "settings": json_values
        | st.fixed_dictionaries(
            {}, optional={"condition": st.text(max_size=30), "text": json_values, "prompt": st.text()}
        ),
        "version": st.integers(-1, 3),
        "position": json_values,
        "extra": json_values,
    },
)
edges = st.fixed_dictionaries({"id": ids, "source": sockets, "target": sockets})
graphs = st.fixed_dictionaries(
    {"schema": st.sampled_from(["qanat/agent-graph@1", "qanat/agent-graph@2", "x"])},
    optional={
        "nodes": st.lists(nodes, max_size=5) | json_values,
        "edges": st.lists(edges, max_size=6) | json_values,
    },
)


@settings(max_examples=300, deadline=None)
@given(document=graphs | json_values)
def test_no_document_whatever_makes_the_check_fail(document: Any) -> None:
    for problem in service.check(document, vaults=set()):
        assert problem.code
        assert problem.message
