"""Values get names, travel under them, and are what they are said to be or say why not."""

from typing import Any

import pytest

from agent_runtime import service
from agent_runtime.events import NodeFinished, RunFailedEvent, RunFinished
from agent_runtime.graph import Graph, Node
from agent_runtime.models.scripted import ScriptedModel

from .making import a_graph, asking_the_model, events_of


def setting(*values: dict[str, Any], answer: str = "{{value}}") -> Graph:
    return a_graph(
        {
            "start": ("start", {}),
            "set": ("set_values", {"values": values}),
            "end": ("answer", {"text": answer}),
        },
        [("start.question", "set.value"), ("set.values", "end.value")],
    )


async def values_of(graph: Graph, question: str) -> dict[str, Any]:
    events = await events_of(graph, question)
    [done] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "set"]
    values: dict[str, Any] = done.output["values"]["values"]
    return values


@pytest.mark.parametrize(
    ("value", "question", "made"),
    [
        ({"value": "You asked: {{question}}"}, "Why?", "You asked: Why?"),
        ({"value": "{{text}}", "type": "number"}, " 12.50 ", 12.5),
        ({"value": "{{text}}", "type": "list"}, "bees\n\nwasps", ["bees", "wasps"]),
        ({"value": "{{text}}", "type": "json"}, '{"a": [1, null]}', {"a": [1, None]}),
        ({"value": "{{text}}", "type": "yes or no"}, "Yes", True),
        ({"value": "size(text) * 2 + 1", "made_from": "formula", "type": "number"}, "four", 9),
        ({"value": "size(text) > 3 ? text : 'short'", "made_from": "formula"}, "ab", "short"),
        ({"value": "[text, 'more']", "made_from": "formula", "type": "list"}, "ab", ["ab", "more"]),
        ({"value": "'no. ' + string(size(text))", "made_from": "formula"}, "ab", "no. 2"),
    ],
)
async def test_a_value_is_kept_as_its_type(value: dict[str, Any], question: str, made: Any) -> None:
    assert (await values_of(setting(value), question)) == {"value": made}


async def test_values_are_used_by_their_names_further_on() -> None:
    graph = a_graph(
        {
            "start": ("start", {}),
            "set": (
                "set_values",
                {
                    "values": [
                        {"name": "price", "value": "{{text}}", "type": "number"},
                        {"name": "gross", "value": "price * 1.5", "made_from": "formula", "type": "number"},
                    ]
                },
            ),
            "if": ("if_otherwise", {"condition": "gross > 100.0"}),
            "ask": ("ask_model", {"prompt": "Is {{gross}} much?"}),
            "high": ("answer", {}),
            "low": ("answer", {"text": "{{price}} becomes {{gross}}."}),
        },
        [
            ("start.question", "set.value"),
            ("set.values", "if.value"),
            ("if.then", "ask.text"),
            ("ask.text", "high.value"),
            ("if.otherwise", "low.value"),
        ],
    )
    low, high = [
        (await events_of(graph, price, model=ScriptedModel(lambda said: said)))[-1] for price in ("10", "80")
    ]
    assert isinstance(low, RunFinished)
    assert low.answer == "10 becomes 15."
    assert isinstance(high, RunFinished)
    assert high.answer == "Is 120 much?"


async def test_words_of_several_branches_are_combined() -> None:
    graph = a_graph(
        {
            "start": ("start", {}),
            "ask": ("ask_model", {}),
            "set": (
                "set_values",
                {"values": [{"name": "both", "value": "{{text}} / {{second}} / {{third}}"}]},
            ),
            "end": ("answer", {"text": "{{both}}"}),
        },
        [
            ("start.question", "ask.text"),
            ("start.question", "set.value"),
            ("ask.text", "set.second"),
            ("set.values", "end.value"),
        ],
    )
    last = (await events_of(graph, "Why?", model=ScriptedModel(["Because."])))[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == "Why? / Because. / "


@pytest.mark.parametrize("kind", ["number", "yes or no", "json"])
async def test_a_value_that_is_not_of_its_type_fails_the_step_in_words(kind: str) -> None:
    last = (await events_of(setting({"value": "{{text}}", "type": kind}), "{oops"))[-1]
    assert isinstance(last, RunFailedEvent)
    assert (last.node_id, last.code) == ("set", "value_unfit")
    assert "“value”" in last.message


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"value": "{{nothing}}"}, "{{nothing}} is not known"),
        ({"value": "nothing + 1", "made_from": "formula"}, "no value 'nothing'"),
        ({"value": "text.__class__", "made_from": "formula"}, "look inside"),
        ({"value": "[1, 2].map(x, x)", "made_from": "formula"}, "function 'map'"),
        ({"value": "null", "made_from": "formula"}, "gives neither"),
        ({"value": "text + 1", "made_from": "formula"}, "do not go together"),
        ({"value": "1", "name": "question"}, "means something else"),
        ({"value": "1", "name": "while"}, "means something else"),
        ({"value": "1", "name": "No Name"}, "“Values”"),
    ],
)
def test_a_value_that_cannot_be_made_is_told_before_it_runs(value: dict[str, Any], says: str) -> None:
    found = [problem for problem in service.check(setting(value, answer="x")) if problem.node_id == "set"]
    assert [says in problem.message for problem in found] == [True], found


def test_two_values_cannot_share_a_name() -> None:
    found = service.check(setting({"value": "1"}, {"value": "2"}))
    assert [problem.code for problem in found] == ["name_taken"]


async def test_a_formula_cannot_fill_the_memory() -> None:
    doubling = [{"name": "v0", "value": "{{text}}"}]
    doubling += [
        {"name": f"v{n}", "value": " + ".join([f"v{n - 1}"] * 50), "made_from": "formula"}
        for n in range(1, 6)
    ]
    last = (await events_of(setting(*doubling, answer="{{v5}}"), "x" * 100))[-1]
    assert isinstance(last, RunFailedEvent)
    assert "longer than" in last.message


async def test_a_note_is_no_step() -> None:
    drawn = asking_the_model()
    graph = drawn.model_copy(
        update={"nodes": [*drawn.nodes, Node(id="n", kind="note", settings={"text": "Why."})]}
    )
    assert service.check(graph) == []
    events = await events_of(graph)
    assert "n" not in [getattr(event, "node_id", None) for event in events]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].usage.steps == 3
