"""Several people use one model: they take turns, see how many are before them, and learn nothing of each other."""

import asyncio
from contextlib import aclosing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_runtime.errors import ModelMissing, ModelUnavailable
from agent_runtime.events import NodeFinished, RunFailedEvent, RunFinished, RunWaiting
from agent_runtime.limits import RunLimits
from agent_runtime.models.line import FairLine, Turn
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.models.shared import ModelInLine
from agent_runtime.ports import ChatMessage, ChatModel, ReplyEnd, Sampling, TextDelta, Tools
from agent_runtime.service import check

from .making import (
    TwinEmbedder,
    TwinRetriever,
    a_graph,
    a_passage,
    asking_the_model,
    events_of,
    some_tools,
    types,
)

LONG = "The hives are opened in April. " * 40


def served(turns: list[Turn]) -> list[int]:
    return [place for place, turn in enumerate(turns) if turn.is_served]


# --- taking turns -----------------------------------------------------------------------------------


def test_one_persons_ten_questions_keep_anothers_waiting_for_one_of_them_only() -> None:
    line = FairLine()
    greedy = [line.join("greedy") for _ in range(10)]
    modest = line.join("modest")
    assert served(greedy) == [0]
    assert modest.ahead == 1, "the reply that is being written"
    greedy[0].leave()
    assert modest.is_served
    modest.leave()
    assert served(greedy) == [0, 1]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20))
def test_nobody_is_served_twice_while_another_waits_who_was_not(people: list[str]) -> None:
    line = FairLine()
    turns = [line.join(person) for person in people]
    order: list[Turn] = []
    while any(not turn.is_served for turn in turns) or turns:
        [now] = [turn for turn in turns if turn.is_served]
        waiting = {turn.person for turn in turns} - {now.person}
        since = {person: [turn.person for turn in reversed(order)] for person in waiting}
        for person in waiting:
            asked = since[person][: since[person].index(person)] if person in since[person] else since[person]
            assert asked.count(now.person) <= 1
        order.append(now)
        turns.remove(now)
        now.leave()
    assert len(order) == len(people)
    assert line.is_idle


@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=12), st.integers(1, 3))
def test_the_number_told_is_the_number_served_before(people: list[str], at_once: int) -> None:
    line = FairLine(at_once=at_once)
    turns = [line.join(person) for person in people]
    told = [turn.ahead for turn in turns]
    begun = [turn for turn in turns if turn.is_served]
    for number in range(len(people)):
        begun[number].leave()
        begun += [turn for turn in turns if turn.is_served and turn not in begun]
    assert [told[turns.index(turn)] for turn in begun[at_once:]] == list(range(at_once, len(people)))


def test_a_flood_of_one_person_turns_nobody_else_away() -> None:
    line = FairLine(most=4, most_each=2)
    for _ in range(3):  # one is served, two wait
        line.join("flood")
    with pytest.raises(ModelUnavailable, match="your questions"):
        line.join("flood")
    for person in "ab":
        line.join(person)
    with pytest.raises(ModelUnavailable, match="others wait"):
        line.join("c")


def test_whoever_gives_up_leaves_no_gap() -> None:
    line = FairLine()
    first, second, third = (line.join(person) for person in "abc")
    second.leave()
    second.leave()
    assert third.ahead == 1
    first.leave()
    assert third.is_served


async def test_a_run_tells_how_many_are_before_it_and_can_be_stopped_while_it_waits() -> None:
    line, model = FairLine(), ScriptedModel(["One. Two. Three."])
    others = [line.join("ada") for _ in range(2)]
    stop = asyncio.Event()
    tools = some_tools(ModelInLine(model, line, "ben", "ben/a"))

    waiting = asyncio.create_task(events_of(asking_the_model(), tools=tools))
    stopped = asyncio.create_task(events_of(asking_the_model(), tools=tools, cancelled=stop))
    while line.waiting < 3:
        await asyncio.sleep(0)
    stop.set()
    assert types(await stopped)[-1] == "run.cancelled"
    for other in others:
        other.leave()
        await asyncio.sleep(0.01)
    events = await waiting
    assert [event.ahead for event in events if isinstance(event, RunWaiting)][-2:] == [1, 0]
    assert isinstance(events[-1], RunFinished)
    assert line.is_idle
    assert len(model.asked) == 1, "the run that was stopped asked nothing"


async def test_waiting_for_others_uses_up_none_of_a_runs_own_time() -> None:
    line = FairLine()
    other = line.join("ada")
    tools = some_tools(ModelInLine(ScriptedModel(["Yes."]), line, "ben", ""))
    limits = RunLimits(wall_time_s=0.4)
    waiting = asyncio.create_task(events_of(asking_the_model(), tools=tools, limits=limits))
    await asyncio.sleep(0.6)
    other.leave()
    assert isinstance((await waiting)[-1], RunFinished)
    slow = some_tools(ModelInLine(ScriptedModel(["Yes. No."], pause_s=0.5), line, "ben", ""))
    last = (await events_of(asking_the_model(), tools=slow, limits=limits))[-1]
    assert isinstance(last, RunFailedEvent)
    assert last.code == "limit_reached"


# --- what is kept of a prompt -----------------------------------------------------------------------


async def reply(model: ChatModel, question: str, scope: str) -> tuple[str, ReplyEnd]:
    messages = [ChatMessage("system", LONG), ChatMessage("user", question)]
    parts = [part async for part in model.reply(messages, Sampling(max_tokens=4, prefix_scope=scope))]
    assert isinstance(parts[-1], ReplyEnd)
    return "".join(part.text for part in parts if isinstance(part, TextDelta)), parts[-1]


async def test_a_beginning_that_was_read_is_not_read_again_by_the_same_asker(smollm: LlamaCppModel) -> None:
    afresh, first = await reply(smollm, "When?", "")
    assert first.reused_tokens == 0
    assert (await reply(smollm, "Who?", "ada/bees"))[1].reused_tokens == 0
    again, second = await reply(smollm, "When?", "ada/bees")
    assert second.reused_tokens > 250
    assert second.prompt_tokens == first.prompt_tokens
    assert again == afresh


async def test_nothing_is_reused_between_people_nor_between_agents(smollm: LlamaCppModel) -> None:
    await reply(smollm, "When?", "ada/bees")
    for scope in ("ben/bees", "ada/wasps", ""):
        assert (await reply(smollm, "When?", scope))[1].reused_tokens == 0
        assert (await reply(smollm, "When?", "ada/bees"))[1].reused_tokens == 0


async def test_after_a_reply_that_was_left_the_next_is_right(smollm: LlamaCppModel) -> None:
    expected, _ = await reply(smollm, "When?", "")
    messages = [ChatMessage("system", LONG), ChatMessage("user", "Count.")]
    async with aclosing(smollm.reply(messages, Sampling(max_tokens=200, prefix_scope="ada/bees"))) as parts:
        async for _ in parts:
            break
    assert (await reply(smollm, "When?", "ada/bees"))[0] == expected


async def test_a_model_gives_its_memory_back_and_is_loaded_again_when_asked(smollm: LlamaCppModel) -> None:
    await reply(smollm, "When?", "")
    await asyncio.to_thread(smollm.unload)
    assert not smollm.is_loaded
    assert (await reply(smollm, "When?", ""))[1].completion_tokens > 0
    assert smollm.is_loaded


# --- choosing a model -------------------------------------------------------------------------------


class TwoModels:
    def __init__(self, **models: ChatModel) -> None:
        self._models = models

    async def find(self, name: str) -> ChatModel:
        with suppress(KeyError):
            return self._models[name]
        raise ModelMissing(f"There is no model {name!r} here.")


async def test_each_step_asks_the_model_that_its_builder_chose() -> None:
    small, large = ScriptedModel(["small"]), ScriptedModel(["large"])
    tools = Tools(retriever=TwinRetriever(), model=small, models=TwoModels(large=large))
    both = a_graph(
        {
            "start": ("start", {}),
            "first": ("ask_model", {"prompt": "{{text}}", "model": "large"}),
            "second": ("ask_model", {"prompt": "{{text}}"}),
            "answer": ("answer", {}),
        },
        [("start.question", "first.text"), ("first.text", "second.text"), ("second.text", "answer.value")],
    )
    last = (await events_of(both, tools=tools))[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == "small"
    assert small.asked[0][-1].content == "large"
    gone = (await events_of(asking_the_model(model="lost"), tools=tools))[-1]
    assert isinstance(gone, RunFailedEvent)
    assert (gone.code, gone.node_id) == ("model_missing", "ask")


def test_a_model_that_the_server_does_not_have_is_told_before_a_run() -> None:
    graph = asking_the_model(model="lost")
    assert check(graph, models=["lost"]) == check(graph) == []
    [problem] = check(graph, models=["large"])
    assert (problem.code, problem.node_id) == ("model_unknown", "ask")
    [invalid] = check(asking_the_model(model="../etc"), models=None)
    assert invalid.code == "setting_invalid"


# --- what does not fit ------------------------------------------------------------------------------


async def test_passages_that_do_not_fit_are_named_in_the_step_and_in_the_answer() -> None:
    passages = [a_passage(f"Fact {n}. " + "word " * 60, number=n, document=f"doc{n}.md") for n in range(1, 5)]
    tools = Tools(
        retriever=TwinRetriever(passages),
        model=ScriptedModel(["Yes."], context_tokens=250),
        embedder=TwinEmbedder(),
    )
    graph = a_graph(
        {
            "start": ("start", {}),
            "search": ("search_documents", {"vaults": ["bees"]}),
            "ask": ("ask_model", {"prompt": "{{passages}}\n{{question}}", "max_tokens": 40}),
            "fields": ("pull_out_fields", {"fields": [{"name": "fact"}], "max_tokens": 40}),
            "answer": ("answer", {}),
        },
        [
            ("start.question", "search.question"),
            ("start.question", "ask.text"),
            ("search.passages", "ask.passages"),
            ("search.passages", "fields.text"),
            ("ask.text", "answer.value"),
        ],
    )
    events = await events_of(graph, tools=tools)
    [asked] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "ask"]
    assert [each["document"] for each in asked.detail["left_out"]] == ["doc3.md", "doc4.md"]
    last = events[-1]
    assert isinstance(last, RunFailedEvent), "“Yes.” is no JSON"
    answered = graph.model_copy(
        update={
            "nodes": [node for node in graph.nodes if node.id != "fields"],
            "edges": [edge for edge in graph.edges if edge.target.node != "fields"],
        }
    )
    last = (await events_of(answered, tools=tools))[-1]
    assert isinstance(last, RunFinished)
    assert last.left_out.count == 2
    assert [each.document for each in last.left_out.passages] == ["doc3.md", "doc4.md"]
