"""A run can begin in the middle of an earlier one: what that one did before is not done again."""

from typing import Any

import pytest

from agent_runtime.earlier import Earlier, downstream, outcomes_of, taken_up_at
from agent_runtime.events import (
    AnswerSentence,
    Citation,
    NodeFinished,
    NodeStarted,
    RunFailedEvent,
    RunFinished,
)
from agent_runtime.graph import Graph
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.node_kinds.values import Answer, Data, Passages, Value, as_json, from_json
from agent_runtime.ports import PageSpan, Passage, Ranks
from tests.agent_runtime.making import TwinRetriever, a_graph, choosing, events_of


def in_turn(prompt: str = "Second: {{text}}") -> Graph:
    """Searches, asks the model twice, and answers with the second reply."""
    return a_graph(
        {
            "start": ("start", {}),
            "search": ("search_documents", {"vaults": ["bees"]}),
            "first": ("ask_model", {"prompt": "First: {{text}} {{passages}}"}),
            "second": ("ask_model", {"prompt": prompt}),
            "answer": ("answer", {}),
        },
        [
            ("start.question", "search.question"),
            ("start.question", "first.text"),
            ("search.passages", "first.passages"),
            ("first.text", "second.text"),
            ("second.text", "answer.value"),
        ],
    )


def trace(events: list[Any]) -> list[dict[str, Any]]:
    return [event.model_dump(mode="json") for event in events if isinstance(event, NodeFinished)]


async def test_steps_before_the_one_that_is_run_again_are_not_executed_again() -> None:
    model, retriever = ScriptedModel(["one", "two", "three"]), TwinRetriever()
    steps = trace(await events_of(in_turn(), model=model, retriever=retriever))
    assert (len(model.asked), len(retriever.asked)) == (2, 1)

    other = in_turn("Say it anew: {{text}}")
    earlier = taken_up_at(other, "second", outcomes_of(steps), changed={})
    again = await events_of(other, model=model, retriever=retriever, earlier=earlier)
    assert (len(model.asked), len(retriever.asked)) == (3, 1), "one call more, and no search"
    assert model.asked[-1][-1].content == "Say it anew: one", (
        "what the first reply was is not asked for again"
    )
    assert [event.node_id for event in again if isinstance(event, NodeStarted)] == ["second", "answer"]
    assert isinstance(again[-1], RunFinished)
    assert again[-1].answer == "three"


async def test_a_value_can_be_changed_and_only_what_follows_from_it_is_run() -> None:
    model = ScriptedModel(["one", "two", "three"])
    steps = trace(await events_of(in_turn(), model=model))
    outcomes = outcomes_of(steps)
    earlier = taken_up_at(in_turn(), "first", outcomes, changed={"first": {"text": "what I say instead"}})
    await events_of(in_turn(), model=model, earlier=earlier)
    assert len(model.asked) == 3
    assert model.asked[-1][-1].content == "Second: what I say instead"


async def test_one_step_can_be_run_by_itself_with_what_it_took_in_last() -> None:
    model = ScriptedModel(["one", "two", "three"])
    steps = trace(await events_of(in_turn(), model=model))
    earlier = taken_up_at(in_turn(), "first", outcomes_of(steps), changed={}, only=True)
    told = await events_of(in_turn(), model=model, earlier=earlier)
    assert [event.node_id for event in told if isinstance(event, NodeStarted)] == ["first"]
    assert isinstance(told[-1], RunFinished)
    assert told[-1].answer == "three"


async def test_a_step_that_nothing_reached_says_so_when_it_is_run_by_itself() -> None:
    graph = choosing("size(question) > 1000")
    steps = trace(await events_of(graph))
    told = await events_of(
        graph, earlier=taken_up_at(graph, "ask", outcomes_of(steps), changed={}, only=True)
    )
    assert isinstance(told[-1], RunFailedEvent)
    assert "Nothing arrived at this step" in told[-1].message


async def test_a_step_tells_where_its_inputs_came_from() -> None:
    started = {e.node_id: e for e in await events_of(in_turn()) if isinstance(e, NodeStarted)}
    arrived = {name: (each.node, each.socket) for name, each in started["first"].arrived.items()}
    assert arrived == {"text": ("start", "question"), "passages": ("search", "passages")}


async def test_branches_that_were_not_taken_stay_untaken() -> None:
    graph, model = choosing("size(question) > 1000"), ScriptedModel()
    steps = trace(await events_of(graph, model=model))
    again = await events_of(
        graph, model=model, earlier=taken_up_at(graph, "fixed", outcomes_of(steps), changed={})
    )
    assert isinstance(again[-1], RunFinished)
    assert again[-1].answer.startswith("Too long")
    assert model.asked == []


def test_what_follows_from_a_step_is_all_that_its_edges_reach() -> None:
    assert downstream(in_turn(), "search") == {"first", "second", "answer"}
    assert downstream(in_turn(), "answer") == frozenset()
    assert taken_up_at(in_turn(), "start", {"gone": {"text": "of another graph"}}, changed={}) == Earlier()


PASSAGE = Passage(
    **{"passage_id": "p", "vault_id": "v", "document_id": "d", "document": "bees.md", "text": "Bees dance."},
    **{"start": 3, "end": 14, "page": 2, "pages": (PageSpan(2, 0, 20),)},
    **{"score": 0.5, "ranks": Ranks(1, None, 2), "heading": "Bees"},
)
CITATION = Citation(
    number=1,
    passage_id="p",
    vault_id="v",
    document_id="d",
    document="bees.md",
    page=2,
    start=3,
    end=7,
    quote="Bees",
)
SENTENCE = AnswerSentence(text="Bees.", start=0, end=5, supported=True, citations=[1])


@pytest.mark.parametrize(
    "value",
    [
        "words",
        Data({"total": 3.5, "names": ["a"]}),
        Passages((PASSAGE,)),
        Answer("Bees.", (SENTENCE,), (CITATION,), found=False, quoted=True),
    ],
)
def test_a_value_comes_back_from_the_trace_as_it_was(value: Value) -> None:
    assert from_json(as_json(value)) == value


@pytest.mark.parametrize(
    "written",
    [None, 3, {}, {"type": "text"}, {"type": "passages", "passages": [{"text": 1}]}, {"type": "code"}],
)
def test_what_is_no_value_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(written)
