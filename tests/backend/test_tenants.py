"""What belongs to one person does not exist for another: every route with an id is tried."""

import json
import re

import pytest
from fastapi import FastAPI

from backend.services import Services
from tests.agent_runtime.making import a_graph
from tests.backend.conftest import Person
from tests.backend.steps import RIVER, licensed, published, question, ready, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

BODIES = {
    "change_vault": {"name": "mine now"},
    "search_vault": {"question": "bridge"},
    "change_agent": {"name": "mine now"},
    "save_draft": {"graph": {}, "base_revision": 1},
    "try_agent": {"question": "bridge"},
    "publish_agent": {"terms": [{"kind": "metered", "price": 1}]},
    "ask_in_chat": {"content": "bridge"},
    "top_up_license": {"amount": 1},
    "prepare_top_up": {"amount": 1},
    "change_document": {"tags": ["mine"]},
    "follow_web_page": {"period": "never"},
    "preview_chunks": {"characters": 400},
    "grant_vault": {"days": 1},
    "rotate_vault_keys": {"what": "vault"},
    "choose_owner_mode": {"mode": "always"},
    "add_test": {"question": "mine?", "state": "draft"},
    "add_test_from_run": {"run_id": "none"},
    "change_test": {"question": "mine?", "state": "draft"},
    "run_tests": {},
    "draft_tests": {},
    "set_test_gate": {"percent": None},
    "repeat_run": {"node_id": "start"},
    "restore_state": {"state": "1", "base_revision": 1},
    "keep_draft": {"graph": {}},
    "unlock_vault": {"passphrase": "a long enough passphrase"},
    "add_web_page": {"url": "https://example.org/"},
    "add_site_map": {"url": "https://example.org/"},
    "change_model_server": {"url": "http://127.0.0.1/v1", "model": "m"},
    "reply_to_inquiry": {"decision": "approved"},
    "replace_secret": {"value": "another long value", "hosts": ["evil.example.org"]},
}
PUBLIC = {"get_catalogue_entry"}
"""Routes with an id that everybody signed in may read."""


async def asked_of(person: Person) -> str:
    """Something that a run waits for this person to decide."""
    agent = (await person.post("/api/agents", json={"name": "Asks"})).json()
    graph = a_graph(
        {"start": ("start", {}), "ask": ("ask_person", {}), "yes": ("answer", {}), "no": ("answer", {})},
        [("start.question", "ask.value"), ("ask.approved", "yes.value"), ("ask.rejected", "no.value")],
    )
    draft = {"graph": graph.document(), "base_revision": agent["revision"]}
    await person.put(f"/api/agents/{agent['id']}/draft", json=draft)
    await person.post(f"/api/agents/{agent['id']}/try", json={"question": "May I?"})
    [inquiry] = (await person.get("/api/inquiries")).json()
    return str(inquiry["id"])


async def test_somebody_elses_ids_lead_nowhere(app: FastAPI, ada: Person, ben: Person) -> None:
    vault_id = await vault_with(ada, "private", RIVER)
    [document] = await ready(ada, vault_id)
    slug, _ = await published(ada, vault_id, "Private river", [{"kind": "metered", "price": 1000}])
    license_ = await licensed(ada, slug, "metered", deposit=5000)
    agent_id = (await ada.get("/api/agents")).json()[0]["id"]
    chat_id = (await ada.post("/api/chats", json={"slug": slug})).json()["id"]
    await ada.post(f"/api/chats/{chat_id}/messages", json={"content": "Who built the bridge?"})
    answer = (await ada.get(f"/api/chats/{chat_id}")).json()["messages"][-1]
    key_id = (await ada.post("/api/keys", json={"name": "mine"})).json()["id"]
    secret = {"name": "weather", "value": "a long enough secret", "hosts": ["api.example.org"]}
    secret_id = (await ada.post("/api/secrets", json=secret)).json()["id"]
    test = (await ada.post(f"/api/agents/{agent_id}/tests", json={"question": "?", "state": "draft"})).json()
    services: Services = app.state.services
    ada_id = (await ada.get("/api/session")).json()["user"]["id"]
    await services.facts.remember(ada_id, agent_id, None, "city", "Clara Voss")
    ids = {
        "fact_id": (await ada.get("/api/facts")).json()[0]["id"],
        "vault_id": vault_id,
        "document_id": document["id"],
        "agent_id": agent_id,
        "chat_id": chat_id,
        "run_id": answer["run_id"],
        "number": "1",
        "proof_id": answer["proof_id"],
        "license_id": str(license_["license_id"]),
        "key_id": key_id,
        "secret_id": secret_id,
        "inquiry_id": await asked_of(ada),
        "server": "weather",
        "name": "built-in",  # models are the operator's
        "slug": slug,
        "test_id": test["id"],
    }
    tried = 0
    for path, operations in app.openapi()["paths"].items():
        names = re.findall(r"{(\w+)}", path)
        if not names:
            continue
        for method, operation in operations.items():
            name = operation["operationId"]
            if name in PUBLIC:
                continue
            response = await ben.request(
                method.upper(), path.format(**{n: ids[n] for n in names}), json=BODIES.get(name)
            )
            if name == "cancel_run":
                assert response.status_code == 202  # says nothing about whether there is such a run
                continue
            assert response.status_code in (403, 404), (
                f"{method} {path}: {response.status_code} {response.text}"
            )
            assert "Clara Voss" not in response.text
            tried += 1
    assert tried >= 20
    assert (await ada.get(f"/api/vaults/{vault_id}")).json()["name"] == "private"
    assert (await ada.get(f"/api/chats/{chat_id}")).status_code == 200
    scrubbed = [json.loads(line) for line in (await ada.post("/api/scrub")).text.splitlines()]
    assert scrubbed[-1]["done"] >= 7, "her chat, its messages, the run, her agent, its version and her secret"
    assert [step["damage"] for step in scrubbed] == [[]] * len(scrubbed)


async def test_an_agent_over_somebody_elses_vault_finds_nothing_there(ada: Person, ben: Person) -> None:
    vault_id = await vault_with(ada, "secret", "The treasure lies under the third oak.")
    agent = (await ben.post("/api/agents", json={"name": "Thief", "vaults": [vault_id]})).json()
    response = await ben.post(f"/api/agents/{agent['id']}/try", json={"question": "Where is the treasure?"})
    assert "third oak" not in response.text
    assert "run.failed" in response.text


async def test_an_unlicensed_person_is_shown_offers_and_no_answer(ada: Person, ben: Person) -> None:
    vault_id = await vault_with(ada, "for-sale", RIVER)
    slug, _ = await published(ada, vault_id, "River for sale", [{"kind": "metered", "price": 2500}])
    response = await ben.post("/v1/chat/completions", json=question(slug, "Who built the bridge?"))
    assert response.status_code == 402
    assert response.json()["offers"][0]["max_call_price"] == 2500
    assert "Clara Voss" not in response.text
