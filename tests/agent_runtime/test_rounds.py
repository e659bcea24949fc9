"""Steps inside "For each" and "Repeat until": once for each item or round, in order, within bounds, and not twice."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent_runtime import service
from agent_runtime.checkpoints import SealedCheckpoints
from agent_runtime.errors import ModelUnavailable
from agent_runtime.events import (
    AnswerSentence,
    Citation,
    Event,
    NodeFinished,
    NodeRecovered,
    RunFailedEvent,
    RunFinished,
)
from agent_runtime.graph import Graph, OnError
from agent_runtime.limits import RunLimits
from agent_runtime.node_kinds.joining import join_answers
from agent_runtime.node_kinds.values import Answer
from agent_runtime.ports import ChatMessage, ReplyEnd, ReplyPart, Sampling, TextDelta
from agent_runtime.tables import metadata
from knowledge_vault.keys.tenants import Sealer
from knowledge_vault.values import TenantId
from tests.databases import database_at

from .making import TwinRetriever, a_graph, a_passage, events_of, some_tools

FRUIT = "apple\nbanana\ncherry\n\ndate"
START, END = ("start", {}), ("answer", {})


@dataclass
class Echo:
    """Says the last word of the prompt in capitals, slower for words at the beginning of the alphabet."""

    fails_at: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    name: str = "echo"
    context_tokens: int = 4096

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return 10

    async def reply(
        self, messages: Sequence[ChatMessage], sampling: Sampling
    ) -> AsyncGenerator[ReplyPart, None]:
        word = messages[-1].content.split()[-1]
        self.asked.append(word)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(max(0, ord("f") - ord(word[0].lower())) * 0.002)
            if word in self.fails_at:
                raise ModelUnavailable(f"It does not like {word}.")
            yield TextDelta(word.upper())
            yield ReplyEnd(10, 1, "stop")
        finally:
            self.at_once -= 1


def for_each(**settings: Any) -> Graph:
    """Asks the model about each line of the question, and answers with all its answers."""
    return a_graph(
        {
            "start": START,
            "each": ("for_each", settings),
            "each/ask": ("ask_model", {"prompt": "Shout {{text}}"}),
            "end": END,
        },
        [
            ("start.question", "each.list"),
            ("each.item", "ask.text"),
            ("ask.text", "each.result"),
            ("each.text", "end.value"),
        ],
    )


def repeat(*, until: str, most: int = 5, **settings: Any) -> Graph:
    """Adds a letter to the text in each round."""
    return a_graph(
        {
            "start": START,
            "begin": ("set_values", {"values": [{"name": "so_far", "value": "{{text}}"}]}),
            "again": ("repeat_until", {"condition": until, "rules": [], "most_rounds": most, **settings}),
            "again/add": ("set_values", {"values": [{"name": "so_far", "value": "{{so_far}}x"}]}),
            "end": ("answer", {"text": "{{so_far}}"}),
        },
        [
            ("start.question", "begin.value"),
            ("begin.values", "again.value"),
            ("again.current", "add.value"),
            ("add.values", "again.result"),
            ("again.done", "end.value"),
        ],
    )


def codes(graph: Graph) -> dict[str, str]:
    return {problem.code: problem.message for problem in service.check(graph)}


def ended(events: Sequence[Event]) -> RunFinished:
    last = events[-1]
    assert isinstance(last, RunFinished), last
    return last


def failed(events: Sequence[Event]) -> RunFailedEvent:
    last = events[-1]
    assert isinstance(last, RunFailedEvent), last
    return last


async def test_each_item_goes_through_the_steps_inside_and_results_keep_the_items_order() -> None:
    model = Echo()
    events = await events_of(for_each(at_once=2), FRUIT, model=model)
    assert ended(events).answer == "APPLE\n\nBANANA\n\nCHERRY\n\nDATE"
    assert model.most_at_once == 2
    inner = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "ask"]
    assert sorted(event.inside[0].number for event in inner) == [1, 2, 3, 4]
    assert {event.inside[0].node_id for event in inner} == {"each"}


async def test_steps_and_tokens_inside_count_against_the_limits_of_the_whole_run() -> None:
    events = await events_of(for_each(), FRUIT, model=Echo())
    usage = ended(events).usage
    assert (usage.steps, usage.model_calls, usage.completion_tokens) == (3 + 4, 4, 4)
    few_steps = failed(
        await events_of(
            for_each(if_one_fails="leave_out"), FRUIT, model=Echo(), limits=RunLimits(max_steps=4)
        )
    )
    assert few_steps.code == "limit_reached", (
        "a limit of the run is none of the failures that may be left out"
    )
    few_tokens = await events_of(for_each(at_once=1), FRUIT, model=Echo(), limits=RunLimits(max_tokens=25))
    assert failed(few_tokens).code == "limit_reached"


@pytest.mark.parametrize(
    ("setting", "answer"),
    [
        ({"if_one_fails": "leave_out"}, "APPLE\n\nCHERRY\n\nDATE"),
        ({"if_one_fails": "default", "default": "?"}, "APPLE\n\n?\n\nCHERRY\n\nDATE"),
    ],
)
async def test_an_item_that_fails_is_left_out_or_gets_a_default_and_the_trace_says_why(
    setting: dict[str, str], answer: str
) -> None:
    events = await events_of(for_each(**setting), FRUIT, model=Echo(frozenset({"banana"})))
    assert ended(events).answer == answer
    [told] = [event for event in events if isinstance(event, NodeRecovered)]
    assert (told.by, told.message, told.inside[0].number) == ("left_out", "It does not like banana.", 2)
    [each] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "each"]
    assert each.detail["failed"] == [{"item": 2, "why": "It does not like banana."}]


async def test_where_one_failure_is_to_stop_all_the_step_that_failed_is_named() -> None:
    model = Echo(frozenset({"apple"}))
    last = failed(await events_of(for_each(at_once=1), FRUIT, model=model))
    assert (last.node_id, last.message) == ("ask", "It does not like apple.")
    assert model.asked == ["apple"], "nobody is asked any more"


async def test_the_plan_for_the_whole_step_catches_what_failed_inside() -> None:
    graph = for_each()
    plan = {"on_error": OnError(then="default", default="Sorry.")}
    nodes = [node.model_copy(update=plan) if node.id == "each" else node for node in graph.nodes]
    events = await events_of(
        graph.model_copy(update={"nodes": nodes}), FRUIT, model=Echo(frozenset({"cherry"}))
    )
    assert ended(events).answer == "Sorry."


async def test_too_long_a_list_is_refused_in_words_before_any_item_is_worked_on() -> None:
    model = Echo()
    last = failed(await events_of(for_each(most=3), FRUIT, model=model))
    assert last.code == "list_unfit"
    assert "4 items" in last.message
    assert "at most 3" in last.message
    assert model.asked == []


async def test_an_empty_list_gives_an_empty_result() -> None:
    graph = a_graph(
        {
            "start": START,
            "set": ("set_values", {"values": [{"name": "none", "value": " ", "type": "list"}]}),
            "each": ("for_each", {}),
            "each/note": ("set_values", {}),
            "end": ("answer", {"text": "[{{results}}]"}),
        },
        [
            ("start.question", "set.value"),
            ("set.values", "each.list"),
            ("each.item", "note.value"),
            ("note.values", "each.result"),
            ("each.values", "end.value"),
        ],
    )
    assert ended(await events_of(graph)).answer == "[]"


async def test_items_made_of_named_values_are_used_by_their_names_and_a_branch_picks_some() -> None:
    orders = '[{"who": "Ada", "sum": 7}, {"who": "Ben", "sum": 99}, {"who": "Cy", "sum": 120}]'
    cheap = {
        "id": "cheap",
        "name": "Cheap",
        "rules": [{"value": "sum", "comparison": "is less than", "other": "50"}],
    }
    graph = a_graph(
        {
            "start": START,
            "set": ("set_values", {"values": [{"name": "orders", "value": orders, "type": "json"}]}),
            "each": ("for_each", {"list_name": "orders", "names_inside": "who, sum", "results_name": "big"}),
            "each/if": ("if_otherwise@2", {"branches": [cheap]}),
            "each/say": ("set_values", {"values": [{"name": "line", "value": "{{who}} pays {{sum}}"}]}),
            "end": ("answer", {"text": "{{text}}"}),
        },
        [
            ("start.question", "set.value"),
            ("set.values", "each.list"),
            ("each.item", "if.value"),
            ("if.otherwise", "say.value"),
            ("say.values", "each.result"),
            ("each.text", "end.value"),
        ],
    )
    events = await events_of(graph)
    assert ended(events).answer == "line: Ben pays 99\n\nline: Cy pays 120"
    [each] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "each"]
    assert each.detail["without_result"] == [1]


async def test_passages_come_one_by_one_and_are_gathered_again_each_once() -> None:
    graph = a_graph(
        {
            "start": START,
            "each": ("for_each", {}),
            "each/find": ("search_documents", {"vaults": ["bees"]}),
            "count": ("if_otherwise", {"condition": "passages == 2"}),
            "end": ("answer", {"text": "two"}),
        },
        [
            ("start.question", "each.list"),
            ("each.item", "find.question"),
            ("find.passages", "each.result"),
            ("each.passages", "count.value"),
            ("count.then", "end.value"),
        ],
    )
    retriever = TwinRetriever(passages=[a_passage(number=1), a_passage(number=2)])
    assert ended(await events_of(graph, FRUIT, retriever=retriever)).answer == "two"
    assert [asked for asked, *_ in retriever.asked] == ["apple", "banana", "cherry", "date"]


async def test_steps_inside_use_what_is_drawn_in_from_outside() -> None:
    graph = a_graph(
        {
            "start": START,
            "greet": ("set_values", {"values": [{"name": "greeting", "value": "Hello"}]}),
            "each": ("for_each", {}),
            "each/say": ("set_values", {"values": [{"name": "line", "value": "{{greeting}} {{text}}"}]}),
            "end": ("answer", {"text": "{{text}}"}),
        },
        [
            ("start.question", "greet.value"),
            ("start.question", "each.list"),
            ("each.item", "say.value"),
            ("greet.values", "say.second"),
            ("say.values", "each.result"),
            ("each.text", "end.value"),
        ],
    )
    assert ended(await events_of(graph, "bees\nwasps")).answer == "line: Hello bees\n\nline: Hello wasps"


async def test_one_repeats_inside_the_other() -> None:
    graph = a_graph(
        {
            "start": START,
            "each": ("for_each", {"at_once": 2}),
            "each/again": ("repeat_until", {"condition": "size(text) >= 4", "rules": []}),
            "again/ask": ("ask_model", {"prompt": "{{text}}-"}),
            "end": END,
        },
        [
            ("start.question", "each.list"),
            ("each.item", "again.value"),
            ("again.current", "ask.text"),
            ("ask.text", "again.result"),
            ("again.done", "each.result"),
            ("each.text", "end.value"),
        ],
    )
    events = await events_of(graph, "ab\nc", model=Echo())
    assert ended(events).answer == "AB--\n\nC---"
    deepest = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "ask"]
    assert Counter(tuple(each.number for each in event.inside) for event in deepest) == {
        (item, turn): 1 for item, turns in ((1, 2), (2, 3)) for turn in range(1, turns + 1)
    }


async def test_it_repeats_until_the_condition_on_the_result_is_true() -> None:
    events = await events_of(repeat(until="size(so_far) >= 4"), "a")
    assert ended(events).answer == "axxx"
    [again] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "again"]
    assert again.detail == {"rounds": 3, "outcome": "true", "because": "size(so_far) >= 4"}


async def test_at_the_maximum_of_rounds_it_says_so_in_plain_words() -> None:
    last = failed(await events_of(repeat(until="round > 100", most=40), "a"))
    assert last.code == "rounds_used_up"
    assert "After 40 rounds" in last.message
    assert "round > 100" in last.message
    assert "recursion" not in last.message.lower()


async def test_at_the_maximum_it_goes_on_with_the_last_value_or_takes_a_branch_where_its_builder_says_so() -> (
    None
):
    kept = await events_of(repeat(until="round > 9", most=2, if_never="last_value"), "a")
    assert ended(kept).answer == "axx"
    graph = repeat(until="round > 9", most=2, if_never="branch")
    assert "never_unconnected" in codes(graph)
    drawn = a_graph(
        {"sorry": ("answer", {"text": "gave up at {{so_far}}"})}, [("again.never", "sorry.value")]
    )
    both = graph.model_copy(
        update={
            "nodes": [*graph.nodes, *drawn.nodes],
            "edges": [*graph.edges, drawn.edges[0].model_copy(update={"id": "never"})],
        }
    )
    assert ended(await events_of(both, "a")).answer == "gave up at axx"


async def test_a_round_whose_branch_leads_nowhere_is_told_in_words() -> None:
    graph = a_graph(
        {
            "start": START,
            "again": ("repeat_until", {}),
            "again/if": ("if_otherwise", {"condition": "size(text) > 5"}),
            "end": END,
        },
        [
            ("start.question", "again.value"),
            ("again.current", "if.value"),
            ("if.then", "again.result"),
            ("again.done", "end.value"),
        ],
    )
    assert "led back nothing" in failed(await events_of(graph, "abc")).message


def test_a_value_leaves_only_through_the_result_and_what_begins_a_round_stays_inside() -> None:
    out = for_each()
    straight = out.edges[-1].model_copy(update={"source": out.edges[2].source})
    assert (
        "lead it to “Result”"
        in codes(out.model_copy(update={"edges": [*out.edges[:-1], straight]}))["edge_leaves_inside"]
    )
    item = out.edges[-1].model_copy(update={"source": out.edges[1].source})
    assert (
        "Only the steps inside"
        in codes(out.model_copy(update={"edges": [*out.edges[:-1], item]}))["edge_leaves_inside"]
    )


@pytest.mark.parametrize(
    ("nodes", "edges", "code"),
    [
        ({"each/ask": ("ask_model", {}), "each/end": END}, [], "must_be_outside"),
        ({"gone/ask": ("ask_model", {})}, [], "parent_missing"),
        ({"start/ask": ("ask_model", {})}, [], "parent_unfit"),
        ({"each/ask": ("ask_model", {})}, [("each.item", "ask.text")], "input_unconnected"),
        (
            {"each/ask": ("ask_model", {}), "each/more": ("ask_model", {})},
            [("ask.text", "more.text"), ("more.text", "ask.text")],
            "cycle",
        ),
        ({"each/ask": ("ask_model", {})}, [("each.text", "ask.text"), ("ask.text", "each.result")], "cycle"),
        (
            {"a/b": ("repeat_until", {}), "b/a": ("repeat_until", {})},
            [],
            "parent_missing",
        ),
        (
            {
                "each/a": ("for_each", {}),
                "a/b": ("for_each", {}),
                "b/c": ("for_each", {}),
                "c/d": ("ask_model", {}),
            },
            [],
            "too_far_inside",
        ),
        ({"each/ask": ("ask_model", {})}, [("start.question", "each.result")], "edge_leaves_inside"),
        (
            {"each/ask": ("ask_model", {})},
            [("each.item", "ask.text"), ("ask.text", "each.result"), ("each.passages", "end.value")],
            "results_no_passages",
        ),
    ],
)
def test_what_is_drawn_wrong_inside_is_told_before_a_run(
    nodes: dict[str, Any], edges: list[tuple[str, str]], code: str
) -> None:
    graph = a_graph(
        {"start": START, "each": ("for_each", {}), "end": END, **nodes},
        [("start.question", "each.list"), ("start.question", "end.value"), *edges],
    )
    assert code in codes(graph)


def test_a_list_that_is_not_there_is_told_before_a_run_with_those_that_are() -> None:
    def naming(name: str, *lists: str) -> dict[str, str]:
        values = [{"name": each, "value": "a", "type": "list"} for each in lists]
        return codes(
            a_graph(
                {
                    "start": START,
                    "set": ("set_values", {"values": [*values, {"name": "word"}]}),
                    "each": ("for_each", {"list_name": name}),
                    "each/ask": ("ask_model", {}),
                    "end": END,
                },
                [
                    ("start.question", "set.value"),
                    ("set.values", "each.list"),
                    ("each.item", "ask.text"),
                    ("ask.text", "each.result"),
                    ("each.text", "end.value"),
                ],
            )
        )

    assert naming("", "items") == {}
    assert naming("items", "items", "others") == {}
    assert "choose one of items" in naming("word", "items")["list_unknown"]
    assert "items, others" in naming("", "items", "others")["list_unknown"]
    assert "none of the values" in naming("")["list_unknown"]


def test_a_round_that_would_lose_named_values_or_change_their_sort_is_told_before_a_run() -> None:
    assert "rounds_do_not_fit" in codes(
        a_graph(
            {
                "start": START,
                "again": ("repeat_until", {"condition": "round > 1", "rules": []}),
                "again/find": ("search_documents", {"vaults": ["v"]}),
                "end": ("answer", {"text": "x"}),
            },
            [
                ("start.question", "again.value"),
                ("again.current", "find.question"),
                ("find.passages", "again.result"),
                ("again.done", "end.value"),
            ],
        )
    )


def test_a_graph_without_steps_inside_others_keeps_its_digest() -> None:
    document = a_graph({"start": START, "end": END}, [("start.question", "end.value")]).document()
    assert all("parent" not in node for node in document["nodes"])


def test_answers_are_joined_with_their_citations_numbered_anew() -> None:
    def answer(text: str, document: str) -> Answer:
        citation = Citation(
            number=1,
            passage_id="p",
            vault_id="v",
            document_id=document,
            document="d",
            page=None,
            start=0,
            end=2,
            quote="ab",
        )
        sentence = AnswerSentence(text=text, start=0, end=len(text), supported=True, citations=[1])
        return Answer(f"{text} [1]", (sentence,), (citation,))

    joined = join_answers(
        [answer("Bees dance.", "a"), answer("Bees sleep.", "b"), Answer("Well."), answer("Again.", "a")]
    )
    assert joined.text == "Bees dance. [1]\n\nBees sleep. [2]\n\nWell.\n\nAgain. [1]"
    assert [citation.document_id for citation in joined.citations] == ["a", "b"]
    for sentence in joined.sentences:
        assert joined.text[sentence.start : sentence.end] == sentence.text
    assert [(s.supported, s.citations) for s in joined.sentences] == [
        (True, [1]),
        (True, [2]),
        (False, []),
        (True, [1]),
    ]


@pytest.fixture
async def saver(tmp_path: Path) -> Any:
    database = database_at(tmp_path / "records.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    yield SealedCheckpoints(database, Sealer(b"s" * 32, TenantId("ada")), tenant_id="ada")
    await database.close()


async def test_a_run_that_was_cut_off_repeats_no_item_that_had_ended(saver: SealedCheckpoints) -> None:
    first, second = Echo(frozenset({"cherry"})), Echo()
    graph = for_each(at_once=1)
    failed(await events_of(graph, FRUIT, model=first, checkpoints=saver))
    events = await events_of(graph, FRUIT, model=second, checkpoints=saver)
    assert first.asked == ["apple", "banana", "cherry"]
    assert second.asked == ["cherry", "date"]
    last = ended(events)
    assert last.answer == "APPLE\n\nBANANA\n\nCHERRY\n\nDATE"
    assert last.usage.model_calls == 4, "what was used before the cut counts on"


async def test_a_round_that_begins_with_something_else_is_never_taken_for_one_that_ended(
    saver: SealedCheckpoints,
) -> None:
    graph, model = for_each(at_once=1), Echo(frozenset({"date"}))
    failed(await events_of(graph, FRUIT, model=model, checkpoints=saver))
    changed = for_each(at_once=1)
    nodes = [
        node.model_copy(update={"settings": {"prompt": "Whisper {{text}}"}}) if node.id == "ask" else node
        for node in changed.nodes
    ]
    again = Echo()
    ended(await events_of(changed.model_copy(update={"nodes": nodes}), FRUIT, model=again, checkpoints=saver))
    assert again.asked == ["apple", "banana", "cherry", "date"]


async def test_a_step_that_is_tried_again_goes_on_with_the_items_that_failed(
    saver: SealedCheckpoints,
) -> None:
    model = Echo(frozenset({"cherry"}))
    graph = for_each(at_once=1)
    plan = {"on_error": OnError(retries=1, pause_s=0)}
    nodes = [node.model_copy(update=plan) if node.id == "each" else node for node in graph.nodes]
    failed(await events_of(graph.model_copy(update={"nodes": nodes}), FRUIT, model=model, checkpoints=saver))
    assert model.asked == ["apple", "banana", "cherry", "cherry"]


async def test_deleting_a_run_takes_the_rounds_along(saver: SealedCheckpoints) -> None:
    ended(await events_of(for_each(), FRUIT, model=Echo(), checkpoints=saver))
    assert [item async for item in saver.alist(None)] != []
    await saver.adelete_thread("run-1")
    assert [item async for item in saver.alist(None)] == []


async def test_cancelling_stops_every_item_at_once() -> None:
    cancelled = asyncio.Event()
    model = Echo()
    stream = service.run(
        for_each(at_once=8), "\n".join(["aaa"] * 8), some_tools(model), run_id="r", cancelled=cancelled
    )
    began = time.monotonic()
    async for event in stream:
        if event.type == "node.started" and getattr(event, "node_id", "") == "ask":
            cancelled.set()
        last = event
    assert last.type == "run.cancelled"
    assert time.monotonic() - began < 1
    assert model.at_once == 0
