"""A step that fails does what its builder decided: again, a default value, another branch, or the end of the run."""

from typing import Any

import pytest

from agent_runtime import service, starters
from agent_runtime.errors import ModelMissing, ModelUnavailable, RetrievalFailed
from agent_runtime.events import AnswerDelta, Event, NodeRecovered, NodeRetried, RunFailedEvent, RunFinished
from agent_runtime.graph import Edge, Graph, Node, OnError, read_graph
from agent_runtime.limits import RunLimits
from agent_runtime.models.scripted import ScriptedModel

from .making import TwinRetriever, a_graph, a_socket, asking_the_model, events_of, types

BUSY = ModelUnavailable("Busy.")


def planning(graph: Graph, node_id: str, *, time_limit_s: float | None = None, **plan: Any) -> Graph:
    """The graph with a plan for when this node fails; no pauses, unless it says so."""
    change = {"on_error": OnError(**({"pause_s": 0.0} | plan)), "time_limit_s": time_limit_s}
    nodes = [node.model_copy(update=change) if node.id == node_id else node for node in graph.nodes]
    return graph.model_copy(update={"nodes": nodes})


def with_another_branch(graph: Graph, node_id: str) -> Graph:
    planned = planning(graph, node_id, then="branch")
    other = Node(id="sorry", kind="answer", settings={"text": "Sorry: {{text}}"})
    edge = Edge(id="e-error", source=a_socket(f"{node_id}.error"), target=a_socket("sorry.value"))
    return planned.model_copy(update={"nodes": [*planned.nodes, other], "edges": [*planned.edges, edge]})


def answer_of(events: list[Event]) -> str:
    last = events[-1]
    assert isinstance(last, RunFinished), last
    assert "".join(event.text for event in events if isinstance(event, AnswerDelta)) == last.answer
    return last.answer


async def test_a_step_is_tried_again_and_says_so() -> None:
    model = ScriptedModel([BUSY, BUSY, "Bees sleep."])
    events = await events_of(planning(asking_the_model(), "ask", retries=2), model=model)
    assert answer_of(events) == "Bees sleep."
    retried = [event for event in events if isinstance(event, NodeRetried)]
    assert [(event.node_id, event.attempt, event.code, event.message) for event in retried] == [
        ("ask", 2, "model_unavailable", "Busy."),
        ("ask", 3, "model_unavailable", "Busy."),
    ]
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.usage.steps == 5


async def test_a_step_that_stays_broken_ends_the_run_after_its_tries() -> None:
    model = ScriptedModel([BUSY])
    last = (await events_of(planning(asking_the_model(), "ask", retries=1), model=model))[-1]
    assert isinstance(last, RunFailedEvent)
    assert (last.node_id, last.code, len(model.asked)) == ("ask", "model_unavailable", 2)


async def test_what_repeating_cannot_help_is_not_repeated() -> None:
    model = ScriptedModel([ModelMissing("None here.")])
    events = await events_of(planning(asking_the_model(), "ask", retries=5), model=model)
    assert types(events)[-1] == "run.failed"
    assert len(model.asked) == 1


async def test_each_try_counts_as_a_step_of_the_run() -> None:
    model = ScriptedModel([BUSY])
    graph = planning(asking_the_model(), "ask", retries=5, then="default", default="x")
    last = (await events_of(graph, model=model, limits=RunLimits(max_steps=3)))[-1]
    assert isinstance(last, RunFailedEvent)
    assert (last.code, len(model.asked)) == ("limit_reached", 2)


async def test_a_default_value_stands_in_for_what_a_step_could_not_give() -> None:
    graph = planning(asking_the_model(), "ask", then="default", default="Ask me later.")
    events = await events_of(graph, model=ScriptedModel([BUSY]))
    assert answer_of(events) == "Ask me later."
    [recovered] = [event for event in events if isinstance(event, NodeRecovered)]
    assert (recovered.node_id, recovered.by, recovered.code) == ("ask", "default", "model_unavailable")
    assert types(events).index("node.recovered") < types(events).index("run.finished")


async def test_the_default_of_a_search_is_that_nothing_was_found() -> None:
    graph = planning(starters.DOCUMENT_QUESTIONS.graph(vaults=["bees"]), "search", then="default")
    events = await events_of(graph, retriever=TwinRetriever(error=RetrievalFailed("The vault is gone.")))
    assert answer_of(events) == "The documents say nothing about this."


async def test_another_branch_is_taken_with_what_went_wrong() -> None:
    graph = with_another_branch(asking_the_model(), "ask")
    assert answer_of(await events_of(graph, model=ScriptedModel([BUSY]))) == "Sorry: Busy."
    assert answer_of(await events_of(graph, model=ScriptedModel(["Bees sleep."]))) == "Bees sleep."


async def test_an_unforeseen_error_recovers_too_and_its_words_are_told_to_nobody() -> None:
    graph = with_another_branch(starters.DOCUMENT_QUESTIONS.graph(vaults=["bees"]), "search")
    events = await events_of(graph, retriever=TwinRetriever(error=ZeroDivisionError("a secret")))
    assert answer_of(events).startswith("Sorry: A step broke")
    assert "secret" not in str(events)


class BreaksOff(ScriptedModel):
    """Writes three words and fails, the first time."""

    def __init__(self) -> None:
        super().__init__(["Bees dance and sing."])
        self.times = 0

    async def reply(self, messages: Any, sampling: Any) -> Any:
        self.times += 1
        told = 0
        async for part in super().reply(messages, sampling):
            told += 1
            if self.times == 1 and told > 3:
                raise ModelUnavailable("The line broke.")
            yield part


async def test_words_of_a_try_that_failed_are_never_shown() -> None:
    events = await events_of(planning(asking_the_model(), "ask", retries=1), model=BreaksOff())
    assert answer_of(events) == "Bees dance and sing."


async def test_a_step_is_cut_off_at_its_time_limit() -> None:
    model = ScriptedModel(["word " * 1000], pause_s=0.02)
    graph = planning(asking_the_model(max_tokens=2000), "ask", time_limit_s=0.1)
    last = (await events_of(graph, model=model))[-1]
    assert isinstance(last, RunFailedEvent)
    assert (last.node_id, last.code) == ("ask", "step_timed_out")
    assert "0.1 seconds" in last.message
    assert model.words_written < 50
    late = planning(graph, "ask", time_limit_s=0.1, then="default", default="Too slow.")
    assert answer_of(await events_of(late, model=model)) == "Too slow."


async def test_a_retry_asks_the_model_with_another_seed() -> None:
    asked: list[tuple[int, float]] = []

    class Listening(ScriptedModel):
        def reply(self, messages: Any, sampling: Any) -> Any:
            asked.append((sampling.seed, sampling.temperature))
            return super().reply(messages, sampling)

    await events_of(planning(asking_the_model(), "ask", retries=1), model=Listening([BUSY, "Yes."]))
    assert [seed for seed, _ in asked] == [7, 8]
    assert asked[0][1] == 0.0 < asked[1][1]


def test_a_graph_without_a_plan_keeps_its_address() -> None:
    document = asking_the_model().document()
    assert all("on_error" not in node and "time_limit_s" not in node for node in document["nodes"])
    planned = planning(asking_the_model(), "ask", retries=1, time_limit_s=5)
    assert read_graph(planned.document()) == planned
    assert planned.digest() != asking_the_model().digest()


@pytest.mark.parametrize(
    ("node", "plan", "code"),
    [
        ("start", {"retries": 1}, "on_error_unfit"),
        ("answer", {"then": "default", "default": "x"}, "on_error_unfit"),
        ("found", {"then": "default", "default": "x"}, "on_error_unfit"),
        ("sources", {"then": "branch"}, "on_error_unconnected"),
    ],
)
def test_a_plan_that_cannot_work_is_told(node: str, plan: dict[str, Any], code: str) -> None:
    graph = planning(starters.ANSWER_OR_HAND_OVER.graph(vaults=["v"]), node, **plan)
    assert [(problem.node_id, problem.code) for problem in service.check(graph)] == [(node, code)]


def test_an_edge_from_a_branch_that_is_not_wanted_is_told() -> None:
    graph = a_graph(
        {"start": ("start", {}), "ask": ("ask_model", {}), "answer": ("answer", {})},
        [("start.question", "ask.text"), ("ask.error", "answer.value")],
    )
    assert [problem.code for problem in service.check(graph)] == ["socket_unknown"]
