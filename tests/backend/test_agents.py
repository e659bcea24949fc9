"""Drafts, versions and agent files."""

import pytest

from tests.backend.conftest import Person
from tests.backend.steps import RIVER, published, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_draft_saved_in_two_windows_overwrites_nothing(ada: Person) -> None:
    agent = (await ada.post("/api/agents", json={"name": "Two windows"})).json()
    path = f"/api/agents/{agent['id']}/draft"
    body = {"graph": agent["graph"], "base_revision": agent["revision"]}
    assert (await ada.put(path, json=body)).status_code == 200
    late = await ada.put(path, json=body)
    assert late.status_code == 409
    assert late.json()["revision"] == agent["revision"] + 1


async def test_problems_of_a_draft_are_named_in_words(ada: Person) -> None:
    agent = (await ada.post("/api/agents", json={"name": "Broken"})).json()
    graph = agent["graph"]
    graph["nodes"] = [node for node in graph["nodes"] if node["kind"] != "answer"]
    saved = await ada.put(
        f"/api/agents/{agent['id']}/draft", json={"graph": graph, "base_revision": agent["revision"]}
    )
    assert saved.status_code == 200, "a draft is kept however broken it is"
    assert saved.json()["problems"]
    refused = await ada.post(
        f"/api/agents/{agent['id']}/publish", json={"terms": [{"kind": "metered", "price": 1}]}
    )
    assert refused.status_code == 422
    assert refused.json()["problems"]


async def test_an_agent_file_goes_out_and_comes_back_the_same(ada: Person, ben: Person) -> None:
    agent = (await ada.post("/api/agents", json={"name": "Traveller", "description": "Goes places"})).json()
    vault_id = await vault_with(ada, "travel", RIVER)
    for node in agent["graph"]["nodes"]:
        if node["kind"] == "search_documents":
            node["settings"]["vaults"] = [vault_id]
    await ada.put(f"/api/agents/{agent['id']}/draft", json={"graph": agent["graph"], "base_revision": 1})
    file = (await ada.get(f"/api/agents/{agent['id']}/export")).json()
    assert file["schema"] == "qanat/agent-file@1"
    imported = await ben.post("/api/agents/import", json=file)
    assert imported.status_code == 201
    assert imported.json()["graph"] == file["graph"]
    assert imported.json()["name"] == "Traveller"


@pytest.mark.parametrize("document", [{}, {"schema": "qanat/agent-file@9"}, {"name": "x", "graph": []}])
async def test_what_is_no_agent_file_is_refused_in_words(ada: Person, document: dict[str, object]) -> None:
    response = await ada.post("/api/agents/import", json=document)
    assert response.status_code == 422
    assert "agent file" in response.json()["detail"]


async def test_what_was_published_stays_as_it_was(ada: Person) -> None:
    vault_id = await vault_with(ada, "versions", RIVER)
    slug, first = await published(ada, vault_id, "Versioned", [{"kind": "metered", "price": 1000}])
    agent_id = (await ada.get("/api/agents")).json()[0]["id"]
    agent = (await ada.get(f"/api/agents/{agent_id}")).json()
    agent["graph"]["nodes"][0]["title"] = "Another title"
    await ada.put(
        f"/api/agents/{agent_id}/draft",
        json={"graph": agent["graph"], "base_revision": agent["revision"]},
    )
    second = (
        await ada.post(
            f"/api/agents/{agent_id}/publish", json={"terms": [{"kind": "metered", "price": 2000}]}
        )
    ).json()
    assert (first["number"], second["number"]) == (1, 2)
    assert first["graph_digest"] != second["graph_digest"]
    versions = (await ada.get(f"/api/agents/{agent_id}/versions")).json()
    assert [version["graph_digest"] for version in versions] == [
        second["graph_digest"],
        first["graph_digest"],
    ]
    entry = (await ada.get(f"/api/catalogue/{slug}")).json()
    assert [terms["max_call_price"] for terms in entry["terms"]] == [2000]


async def test_shares_must_add_up(ada: Person) -> None:
    vault_id = await vault_with(ada, "shares", RIVER)
    agent = (await ada.post("/api/agents", json={"name": "Odd shares", "vaults": [vault_id]})).json()
    address = (await ada.get("/api/session")).json()["user"]["address"]
    response = await ada.post(
        f"/api/agents/{agent['id']}/publish",
        json={
            "terms": [{"kind": "metered", "price": 1}],
            "shares": [{"address": address, "share_bps": 9999}],
        },
    )
    assert response.status_code == 422
    assert (await ada.get(f"/api/agents/{agent['id']}")).json()["slug"] is None
