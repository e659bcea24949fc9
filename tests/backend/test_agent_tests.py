"""Tests of an agent: written, drafted, grown from runs, run, and the gate before publishing."""

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio

from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.questioning import GAP, draft
from backend.answer_checks import CHECK, Said, judge
from backend.cli.evaluate import confirmed_tests, scored_answers
from backend.evaluation import Question, summary
from tests.agent_runtime.making import TwinEmbedder
from tests.backend.conftest import Person
from tests.backend.steps import RIVER, events, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

TERMS = [{"kind": "metered", "price": 1000}]
BRIDGE = {
    "question": "Who built the bridge at Lower Mill?",
    "checks": [{"kind": "contains", "texts": ["Clara Voss"]}],
}
LENGTH = {"question": "How long is the river Talm?", "checks": [{"kind": "contains", "texts": ["214"]}]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def vault_id(ada: Person) -> str:
    return await vault_with(ada, "tested", RIVER)


async def an_agent(person: Person, vault_id: str, name: str) -> str:
    """One that quotes, so that no test waits for the model to write."""
    agent = (await person.post("/api/agents", json={"name": name, "vaults": [vault_id]})).json()
    path = f"/api/agents/{agent['id']}"
    await change_style(person, path, style="quote")
    return path


async def done(person: Person, path: str) -> dict[str, Any]:
    """Wait until the work on an agent's tests has ended."""
    async with asyncio.timeout(120):
        while True:
            progress = (await person.get(f"{path}/tests")).json()["progress"]
            if progress["state"] != "working":
                return dict(progress)
            await asyncio.sleep(0.05)


async def ran(person: Person, path: str, **how: Any) -> dict[str, Any]:
    started = await person.post(f"{path}/tests/run", json=how)
    assert started.status_code == 202, started.text
    return await done(person, path)


async def change_style(person: Person, path: str, **settings: Any) -> None:
    agent = (await person.get(path)).json()
    for node in agent["graph"]["nodes"]:
        node["position"] = {"x": node["position"]["x"] + 10, "y": 0}
        if node["kind"] == "answer_with_sources":
            node["settings"].update(settings)
    body = {"graph": agent["graph"], "base_revision": agent["revision"]}
    assert (await person.put(f"{path}/draft", json=body)).status_code == 200


async def test_publishing_is_refused_below_what_the_owner_asks_for_and_says_what_differs_from_the_live_version(
    ada: Person, vault_id: str
) -> None:
    path = await an_agent(ada, vault_id, "Gated")
    for test in (BRIDGE, LENGTH):
        assert (await ada.post(f"{path}/tests", json=test)).status_code == 201
    assert (await ada.put(f"{path}/tests-gate", json={"percent": 100})).status_code == 204
    untested = await ada.post(f"{path}/publish", json={"terms": TERMS})
    assert untested.status_code == 409
    assert "2 of its 2 tests were not run" in untested.json()["detail"]

    progress = await ran(ada, path)
    assert (progress["state"], progress["done"], progress["passed"]) == ("done", 2, 2)
    assert (await ada.post(f"{path}/publish", json={"terms": TERMS})).status_code == 201

    await change_style(ada, path)
    report = (await ada.get(f"{path}/tests/report")).json()
    assert report["refusal"] is None, "steps that only stand elsewhere need no new tests"

    search = "search_documents"
    agent = (await ada.get(path)).json()
    for node in agent["graph"]["nodes"]:
        if node["kind"] == search:
            node["settings"]["documents"] = "another.txt"
    await ada.put(f"{path}/draft", json={"graph": agent["graph"], "base_revision": agent["revision"]})
    assert "not run since" in (await ada.get(f"{path}/tests/report")).json()["refusal"]
    assert (await ran(ada, path))["passed"] == 0
    report = (await ada.get(f"{path}/tests/report")).json()
    assert [line["change"] for line in report["lines"]] == ["worse", "worse"]
    assert report["lines"][0]["against"]["passed"]
    assert "Clara Voss" in report["lines"][0]["result"]["outcomes"][0]["told"], "it says what is missing"
    worse = await ada.post(f"{path}/publish", json={"terms": TERMS})
    assert worse.status_code == 409
    assert "0 of its 2 tests pass, and you ask for 100 %" in worse.json()["detail"]
    assert len((await ada.get(f"{path}/versions")).json()) == 1

    assert (await ada.put(f"{path}/tests-gate", json={"percent": None})).status_code == 204
    assert (await ada.post(f"{path}/publish", json={"terms": TERMS})).status_code == 201


async def test_tests_stop_when_asked_to_and_keep_what_they_found(ada: Person, vault_id: str) -> None:
    path = await an_agent(ada, vault_id, "Stopped")
    for number in range(30):
        test = {**BRIDGE, "question": f"{BRIDGE['question']} ({number})"}
        await ada.post(f"{path}/tests", json=test)
    assert (await ada.post(f"{path}/tests/run", json={})).status_code == 202
    assert (await ada.post(f"{path}/tests/run", json={})).status_code == 409, "once at a time"
    while (await ada.get(f"{path}/tests")).json()["progress"]["done"] < 1:
        await asyncio.sleep(0.02)
    assert (await ada.post(f"{path}/tests/stop")).status_code == 202
    progress = await done(ada, path)
    assert progress["state"] == "stopped"
    assert 1 <= progress["done"] < 30
    assert (await ada.get(f"{path}/tests/report")).json()["ran"] == progress["done"]


async def test_a_run_becomes_a_test_that_its_own_answer_passes(ada: Person, vault_id: str) -> None:
    path = await an_agent(ada, vault_id, "Grown")
    told = await ada.post(f"{path}/try", json={"question": BRIDGE["question"]})
    run_id = json.loads(dict(events(told.text))["run.started"])["run_id"]
    grown = (await ada.post(f"{path}/tests/from-run", json={"run_id": run_id})).json()
    assert (grown["question"], grown["state"]) == (BRIDGE["question"], "draft")
    assert grown["checks"][0]["kind"] == "cites"
    assert (await ran(ada, path))["total"] == 0, "drafts are not run"
    confirmed = await ada.put(
        f"{path}/tests/{grown['id']}", json={"question": grown["question"], "checks": grown["checks"]}
    )
    assert confirmed.json()["state"] == "confirmed"
    assert (await ran(ada, path))["passed"] == 1
    changed = {"question": grown["question"], "checks": [{"kind": "declines"}]}
    await ada.put(f"{path}/tests/{grown['id']}", json=changed)
    assert (await ada.get(f"{path}/tests/report")).json()["ran"] == 0, "of another test nothing is known"
    assert (await ada.delete(f"{path}/tests/{grown['id']}")).status_code == 204
    assert (await ada.get(f"{path}/tests")).json()["tests"] == []


async def test_tests_are_drafted_from_the_documents_for_their_owner_to_confirm(
    ada: Person, vault_id: str
) -> None:
    path = await an_agent(ada, vault_id, "Drafted")
    started = await ada.post(f"{path}/tests/draft", json={"count": 1})
    assert started.status_code == 202, started.text
    progress = await done(ada, path)
    assert progress["state"] == "done", progress
    [drafted] = (await ada.get(f"{path}/tests")).json()["tests"]
    assert drafted["state"] == "draft"
    assert drafted["origin"]["document"] == "tested.txt"
    assert " ".join(drafted["origin"]["rests_on"].split()) in " ".join(RIVER.split())
    assert drafted["checks"], "with what a right answer is like"
    if drafted["origin"]["by"] == "gap":
        assert "no question that the document answers" in progress["told"], "a poor model is said to be one"
    nothing = (await ada.post("/api/agents", json={"name": "Searches nothing"})).json()
    refused = await ada.post(f"/api/agents/{nothing['id']}/tests/draft", json={"count": 1})
    assert refused.status_code == 422


PASSAGE = "The bridge at Lower Mill was built in 1887 by the engineer Clara Voss. It is open."


async def test_a_models_question_is_taken_only_where_the_passage_answers_it() -> None:
    good = await draft(PASSAGE, ScriptedModel(["When was the bridge at Lower Mill built?"]))
    assert good is not None
    assert (good.by, good.expected) == ("model", ("1887",))
    assert good.rests_on in PASSAGE
    for poor in (
        "Yes.",
        "What do you think about the weather in London today?",
        "Is it?",
        "The bridge is old.",
    ):
        drafted = await draft(PASSAGE, ScriptedModel([poor]))
        assert drafted is not None
        assert (drafted.by, drafted.question.count(GAP)) == ("gap", 1)
        assert drafted.question.replace(GAP, drafted.expected[0]) == drafted.rests_on
    assert await draft("It is open. They were glad about it.", ScriptedModel(["Who is glad?"])) is None


SAID = Said(
    answer="The bridge was built in 1887. [1]",
    citations=[{"document": "bridges.txt", "quote": "The bridge at Lower Mill was built in 1887"}],
)
NOTHING = Said(answer="The documents say nothing about this.", citations=[], found=False)
JSON = Said(answer='{"year": 1887}', citations=[])
FORM = '{"type": "object", "properties": {"year": {"type": "integer"}}}'


@pytest.mark.parametrize(
    ("check", "said", "passes"),
    [
        ({"kind": "contains", "texts": ["The Bridge", "1887"]}, SAID, True),
        ({"kind": "contains", "texts": ["1887", "Clara"]}, SAID, False),
        ({"kind": "contains", "texts": ["1887", "Clara"], "which": "any"}, SAID, True),
        ({"kind": "contains", "texts": ["88"]}, SAID, False),
        ({"kind": "means", "text": "The bridge was built in 1887", "likeness": 0.7}, SAID, True),
        ({"kind": "means", "text": "Bees dance in circles", "likeness": 0.7}, SAID, False),
        ({"kind": "cites"}, SAID, True),
        ({"kind": "cites", "document": "bridges.txt", "quote": "was built in 1887"}, SAID, True),
        ({"kind": "cites", "document": "rivers.txt"}, SAID, False),
        ({"kind": "cites", "document": "bridges.txt", "quote": "was sold in 1887"}, SAID, False),
        ({"kind": "cites"}, NOTHING, False),
        ({"kind": "declines"}, NOTHING, True),
        ({"kind": "declines"}, SAID, False),
        ({"kind": "declines"}, JSON, False),
        ({"kind": "json", "form": FORM}, JSON, True),
        ({"kind": "json", "form": FORM}, SAID, False),
    ],
)
async def test_each_check_tells_right_answers_from_wrong_ones(check: Any, said: Said, passes: bool) -> None:
    outcome = await judge(CHECK.validate_python(check), said, TwinEmbedder())
    assert outcome.passed == passes
    assert outcome.told


async def test_the_command_line_asks_the_agents_own_tests_and_judges_them_the_same(
    ada: Person, vault_id: str
) -> None:
    path = await an_agent(ada, vault_id, "By command")
    for test in (BRIDGE, {**BRIDGE, "checks": [{"kind": "declines"}]}):
        await ada.post(f"{path}/tests", json=test)
    await ada.post(f"{path}/tests", json={"question": "A draft?", "state": "draft"})
    assert (await ada.post(f"{path}/publish", json={"terms": TERMS})).status_code == 201
    scores = await scored_answers(ada, "by-command", await confirmed_tests(ada, "by-command"))
    assert [scored.right for scored in scores] == [True, False]
    assert "It answers" in scores[1].told[0]
    assert summary(scores)["metrics"]["tests_passed"] == 0.5
    nothing = Question.of({"question": "What does the Talm taste of?", "checks": [{"kind": "declines"}]})
    [declined] = await scored_answers(ada, "by-command", [nothing])
    assert declined.right


async def test_an_answer_is_judged_by_itself(ada: Person, vault_id: str) -> None:
    path = await an_agent(ada, vault_id, "Judged")
    await ada.post(f"{path}/tests", json=BRIDGE)
    [test] = (await ada.get(f"{path}/tests")).json()["tests"]
    body = {"answer": "Clara Voss did.", "citations": [], "checks": test["checks"]}
    assert [each["passed"] for each in (await ada.post("/api/answer-checks", json=body)).json()] == [True]
    body["answer"] = "Nobody knows."
    [outcome] = (await ada.post("/api/answer-checks", json=body)).json()
    assert not outcome["passed"]
    assert "Clara Voss" in outcome["told"]


@pytest.mark.parametrize(
    "body",
    [
        {"question": " ", "checks": []},
        {"question": "What?", "checks": []},
        {"question": "What?", "checks": [{"kind": "contains", "texts": []}]},
        {"question": "What?", "checks": [{"kind": "contains", "texts": ["..."]}]},
        {"question": "What?", "checks": [{"kind": "json", "form": "{"}]},
        {"question": "What?", "checks": [{"kind": "unheard of"}]},
    ],
)
async def test_a_test_that_cannot_tell_anything_is_refused(ada: Person, vault_id: str, body: Any) -> None:
    path = await an_agent(ada, vault_id, "Refused tests")
    assert (await ada.post(f"{path}/tests", json=body)).status_code == 422
