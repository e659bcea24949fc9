"""Each template runs at once on its sample documents, and passes its tests where the packaged model is large enough."""

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio

from agent_runtime import templates
from agent_runtime.starters import Starter
from backend.answer_checks import CHECK, Said, judge
from backend.services import Services
from backend.wiring import VaultEmbedder
from tests.backend.conftest import Person, Register
from tests.backend.steps import events, ready

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHOUT_LARGER_MODEL = [starter for starter in templates.ALL if not starter.needs]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tom(register: Register) -> Person:
    """Somebody who begins with templates."""
    return await register("Tom")


async def begun(person: Person, slug: str) -> dict[str, Any]:
    made = await person.post("/api/agents", json={"name": slug, "template": slug, "with_samples": True})
    assert made.status_code == 201, made.text
    agent: dict[str, Any] = made.json()
    assert agent["problems"] == []
    return agent


async def vaults_ready(person: Person) -> None:
    for vault in (await person.get("/api/vaults")).json():
        documents = await ready(person, vault["id"])
        assert [document["stage"] for document in documents] == ["active"] * len(documents)


async def run_of(person: Person, agent_id: str, question: str) -> dict[str, Any]:
    """How a try of the draft ended."""
    told = await person.post(f"/api/agents/{agent_id}/try", json={"question": question})
    assert told.status_code == 200, told.text
    name, data = [(name, data) for name, data in events(told.text) if name in ENDS][-1]
    return {"ended": name, **json.loads(data)}


ENDS = ("run.finished", "run.failed", "run.parked")


async def test_every_template_says_what_it_is_for_and_comes_with_samples_and_tests(tom: Person) -> None:
    told = (await tom.get("/api/agent-templates")).json()
    assert len(told) == 6
    assert len({each["picture"] for each in told}) == 6
    assert all(each["description"] and each["sample_documents"] for each in told)
    assert sorted(each["name"] for each in told if each["needs"]) == ["contract-fields", "translator"]


@pytest.mark.parametrize("starter", WITHOUT_LARGER_MODEL, ids=lambda starter: starter.slug)
async def test_a_template_passes_its_tests_with_the_packaged_model(
    tom: Person, services: Services, starter: Starter
) -> None:
    agent = await begun(tom, starter.slug)
    await vaults_ready(tom)
    kept = (await tom.get(f"/api/agents/{agent['id']}/tests")).json()["tests"]
    assert len(kept) >= 3, "its test set"
    assert {test["state"] for test in kept} == {"confirmed"}
    for test in kept:
        ended = await run_of(tom, agent["id"], test["question"])
        assert ended["ended"] == "run.finished", ended
        said = Said(ended["answer"], ended["citations"], bool(ended["citations"]))
        for check in test["checks"]:
            outcome = await judge(CHECK.validate_python(check), said, VaultEmbedder(services.vault))
            assert outcome.passed, (test["question"], outcome.told, ended["answer"])


@pytest.mark.parametrize("starter", [s for s in templates.ALL if s.needs], ids=lambda starter: starter.slug)
async def test_a_template_for_larger_models_says_so_and_the_packaged_one_fails_in_words_at_worst(
    tom: Person, starter: Starter
) -> None:
    agent = await begun(tom, starter.slug)
    await vaults_ready(tom)
    [test, *_] = (await tom.get(f"/api/agents/{agent['id']}/tests")).json()["tests"]
    ended = await run_of(tom, agent["id"], test["question"])
    assert ended["ended"] == "run.finished" or ended["code"] == "model_failed", ended
    assert "1.5 billion parameters" in starter.needs


async def test_a_request_waits_for_the_owner_and_ends_as_they_decide(tom: Person) -> None:
    agent = await begun(tom, "policy-check")
    await vaults_ready(tom)
    question = "May I book a hotel for 180 euros a night in a capital city?"
    assert (await run_of(tom, agent["id"], question))["ended"] == "run.parked"
    [waiting] = (await tom.get("/api/inquiries")).json()
    assert "190 euros" in waiting["value"]


async def test_beginning_twice_makes_no_second_vault(tom: Person) -> None:
    await asyncio.gather(begun(tom, "support-desk"))
    before = (await tom.get("/api/vaults")).json()
    await begun(tom, "support-desk")
    assert len((await tom.get("/api/vaults")).json()) == len(before)
