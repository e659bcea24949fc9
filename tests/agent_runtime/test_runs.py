"""A run tells what happens, takes the branches it should, and always ends: answered, failed or stopped."""

import asyncio
import time
from datetime import date
from pathlib import Path

import pytest

from agent_runtime import service, starters
from agent_runtime.errors import GraphInvalid, ModelUnavailable, RetrievalFailed
from agent_runtime.events import (
    AnswerDelta,
    NodeFinished,
    NodeStarted,
    RunCancelled,
    RunFailedEvent,
    RunFinished,
    data,
)
from agent_runtime.limits import RunLimits
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.ports import Filters, NotReady, NotReadyDocument

from .making import (
    TwinRetriever,
    a_graph,
    asking_the_model,
    choosing,
    events_of,
    some_tools,
    types,
)

DOCUMENT_QUESTIONS = starters.DOCUMENT_QUESTIONS.graph(vaults=["bees"])


async def test_a_run_tells_each_step_in_order_and_ends_with_the_answer() -> None:
    events = await events_of(asking_the_model(), model=ScriptedModel(["Bees  sleep at night. "]))
    assert types(events) == [
        "run.started",
        "node.started",
        "node.finished",
        "node.started",
        "answer.delta",
        "answer.delta",
        "answer.delta",
        "answer.delta",
        "node.finished",
        "node.started",
        "node.finished",
        "run.finished",
    ]
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == "Bees  sleep at night."
    assert [sentence.supported for sentence in last.sentences] == [False]
    assert last.usage.completion_tokens == 5
    assert last.usage.model_calls == 1
    assert last.usage.steps == 3
    assert "type" not in data(last)


@pytest.mark.parametrize(
    "graph",
    [
        DOCUMENT_QUESTIONS,
        starters.ANSWER_OR_HAND_OVER.graph(vaults=["bees"]),
        asking_the_model(),
        choosing("found"),
    ],
    ids=["sources", "branch", "model", "if"],
)
@pytest.mark.parametrize("reply", ["The hives are opened in April.", "I like trains. A lot.", "", " \n x \n"])
async def test_the_pieces_shown_add_up_to_the_answer_given(graph: service.Graph, reply: str) -> None:
    events = await events_of(graph, model=ScriptedModel([reply]))
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert "".join(event.text for event in events if isinstance(event, AnswerDelta)) == last.answer
    assert all(last.answer[s.start : s.end] == s.text for s in last.sentences)


async def test_nodes_on_the_branch_not_taken_are_skipped_and_cost_nothing() -> None:
    model = ScriptedModel(["Never said."])
    events = await events_of(choosing("size(question) < 5"), "A long question", model=model)
    assert [event.node_id for event in events if isinstance(event, NodeStarted)] == ["start", "if", "fixed"]
    assert model.asked == []
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == "Too long: A long question"
    events = await events_of(choosing("size(question) < 5"), "Why?", model=ScriptedModel(["Because."]))
    assert [event.node_id for event in events if isinstance(event, NodeStarted)] == [
        "start",
        "if",
        "ask",
        "end",
    ]


async def test_one_answer_takes_whichever_branch_arrives() -> None:
    graph = a_graph(
        {
            "start": ("start", {}),
            "if": ("if_otherwise", {"condition": 'question.contains("a")'}),
            "left": ("ask_model", {"prompt": "left"}),
            "right": ("ask_model", {"prompt": "right"}),
            "answer": ("answer", {}),
        },
        [
            ("start.question", "if.value"),
            ("if.then", "left.text"),
            ("if.otherwise", "right.text"),
            ("left.text", "answer.value"),
            ("right.text", "answer.value"),
        ],
    )
    for question, side in (("a", "left"), ("b", "right")):
        events = await events_of(graph, question, model=ScriptedModel(lambda prompt: f"went {prompt}"))
        last = events[-1]
        assert isinstance(last, RunFinished)
        assert last.answer == f"went {side}"
        assert "answer.delta" in types(events)


async def test_a_run_that_reaches_no_answer_says_why() -> None:
    graph = a_graph(
        {"start": ("start", {}), "if": ("if_otherwise", {"condition": "false"}), "answer": ("answer", {})},
        [("start.question", "if.value"), ("if.then", "answer.value")],
    )
    last = (await events_of(graph))[-1]
    assert isinstance(last, RunFailedEvent)
    assert last.code == "nothing_to_answer"
    assert "other side" in last.message


async def test_a_graph_with_problems_does_not_begin() -> None:
    with pytest.raises(GraphInvalid, match="Choose at least one vault"):
        await events_of(starters.DOCUMENT_QUESTIONS.graph())


async def test_the_search_asks_for_what_its_settings_say() -> None:
    retriever = TwinRetriever()
    await events_of(DOCUMENT_QUESTIONS, "When?", retriever=retriever)
    assert retriever.asked == [("When?", ("bees",), 6)]


async def test_when_nothing_bears_on_the_question_the_agent_says_so_and_the_trace_why() -> None:
    model = ScriptedModel(["The hives are opened in April."])
    events = await events_of(DOCUMENT_QUESTIONS, model=model, retriever=TwinRetriever(is_relevant=False))
    search = next(e for e in events if isinstance(e, NodeFinished) and e.kind == "search_documents")
    assert search.detail["relevance"] == {"found": False, "why": "Nothing says enough.", "margin": -0.5}
    assert search.output["passages"]["passages"] == []
    assert search.detail["nearest"]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].answer == "The documents say nothing about this."
    assert not events[-1].citations


async def test_a_search_may_be_told_to_hand_on_what_comes_nearest_all_the_same() -> None:
    graph = DOCUMENT_QUESTIONS.model_copy(
        update={
            "nodes": [
                node.model_copy(update={"settings": {**node.settings, "only_relevant": False}})
                if node.kind == "search_documents"
                else node
                for node in DOCUMENT_QUESTIONS.nodes
            ]
        }
    )
    events = await events_of(graph, retriever=TwinRetriever(is_relevant=False))
    search = next(e for e in events if isinstance(e, NodeFinished) and e.kind == "search_documents")
    assert len(search.output["passages"]["passages"]) == 1


async def test_the_search_keeps_to_the_documents_its_settings_name() -> None:
    graph = DOCUMENT_QUESTIONS.model_copy(
        update={
            "nodes": [
                node.model_copy(
                    update={
                        "settings": {
                            **node.settings,
                            "tags": "care, winter ,",
                            "types": "pdf",
                            "added_after": "2026-01-31",
                        }
                    }
                )
                if node.kind == "search_documents"
                else node
                for node in DOCUMENT_QUESTIONS.nodes
            ]
        }
    )
    retriever = TwinRetriever()
    await events_of(graph, retriever=retriever)
    assert retriever.filters == [
        Filters(tags=("care", "winter"), types=("pdf",), added_after=date(2026, 1, 31))
    ]


@pytest.mark.parametrize(("wanted", "told"), [(True, "timed_out"), (False, "off")])
async def test_the_trace_tells_what_became_of_the_second_reading(wanted: bool, told: str) -> None:
    graph = DOCUMENT_QUESTIONS.model_copy(
        update={
            "nodes": [
                node.model_copy(update={"settings": {**node.settings, "rerank": wanted}})
                if node.kind == "search_documents"
                else node
                for node in DOCUMENT_QUESTIONS.nodes
            ]
        }
    )
    events = await events_of(graph, retriever=TwinRetriever(reranking="timed_out"))
    search = next(e for e in events if isinstance(e, NodeFinished) and e.kind == "search_documents")
    assert search.detail["reranking"] == told
    assert len(search.output["passages"]["passages"]) == 1


async def test_passages_travel_with_their_ranks_and_scores() -> None:
    events = await events_of(DOCUMENT_QUESTIONS)
    search = next(e for e in events if isinstance(e, NodeFinished) and e.kind == "search_documents")
    passage = search.output["passages"]["passages"][0]
    assert passage["ranks"] == {"keyword": None, "vector": None, "fused": None, "rerank": None}
    assert passage["score"] == 1.0


@pytest.mark.parametrize(
    ("tools", "node", "code"),
    [
        (
            some_tools(retriever=TwinRetriever(error=RetrievalFailed("The vault is gone."))),
            "search",
            "retrieval_failed",
        ),
        (some_tools(model=ScriptedModel([ModelUnavailable("Busy.")])), "sources", "model_unavailable"),
        (some_tools(model=LlamaCppModel(Path("/nowhere/model.gguf"))), "sources", "model_missing"),
        (some_tools(retriever=TwinRetriever(error=ZeroDivisionError("a secret"))), "search", "unexpected"),
        (some_tools(model=ScriptedModel(context_tokens=60)), "sources", "prompt_too_long"),
    ],
    ids=["search", "busy", "missing", "bug", "window"],
)
async def test_a_step_that_fails_is_named_with_what_to_do(tools: service.Tools, node: str, code: str) -> None:
    last = (await events_of(DOCUMENT_QUESTIONS, tools=tools))[-1]
    assert isinstance(last, RunFailedEvent)
    assert (last.node_id, last.code) == (node, code)
    assert "secret" not in last.message
    if code == "model_missing":
        assert "make run" in last.message
        assert "QANAT_LLM_PATH" in last.message


@pytest.mark.parametrize("question", ["", "  \n", "x" * 30_000])
async def test_a_question_that_is_none_is_refused_in_words(question: str) -> None:
    last = (await events_of(asking_the_model(), question))[-1]
    assert isinstance(last, RunFailedEvent)
    assert "question" in last.message


async def test_cancelling_stops_within_a_second_in_mid_sentence() -> None:
    model = ScriptedModel(["word " * 1000], pause_s=0.02)
    cancelled = asyncio.Event()
    kept = []
    async for event in service.run(
        asking_the_model(max_tokens=2000), "Go", some_tools(model), run_id="r", cancelled=cancelled
    ):
        kept.append(event)
        if isinstance(event, AnswerDelta) and not cancelled.is_set():
            cancelled.set()
            asked_at = time.perf_counter()
    assert time.perf_counter() - asked_at < 1
    assert isinstance(kept[-1], RunCancelled)
    written = model.words_written
    await asyncio.sleep(0.1)
    assert model.words_written == written < 1000


async def test_leaving_a_run_stops_the_model() -> None:
    model = ScriptedModel(["word " * 1000], pause_s=0.02)
    events = service.run(asking_the_model(max_tokens=2000), "Go", some_tools(model), run_id="r")
    async for event in events:
        if isinstance(event, AnswerDelta):
            break
    await events.aclose()
    written = model.words_written
    await asyncio.sleep(0.1)
    assert model.words_written == written < 1000


async def test_a_run_cancelled_before_it_began_does_nothing() -> None:
    cancelled = asyncio.Event()
    cancelled.set()
    model = ScriptedModel()
    events = await events_of(asking_the_model(), model=model, cancelled=cancelled)
    assert types(events) == ["run.started", "run.cancelled"]
    assert model.asked == []


async def test_the_real_model_stops_within_a_second_while_it_writes_and_while_it_reads(
    smollm: LlamaCppModel,
) -> None:
    await smollm.warm()
    long = "Bees live in hives and make honey. " * 180
    for graph, question in (
        (asking_the_model("Tell a long story.", max_tokens=900), "Go"),
        (asking_the_model(), long),
    ):
        cancelled = asyncio.Event()
        began = asyncio.get_running_loop().time()
        async for event in service.run(graph, question, some_tools(smollm), run_id="r", cancelled=cancelled):
            asking = isinstance(event, NodeStarted) and event.kind == "ask_model"
            if asking:
                asyncio.get_running_loop().call_later(0.4, cancelled.set)
                began = asyncio.get_running_loop().time() + 0.4
        assert isinstance(event, RunCancelled)
        assert asyncio.get_running_loop().time() - began < 1
        asked = asyncio.get_running_loop().time()
        assert (await events_of(asking_the_model(max_tokens=2), "Hi", model=smollm))[
            -1
        ].type == "run.finished"
        assert asyncio.get_running_loop().time() - asked < 5, "the model was not free again"


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (RunLimits(wall_time_s=0.3), "seconds"),
        (RunLimits(max_tokens=5), "tokens"),
        (RunLimits(max_steps=1), "steps"),
    ],
)
async def test_a_run_ends_at_its_limits_with_words(limits: RunLimits, word: str) -> None:
    model = ScriptedModel(["word " * 1000], pause_s=0.02)
    began = time.perf_counter()
    last = (await events_of(asking_the_model(max_tokens=2000), model=model, limits=limits))[-1]
    assert time.perf_counter() - began < 2
    assert isinstance(last, RunFailedEvent)
    assert last.code == "limit_reached"
    assert word in last.message


async def test_the_model_never_writes_beyond_the_tokens_left() -> None:
    model = ScriptedModel(["word " * 1000])
    graph = asking_the_model(max_tokens=2000)
    last = (await events_of(graph, "Go", model=model, limits=RunLimits(max_tokens=50)))[-1]
    assert isinstance(last, RunFinished)
    assert last.usage.prompt_tokens + last.usage.completion_tokens <= 50


async def test_a_search_that_hangs_is_cut_off() -> None:
    retriever = TwinRetriever(pause_s=60)
    began = time.perf_counter()
    last = (await events_of(DOCUMENT_QUESTIONS, retriever=retriever, limits=RunLimits(wall_time_s=0.2)))[-1]
    assert last.type == "run.failed"
    assert time.perf_counter() - began < 1.5


async def test_many_runs_of_one_graph_do_not_mix() -> None:
    model = ScriptedModel(lambda prompt: f"about {prompt}", pause_s=0.001)
    tools = some_tools(model)
    ended = await asyncio.gather(*(events_of(asking_the_model(), f"q{n}", tools=tools) for n in range(20)))
    answers = [events[-1].answer for events in ended if isinstance(events[-1], RunFinished)]
    assert answers == [f"about q{n}" for n in range(20)]


async def test_the_engines_own_step_limit_never_surfaces() -> None:
    count = 150
    nodes = {f"n{i}": ("if_otherwise", {"condition": "true"}) for i in range(count)}
    edges = [(f"n{i}.then", f"n{i + 1}.value") for i in range(count - 1)]
    graph = a_graph(
        {"start": ("start", {}), **nodes, "answer": ("answer", {})},
        [("start.question", "n0.value"), *edges, (f"n{count - 1}.then", "answer.value")],
    )
    last = (await events_of(graph, "far"))[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == "far"


async def test_a_run_tells_once_what_none_of_its_searches_could_look_at() -> None:
    graph = a_graph(
        {
            "start": ("start", {}),
            "first": ("search_documents", {"vaults": ["bees"]}),
            "second": ("search_documents", {"vaults": ["bees"]}),
            "one": ("answer_with_sources", {}),
            "other": ("answer_with_sources", {}),
            "answer": ("answer", {}),
        },
        [
            ("start.question", "first.question"),
            ("start.question", "second.question"),
            ("start.question", "one.question"),
            ("start.question", "other.question"),
            ("first.passages", "one.passages"),
            ("second.passages", "other.passages"),
            ("one.answer", "answer.value"),
            ("other.answer", "answer.value"),
        ],
    )
    scan = NotReadyDocument("d9", "scan.pdf", "failed", "No text found")
    retriever = TwinRetriever(not_ready=[NotReady("bees", 30, (scan,)), NotReady("wasps", 2)])
    events = await events_of(graph, retriever=retriever)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.not_ready.count == 32
    assert [(each.document, each.reason) for each in last.not_ready.documents] == [
        ("scan.pdf", "No text found")
    ]
    [first, _] = [
        event for event in events if isinstance(event, NodeFinished) and event.kind == "search_documents"
    ]
    assert first.detail["not_ready"] == last.not_ready.model_dump()
