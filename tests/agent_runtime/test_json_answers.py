"""A model that is asked for JSON answers with that JSON, or the step fails in words."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_runtime import service, shape
from agent_runtime.errors import ModelFailed
from agent_runtime.events import NodeFinished, NodeRetried, RunFailedEvent, RunFinished
from agent_runtime.graph import Graph, OnError
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.ports import ChatMessage, Sampling, TextDelta

from .making import TwinRetriever, a_graph, a_passage, events_of

FIELDS = [
    {"name": "keeper", "type": "text", "description": "who keeps the bees"},
    {"name": "hives", "type": "number", "description": "how many hives"},
    {"name": "season", "type": "choice", "choices": "spring, summer"},
]
FORM = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "maxLength": 12},
        "b": {"type": ["integer", "null"]},
        "c": {"type": "array", "maxItems": 3, "items": {"type": "string", "enum": ["x", '"y\\']}},
        "d": {"type": "object", "properties": {"e": {"type": "boolean"}, "f": {"type": "number"}}},
    },
}


def pulling(fields: list[dict[str, Any]] = FIELDS, **settings: Any) -> Graph:
    return a_graph(
        {
            "start": ("start", {}),
            "pull": ("pull_out_fields", {"fields": fields, **settings}),
            "end": ("answer", {"text": "{{keeper}} has {{hives}} in {{season}}."}),
        },
        [("start.question", "pull.text"), ("pull.values", "end.value")],
    )


def asking_for_json(form: Any, answer: str = "{{a}}") -> Graph:
    text = form if isinstance(form, str) else json.dumps(form)
    return a_graph(
        {
            "start": ("start", {}),
            "ask": ("ask_model", {"answer_as": "json", "form": text}),
            "end": ("answer", {"text": answer}),
        },
        [("start.question", "ask.text"), ("ask.values", "end.value")],
    )


async def test_fields_are_pulled_out_and_used_by_their_names() -> None:
    model = ScriptedModel(['{"keeper": "Ilse", "hives": 12, "season": null}'])
    last = (await events_of(pulling(), "Ilse keeps 12 hives.", model=model))[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == "Ilse has 12 in ."
    assert "how many hives (number)" in model.asked[0][-1].content


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("Ilse keeps them.", "none, or breaks off"),
        ('{"keeper": "Ilse", "hives": 1', "none, or breaks off"),
        ('{"keeper": "Ilse", "hives": NaN, "season": null}', "none, or breaks off"),
        ('{"keeper": "Ilse", "hives": "many", "season": null}', "hives is not of the type number"),
        ('{"keeper": "Ilse", "hives": 1, "season": "winter"}', "none of the choices"),
        ('{"keeper": "Ilse", "hives": 1}', "'season' is missing"),
        ("[" * 2_000, "none, or breaks off"),
        ("7", "not of the type object"),
    ],
)
async def test_a_model_that_leaves_the_form_fails_the_step_in_words(reply: str, says: str) -> None:
    last = (await events_of(pulling(), model=ScriptedModel([reply])))[-1]
    assert isinstance(last, RunFailedEvent)
    assert (last.node_id, last.code) == ("pull", "model_failed")
    assert says in last.message


async def test_broken_json_is_asked_for_again_where_the_builder_says_so() -> None:
    graph = pulling()
    nodes = [
        node.model_copy(update={"on_error": OnError(retries=1, pause_s=0)}) if node.id == "pull" else node
        for node in graph.nodes
    ]
    model = ScriptedModel(["{", '{"keeper": "Ilse", "hives": 2, "season": "spring"}'])
    events = await events_of(graph.model_copy(update={"nodes": nodes}), model=model)
    assert isinstance(events[-1], RunFinished)
    assert [event.code for event in events if isinstance(event, NodeRetried)] == ["model_failed"]


async def test_the_real_model_can_only_write_what_the_form_allows(smollm: LlamaCppModel) -> None:
    schema = shape.read(json.dumps(FORM))
    sampling = Sampling(max_tokens=160, temperature=1.5, seed=3, shape=schema)
    pieces = smollm.reply([ChatMessage("user", "Tell me a story about bees.")], sampling)
    written = "".join([part.text async for part in pieces if isinstance(part, TextDelta)])
    assert shape.parse(written, schema)


async def test_the_real_model_writes_no_broken_call_of_a_tool(smollm: LlamaCppModel) -> None:
    goal = {"goal": "When are the hives opened?", "vaults": ["bees"], "most_uses": 1, "max_tokens": 16}
    graph = a_graph(
        {"start": ("start", {}), "agent": ("agent_with_tools", goal), "answer": ("answer", {})},
        [("start.question", "agent.text"), ("agent.text", "answer.value")],
    )
    retriever = TwinRetriever([a_passage("The hives are opened in April.")])
    events = await events_of(graph, model=smollm, retriever=retriever)
    assert isinstance(events[-1], RunFinished), events[-1]


async def test_the_real_model_pulls_out_fields(smollm: LlamaCppModel) -> None:
    events = await events_of(pulling(max_tokens=80), "Ilse Brandt keeps 12 hives of bees.", model=smollm)
    [done] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "pull"]
    values = done.output["values"]["values"]
    assert set(values) == {"keeper", "hives", "season"}
    assert values["season"] in ("spring", "summer", None)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("{", "not JSON"),
        ("[1]", "JSON object"),
        ({"type": "string"}, "must be an object"),
        ({"type": "object"}, "needs properties"),
        ({"type": "object", "properties": {"a": {"$ref": "https://example.org/x"}}}, "'$ref'"),
        ({"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}, "'pattern'"),
        ({"type": "object", "properties": {"a": {"type": "string", "maxLength": 10**9}}}, "at most 400"),
        ({"type": "object", "properties": {"a": {"type": "array"}}}, "items of 'a'"),
        ({"type": "object", "properties": {'a" ::= "b': {"type": "string"}}}, "name of a property"),
        ({"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(61)}}, "more than 60"),
        ({"type": "object", "properties": {"a": {"type": "string", "enum": [1]}}}, "short texts"),
    ],
)
def test_a_form_that_a_grammar_cannot_hold_is_told(form: Any, says: str) -> None:
    found = [problem for problem in service.check(asking_for_json(form, "x")) if problem.node_id == "ask"]
    assert [(problem.code, says in problem.message) for problem in found] == [("form_invalid", True)], found


def test_a_form_too_deep_is_told() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(8):
        schema = {"type": "object", "properties": {"a": schema}}
    fault = shape.find_fault(schema)
    assert fault is not None
    assert "deep" in fault


async def test_json_answers_are_named_values() -> None:
    reply = {"a": "Bees", "b": None, "c": ["x"], "d": {"e": True, "f": 1.5}}
    graph = asking_for_json(FORM, "{{a}} {{c}} {{d}}")
    last = (await events_of(graph, model=ScriptedModel([json.dumps(reply)])))[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == 'Bees x {"e": true, "f": 1.5}'


def test_values_are_not_to_be_had_from_an_answer_as_text() -> None:
    graph = a_graph(
        {"start": ("start", {}), "ask": ("ask_model", {}), "end": ("answer", {})},
        [("start.question", "ask.text"), ("ask.values", "end.value")],
    )
    assert [problem.code for problem in service.check(graph)] == ["values_missing"]


def test_a_choice_needs_choices() -> None:
    found = service.check(pulling([*FIELDS[:2], {"name": "season", "type": "choice"}]))
    assert [problem.code for problem in found] == ["choices_missing"]


@settings(deadline=None)
@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=6))
def test_no_schema_whatever_breaks_the_check(value: Any) -> None:
    shape.find_fault(value)
    shape.find_fault({"type": "object", "properties": {"a": value}})
    shape.find_fault({"type": value, "enum": value, "items": value, "maxLength": value})


@settings(deadline=None)
@given(reply=st.text(max_size=40) | st.dictionaries(st.sampled_from("abcd"), st.integers()).map(json.dumps))
def test_no_reply_whatever_breaks_the_reading(reply: str) -> None:
    with pytest.raises(ModelFailed):
        shape.parse(reply, shape.normal(FORM))
