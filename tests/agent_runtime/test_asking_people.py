"""A run that asks a person waits without being there, and goes on with what they say, having done nothing twice."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from agent_runtime import service
from agent_runtime.checkpoints import SealedCheckpoints
from agent_runtime.events import Event, NodeFinished, RunFinished, RunParked, RunResumed
from agent_runtime.graph import Graph, OnError
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.people import PersonSaid
from agent_runtime.tables import metadata
from knowledge_vault.keys.tenants import Sealer
from knowledge_vault.values import TenantId
from tests.databases import database_at

from .making import a_graph, some_tools, types

START, END = ("start", {}), ("answer", {})
LETTER = a_graph(
    {
        "start": START,
        "draft": ("ask_model", {"prompt": "{{text}}"}),
        "check": ("ask_person", {"title": "Send it?", "instructions": "For {{question}}", "wait_hours": 1}),
        "sent": END,
        "refused": ("answer", {"text": "No: {{text}}"}),
        "late": END,
    },
    [
        ("start.question", "draft.text"),
        ("draft.text", "check.value"),
        ("check.approved", "sent.value"),
        ("check.rejected", "refused.value"),
        ("check.timed_out", "late.value"),
    ],
)


@pytest.fixture
async def checkpoints(tmp_path: Path) -> AsyncIterator[SealedCheckpoints]:
    database = database_at(tmp_path / "records.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    yield SealedCheckpoints(database, Sealer(b"s" * 32, TenantId("ada")), tenant_id="ada")
    await database.close()


async def life(
    graph: Graph, question: str, model: ScriptedModel, checkpoints: SealedCheckpoints, **replies: PersonSaid
) -> Sequence[Event]:
    """One stretch of the run; `replies` by node."""
    said = {f"run-1/{node}/1/1": reply for node, reply in replies.items()}
    tools = some_tools(model)
    running = service.run(graph, question, tools, run_id="run-1", checkpoints=checkpoints, replies=said)
    return [event async for event in running]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (PersonSaid("approved", "Dear Ida"), "Dear Ida"),
        (PersonSaid("approved", "Dear Ida, soon"), "Dear Ida, soon"),
        (PersonSaid("rejected", note="too short"), "No: too short"),
        (PersonSaid("timed_out"), "Nobody decided in time."),
    ],
)
async def test_a_run_waits_and_goes_on_the_way_that_the_person_says(
    checkpoints: SealedCheckpoints, said: PersonSaid, answer: str
) -> None:
    model = ScriptedModel(["Dear Ida"])
    first = await life(LETTER, "a letter", model, checkpoints)
    assert isinstance(first[-1], RunParked)
    [asked] = first[-1].asked
    assert (asked.title, asked.instructions, asked.value) == ("Send it?", "For a letter", "Dear Ida")
    assert (asked.whom, asked.timeout_s) == ("owner", 3600)
    again = await life(LETTER, "a letter", model, checkpoints)
    assert isinstance(again[-1], RunParked), "without an answer it waits on"
    assert again[-1].asked == first[-1].asked

    last = await life(LETTER, "a letter", model, checkpoints, check=said)
    assert isinstance(last[0], RunResumed)
    assert [event.node_id for event in last[0].earlier if isinstance(event, NodeFinished)] == [
        "start",
        "draft",
    ]
    assert isinstance(last[-1], RunFinished)
    assert last[-1].answer == answer
    assert last[-1].usage.model_calls == 1, "what had ended before was not asked again"


async def test_steps_beside_the_one_that_waits_end_first(checkpoints: SealedCheckpoints) -> None:
    graph = a_graph(
        {"start": START, "check": ("ask_person", {}), "ask": ("ask_model", {"prompt": "{{text}}"})}
        | {"both": ("set_values", {"values": [{"name": "all", "value": "{{text}} {{second}}"}]})}
        | {"end": END, "no": END},
        [
            ("start.question", "check.value"),
            ("start.question", "ask.text"),
            ("check.approved", "both.value"),
            ("ask.text", "both.second"),
            ("both.values", "end.value"),
            ("check.rejected", "no.value"),
        ],
    )
    model = ScriptedModel(["done"])
    first = await life(graph, "go", model, checkpoints)
    assert "run.parked" in types(first)
    assert [event.node_id for event in first if isinstance(event, NodeFinished)] == ["start", "ask"]
    last = await life(graph, "go", model, checkpoints, check=PersonSaid("approved", "go"))
    assert isinstance(last[-1], RunFinished)
    assert last[-1].usage.model_calls == 1


async def test_each_item_of_a_list_can_be_decided_on_by_itself(checkpoints: SealedCheckpoints) -> None:
    graph = a_graph(
        {
            "start": START,
            "each": ("for_each", {"at_once": 2}),
            "each/check": ("ask_person", {}),
            "end": END,
        },
        [
            ("start.question", "each.list"),
            ("each.item", "check.value"),
            ("check.approved", "each.result"),
            ("check.rejected", "each.result"),
            ("each.text", "end.value"),
        ],
    )
    running = service.run(graph, "one\ntwo\nthree", some_tools(), run_id="run-1", checkpoints=checkpoints)
    parked = [event async for event in running][-1]
    assert isinstance(parked, RunParked)
    assert sorted(asked.value for asked in parked.asked) == ["one", "three", "two"]
    replies = {
        asked.request_id: PersonSaid("approved", asked.value.upper())
        if asked.value != "two"
        else PersonSaid("rejected", note="not this")
        for asked in parked.asked
    }
    running = service.run(
        graph, "one\ntwo\nthree", some_tools(), run_id="run-1", checkpoints=checkpoints, replies=replies
    )
    finished = [event async for event in running][-1]
    assert isinstance(finished, RunFinished)
    assert finished.answer.split() == ["ONE", "not", "this", "THREE"]


async def test_a_plan_for_failing_steps_does_not_take_waiting_for_a_failure(
    checkpoints: SealedCheckpoints,
) -> None:
    nodes = [
        node.model_copy(update={"on_error": OnError(then="default", default="anyway"), "time_limit_s": 1.0})
        if node.id == "check"
        else node
        for node in LETTER.nodes
    ]
    graph = Graph.model_validate(LETTER.model_copy(update={"nodes": nodes}).document())
    events = await life(graph, "a letter", ScriptedModel(["Dear Ida"]), checkpoints)
    assert isinstance(events[-1], RunParked)
