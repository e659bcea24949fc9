"""The whole loop: documents in, agent published, licensed, asked, cited, charged, credited, claimed."""

import asyncio
import json

import pytest

from backend.cli.ask import not_searched
from backend.services import Services
from licensing.proof import verify_proof
from tests.backend.conftest import Person, Register
from tests.backend.steps import RIVER, add, events, licensed, published, question, ready, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE = 10_000


@pytest.fixture(scope="module")
def asked() -> str:
    return "Who built the bridge at Lower Mill?"


async def river_agent(ada: Person, name: str) -> str:
    vault_id = await vault_with(ada, name, RIVER)
    slug, _ = await published(
        ada,
        vault_id,
        name,
        [{"kind": "metered", "price": PRICE}, {"kind": "time", "price": 1_000_000, "duration_s": 3600}],
    )
    return slug


async def test_an_answer_is_cited_charged_proved_settled_and_claimed(
    ada: Person, register: Register, services: Services, asked: str
) -> None:
    slug = await river_agent(ada, "River guide")
    reader = await register("Reader")
    license_ = await licensed(reader, slug, "metered", deposit=5 * PRICE)
    assert license_["budget"]["available"] == 5 * PRICE

    answered = await reader.post("/v1/chat/completions", json=question(slug, asked))
    assert answered.status_code == 200, answered.text
    completion = answered.json()
    assert "Clara Voss" in completion["choices"][0]["message"]["content"]
    [citation, *_] = completion["citations"]
    assert RIVER[citation["start"] : citation["end"]] == citation["quote"]
    assert completion["usage"]["charge"] == PRICE

    [license_] = (await reader.get("/api/licenses")).json()
    assert license_["budget"]["charged"] == PRICE
    assert license_["budget"]["available"] == 4 * PRICE

    proof = (await reader.get(f"/api/proofs/{completion['proof_id']}")).json()
    assert all(statement.holds for statement in verify_proof(proof))
    proof["use"]["charge"] += 1
    assert not all(statement.holds for statement in verify_proof(proof))

    earned = (await ada.get("/api/earnings")).json()
    [receipt] = [receipt for receipt in earned["receipts"] if receipt["slug"] == slug]
    assert receipt["unsettled"] > 0
    settled = await services.licensing.settle()
    assert settled[0].tx_hash
    earned = (await ada.get("/api/earnings")).json()
    [receipt] = [receipt for receipt in earned["receipts"] if receipt["slug"] == slug]
    assert receipt["unsettled"] == 0
    assert receipt["claimable"] == PRICE - PRICE * 250 // 10_000

    before = (await ada.get("/api/wallet")).json()["balance"]
    claimed = await ada.post("/api/earnings/claim", json={"receipt_ids": [receipt["receipt_id"]]})
    assert claimed.status_code == 200, claimed.text
    assert (await ada.get("/api/wallet")).json()["balance"] - before == receipt["claimable"]


async def test_a_time_license_is_asked_freely_and_proved_all_the_same(
    ada: Person, register: Register, asked: str
) -> None:
    slug = await river_agent(ada, "River by the hour")
    reader = await register("Timed")
    await licensed(reader, slug, "time")
    completion = (await reader.post("/v1/chat/completions", json=question(slug, asked))).json()
    assert completion["usage"]["charge"] == 0
    proof = (await reader.get(f"/api/proofs/{completion['proof_id']}")).json()
    assert all(statement.holds for statement in verify_proof(proof))


async def test_an_empty_budget_is_a_402_that_offers_a_way_on(
    ada: Person, register: Register, asked: str
) -> None:
    slug = await river_agent(ada, "River on a budget")
    reader = await register("Short")
    license_ = await licensed(reader, slug, "metered", deposit=PRICE)
    first = await reader.post("/v1/chat/completions", json=question(slug, asked))
    assert first.status_code == 200
    second = await reader.post("/v1/chat/completions", json=question(slug, asked))
    assert second.status_code == 402
    topped = await reader.post(f"/api/licenses/{license_['license_id']}/top-up", json={"amount": 2 * PRICE})
    assert topped.json()["budget"]["available"] == 2 * PRICE
    assert (await reader.post("/v1/chat/completions", json=question(slug, asked))).status_code == 200


async def test_the_same_idempotency_key_gives_the_same_answer_and_one_charge(
    ada: Person, register: Register, asked: str
) -> None:
    slug = await river_agent(ada, "River once")
    reader = await register("Careful")
    await licensed(reader, slug, "metered", deposit=10 * PRICE)
    headers = {"Idempotency-Key": "only-once"}
    replies = await asyncio.gather(
        *(reader.post("/v1/chat/completions", json=question(slug, asked), headers=headers) for _ in range(3))
    )
    late = await reader.post("/v1/chat/completions", json=question(slug, asked), headers=headers)
    assert {reply.status_code for reply in (*replies, late)} == {200}
    assert len({reply.json()["proof_id"] for reply in (*replies, late)}) == 1
    [license_] = (await reader.get("/api/licenses")).json()
    assert license_["budget"]["charged"] == PRICE
    other = await reader.post(
        "/v1/chat/completions", json=question(slug, "Another question?"), headers=headers
    )
    assert other.status_code == 409


async def test_parallel_questions_never_cost_more_than_the_budget(
    ada: Person, register: Register, asked: str
) -> None:
    slug = await river_agent(ada, "River crowd")
    reader = await register("Crowd")
    await licensed(reader, slug, "metered", deposit=3 * PRICE)
    replies = await asyncio.gather(
        *(reader.post("/v1/chat/completions", json=question(slug, asked)) for _ in range(6))
    )
    statuses = sorted(reply.status_code for reply in replies)
    assert statuses == [200, 200, 200, 402, 402, 402]
    [license_] = (await reader.get("/api/licenses")).json()
    assert license_["budget"]["charged"] == 3 * PRICE


async def test_a_chat_streams_keeps_its_messages_and_opens_the_cited_passage(
    ada: Person, register: Register, asked: str
) -> None:
    slug = await river_agent(ada, "River chat")
    reader = await register("Chatty")
    await licensed(reader, slug, "metered", deposit=10 * PRICE)
    chat_id = (await reader.post("/api/chats", json={"slug": slug})).json()["id"]
    response = await reader.post(f"/api/chats/{chat_id}/messages", json={"content": asked})
    told = events(response.text)
    names = [name for name, _ in told]
    assert names[0] == "run.started"
    assert names[-2:] == ["run.finished", "charge"]
    assert "node.finished" not in names, "steps quote the author's vault and are for the author"
    streamed = "".join(json.loads(data)["text"] for name, data in told if name == "answer.delta")
    finished = json.loads(dict(told)["run.finished"])
    assert streamed == finished["answer"]

    chat = (await reader.get(f"/api/chats/{chat_id}")).json()
    assert [message["role"] for message in chat["messages"]] == ["user", "assistant"]
    assert chat["title"] == asked
    answer = chat["messages"][1]
    assert answer["content"] == finished["answer"]
    assert answer["charge"] == PRICE
    citation = answer["citations"][0]
    passage = (await reader.get(f"/api/runs/{answer['run_id']}/citations/{citation['number']}")).json()
    offset = passage["text_start"]
    assert passage["text"][passage["start"] - offset : passage["end"] - offset] == citation["quote"]
    assert passage["document_id"] is None, "the reader may see the passage, not the whole document"


async def test_an_answer_says_which_files_were_not_searched_and_names_them_to_their_owner_alone(
    ada: Person, register: Register, asked: str
) -> None:
    vault_id = await vault_with(ada, "River and scan", RIVER)
    await add(ada, vault_id, [("secret plan.pdf", b"%PDF-1.7 broken")])
    await ready(ada, vault_id)
    slug, _ = await published(
        ada, vault_id, "River and scan", [{"kind": "time", "price": 1, "duration_s": 3600}]
    )
    reader = await register("Outsider")
    await licensed(reader, slug, "time")

    chat_id = (await reader.post("/api/chats", json={"slug": slug})).json()["id"]
    told = await reader.post(f"/api/chats/{chat_id}/messages", json={"content": asked})
    kept = await reader.get(f"/api/chats/{chat_id}")
    answer = kept.json()["messages"][1]
    run = await reader.get(f"/api/runs/{answer['run_id']}")
    only_how_many = {"count": 1, "documents": []}
    assert json.loads(dict(events(told.text))["run.finished"])["not_ready"] == only_how_many
    assert answer["not_ready"] == run.json()["not_ready"] == only_how_many
    assert "secret plan" not in told.text + kept.text + run.text

    completion = (await ada.post("/v1/chat/completions", json=question(slug, asked))).json()
    [missed] = completion["not_ready"]["documents"]
    assert (missed["document"], missed["stage"], missed["vault_id"]) == (
        "secret plan.pdf",
        "failed",
        vault_id,
    )
    assert missed["reason"]
    said = not_searched(completion["not_ready"])
    assert said == f"1 document was not searched: secret plan.pdf (failed: {missed['reason']})."


async def test_trying_a_draft_shows_every_step_and_costs_nothing(ada: Person, asked: str) -> None:
    vault_id = await vault_with(ada, "draft-river", RIVER)
    agent = (await ada.post("/api/agents", json={"name": "Draft", "vaults": [vault_id]})).json()
    response = await ada.post(f"/api/agents/{agent['id']}/try", json={"question": asked})
    told = events(response.text)
    kinds = [json.loads(data)["kind"] for name, data in told if name == "node.finished"]
    assert kinds == ["start", "search_documents", "answer_with_sources", "answer"]
    assert json.loads(dict(told)["charge"]) == {"charge": 0, "proof_id": None}
    run_id = json.loads(dict(told)["run.started"])["run_id"]
    run = (await ada.get(f"/api/runs/{run_id}")).json()
    assert [step["kind"] for step in run["steps"]] == kinds


async def test_an_agent_streams_to_openai_clients(ada: Person, asked: str) -> None:
    slug = await river_agent(ada, "River stream")
    response = await ada.post("/v1/chat/completions", json=question(slug, asked, stream=True))
    lines = [line[6:] for line in response.text.split("\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert "Clara Voss" in text
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["citations"][0]["quote"] in RIVER
    assert chunks[-1]["usage"]["charge"] == 0, "one's own agent is free"
