"""Any run of one's own agent can be opened, changed at a step and run again from there."""

import json
from typing import Any

import pytest
import pytest_asyncio

from backend.services import Services
from tests.backend.conftest import Person
from tests.backend.steps import RIVER, events, licensed, published, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED = "Who built the bridge at Lower Mill?"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def vault_id(ada: Person) -> str:
    return await vault_with(ada, "travelled", RIVER)


async def a_run(person: Person, vault_id: str, name: str) -> tuple[str, str]:
    """A draft tried once: `(agent's path, run's path)`."""
    agent = (await person.post("/api/agents", json={"name": name, "vaults": [vault_id]})).json()
    path = f"/api/agents/{agent['id']}"
    told = await person.post(f"{path}/try", json={"question": ASKED})
    return path, f"/api/runs/{json.loads(dict(events(told.text))['run.started'])['run_id']}"


def node_of(trace: dict[str, Any], kind: str) -> str:
    [node] = [node["id"] for node in trace["graph"]["nodes"] if node["kind"] == kind]
    return str(node)


def step_of(trace: dict[str, Any], node_id: str) -> dict[str, Any]:
    [step] = [step for step in trace["steps"] if step["node_id"] == node_id]
    return dict(step)


async def repeated(person: Person, run: str, **change: Any) -> tuple[dict[str, Any], list[str]]:
    """The trace of the run again, and which nodes were run for it."""
    response = await person.post(f"{run}/repeat", json=change)
    assert response.status_code == 200, response.text
    told = events(response.text)
    ran = [json.loads(data)["node_id"] for name, data in told if name == "node.started"]
    run_id = json.loads(dict(told)["run.started"])["run_id"]
    return (await person.get(f"/api/runs/{run_id}/trace")).json(), ran


async def test_a_run_is_opened_step_by_step_with_inputs_outputs_ranks_and_prompt(
    ada: Person, vault_id: str
) -> None:
    _, run = await a_run(ada, vault_id, "Opened")
    trace = (await ada.get(f"{run}/trace")).json()
    search, answering = (
        step_of(trace, node_of(trace, kind)) for kind in ("search_documents", "answer_with_sources")
    )
    [question] = [each["value"] for each in search["inputs"] if each["name"] == "question"]
    assert question["text"] == ASKED
    passages = search["output"]["passages"]["passages"]
    assert passages[0]["ranks"]["fused"] == 1
    assert {each["name"] for each in answering["inputs"]} == {"question", "passages"}
    assert answering["prompt"][-1]["content"].endswith(ASKED)
    assert answering["models"][0]["prompt_tokens"] > 0
    assert all(step["took_ms"] is not None and step["state"] == "done" for step in trace["steps"])


async def test_steps_before_the_changed_one_are_not_executed_again(ada: Person, vault_id: str) -> None:
    _, run = await a_run(ada, vault_id, "Again")
    trace = (await ada.get(f"{run}/trace")).json()
    answering = node_of(trace, "answer_with_sources")
    again, ran = await repeated(ada, run, node_id=answering, settings={"style": "quote"})
    assert ran[0] == answering
    assert node_of(trace, "search_documents") not in ran
    assert "start" not in {step["kind"] for step in again["steps"] if step["state"] == "done"}
    assert step_of(again, answering)["detail"]["outcome"] == "quoted"
    assert again["again"] == {"run_id": trace["id"], "node_id": answering, "only": False}
    assert step_of(again, node_of(trace, "search_documents"))["state"] == "reused"
    assert again["answer"].startswith("“"), "its words are quoted now"
    assert (await ada.get(f"{run}/trace")).json() == trace, "the first run stays as it was"


async def test_a_value_is_changed_and_a_run_of_a_run_goes_on_from_there(ada: Person, vault_id: str) -> None:
    _, run = await a_run(ada, vault_id, "Edited")
    trace = (await ada.get(f"{run}/trace")).json()
    search = node_of(trace, "search_documents")
    nothing = {"passages": {"type": "passages", "passages": []}}
    again, ran = await repeated(ada, run, node_id=search, outputs=nothing)
    assert search not in ran
    assert again["citations"] == []
    assert step_of(again, search)["edited"]

    start = node_of(trace, "start")
    other = {"question": {"type": "text", "text": "How long is the river Talm?"}}
    third, ran = await repeated(ada, f"/api/runs/{again['id']}", node_id=start, outputs=other)
    assert search in ran, "what follows from the question is run"
    assert third["question"] == "How long is the river Talm?"
    assert "214" in third["answer"]


async def test_a_change_that_cannot_be_used_is_refused_in_words(ada: Person, vault_id: str) -> None:
    _, run = await a_run(ada, vault_id, "Refused")
    trace = (await ada.get(f"{run}/trace")).json()
    search = node_of(trace, "search_documents")
    for change in (
        {"node_id": "no-such-step"},
        {"node_id": search, "settings": {"limit": 0}},
        {"node_id": search, "outputs": {"passages": {"type": "text", "text": "no passages"}}},
        {"node_id": search, "outputs": {"elsewhere": {"type": "text", "text": "x"}}},
        {"node_id": search, "outputs": {"passages": {"type": "passages", "passages": [{"text": 3}]}}},
    ):
        refused = await ada.post(f"{run}/repeat", json=change)
        assert refused.status_code == 422, refused.text
        assert refused.json()["detail"]


async def test_a_single_step_is_run_with_what_it_took_in_last_and_shows_its_last_result(
    ada: Person, vault_id: str
) -> None:
    path, run = await a_run(ada, vault_id, "Alone")
    before = (await ada.get(f"{path}/last-results")).json()
    trace = (await ada.get(f"{run}/trace")).json()
    answering = node_of(trace, "answer_with_sources")
    assert before[answering]["output"]["answer"]["text"] == trace["answer"]

    agent = (await ada.get(path)).json()
    for node in agent["graph"]["nodes"]:
        if node["id"] == answering:
            node["settings"]["style"] = "quote"
    await ada.put(f"{path}/draft", json={"graph": agent["graph"], "base_revision": agent["revision"]})
    alone, ran = await repeated(
        ada, f"/api/runs/{before[answering]['run_id']}", node_id=answering, from_draft=True, only=True
    )
    assert ran == [answering]
    assert step_of(alone, answering)["detail"]["outcome"] == "quoted", "with the settings of the draft"
    after = (await ada.get(f"{path}/last-results")).json()
    assert after[answering]["run_id"] == alone["id"]


async def test_the_steps_of_a_charged_run_of_ones_own_agent_are_kept_with_its_charge(
    ada: Person, ben: Person, vault_id: str
) -> None:
    slug, _ = await published(ada, vault_id, "Charged", [{"kind": "metered", "price": 1000}])
    [agent] = [each for each in (await ada.get("/api/agents")).json() if each["slug"] == slug]
    asked, charges = [], []
    for person in (ada, ben):
        await licensed(person, slug, "metered", deposit=10_000)
        chat = (await person.post("/api/chats", json={"slug": slug})).json()["id"]
        told = await person.post(f"/api/chats/{chat}/messages", json={"content": ASKED})
        asked.append(json.loads(dict(events(told.text))["run.started"])["run_id"])
        charges.append(json.loads(dict(events(told.text))["charge"])["charge"])
    own, others = asked
    [listed] = (await ada.get(f"/api/agents/{agent['id']}/runs")).json()
    assert (listed["id"], listed["charge"], listed["question"]) == (own, charges[0], ASKED), "Ben's is Ben's"
    trace = (await ada.get(f"/api/runs/{own}/trace")).json()
    again, _ = await repeated(ada, f"/api/runs/{own}", node_id=node_of(trace, "answer_with_sources"))
    assert (trace["charge"], again["charge"]) == (charges[0], 0), "running it again is free"
    for person in (ada, ben):
        assert (await person.get(f"/api/runs/{others}/trace")).status_code == 404


async def test_a_failed_run_says_at_which_step_it_failed_and_goes_on_from_there(
    ada: Person, vault_id: str, services: Services
) -> None:
    path, run = await a_run(ada, vault_id, "Mended")
    agent = (await ada.get(path)).json()
    graph = agent["graph"]
    [search] = [node for node in graph["nodes"] if node["kind"] == "search_documents"]
    working = list(search["settings"]["vaults"])
    search["settings"]["vaults"] = ["gone"]
    await ada.put(f"{path}/draft", json={"graph": graph, "base_revision": agent["revision"]})
    told = events((await ada.post(f"{path}/try", json={"question": ASKED})).text)
    assert json.loads(dict(told)["run.failed"])["node_id"] == search["id"]
    run = f"/api/runs/{json.loads(dict(told)['run.started'])['run_id']}"
    trace = (await ada.get(f"{run}/trace")).json()
    assert step_of(trace, search["id"])["state"] == "failed"
    mended, ran = await repeated(ada, run, node_id=search["id"], settings={"vaults": working})
    assert mended["state"] == "finished"
    assert "Clara Voss" in mended["answer"]
    assert node_of(trace, "start") not in ran
