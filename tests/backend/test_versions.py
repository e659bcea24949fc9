"""The states an agent has had: compared in words, taken back, and none of them lost."""

from typing import Any

import pytest
import pytest_asyncio

from tests.backend.conftest import Person
from tests.backend.steps import RIVER, events, licensed, published, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

TERMS = [{"kind": "metered", "price": 1000}]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def vault_id(ada: Person) -> str:
    return await vault_with(ada, "states", RIVER)


async def an_agent(person: Person, vault_id: str, name: str) -> tuple[str, dict[str, Any]]:
    """Published once; its path and slug's version."""
    _, version = await published(person, vault_id, name, TERMS)
    [agent] = [each for each in (await person.get("/api/agents")).json() if each["name"] == name]
    return f"/api/agents/{agent['id']}", version


async def change(person: Person, path: str, **settings: Any) -> dict[str, Any]:
    """Save the draft with other settings of its answering step."""
    agent = (await person.get(path)).json()
    for node in agent["graph"]["nodes"]:
        if node["kind"] == "answer_with_sources":
            node["settings"].update(settings)
    saved = await person.put(
        f"{path}/draft", json={"graph": agent["graph"], "base_revision": agent["revision"]}
    )
    assert saved.status_code == 200, saved.text
    body: dict[str, Any] = saved.json()
    return body


async def unknown_words(person: Person, path: str) -> str:
    graph = (await person.get(path)).json()["graph"]
    [settings] = [node["settings"] for node in graph["nodes"] if node["kind"] == "answer_with_sources"]
    words: str = settings.get("unknown", "")
    return words


async def test_the_difference_between_versions_and_draft_is_told_in_the_words_of_the_form(
    ada: Person, vault_id: str
) -> None:
    path, _ = await an_agent(ada, vault_id, "Compared")
    await change(ada, path, unknown="Ask the mayor.")
    assert (await ada.post(f"{path}/publish", json={"terms": TERMS, "notes": "politer"})).status_code == 201
    await change(ada, path, unknown="Ask the miller.")

    told = (await ada.get(f"{path}/difference?before=1&after=2")).json()
    [step] = told["steps"]
    [setting] = step["settings"]
    assert (step["title"], setting["title"]) == ("Answer with sources", "When nothing is found")
    assert setting["after"] == "Ask the mayor."
    assert told["after"]["notes"] == "politer"
    assert told["before"]["graph"]["nodes"], "both graphs come along, to be drawn side by side"

    told = (await ada.get(f"{path}/difference")).json()
    assert (told["before"]["name"], told["after"]["name"]) == ("2", "draft"), "the live version and the draft"
    [[setting]] = [step["settings"] for step in told["steps"]]
    assert (setting["before"], setting["after"]) == ("Ask the mayor.", "Ask the miller.")
    assert (await ada.get(f"{path}/difference?before=7")).status_code == 404


async def test_restoring_a_version_keeps_the_draft_that_it_replaces_and_can_be_undone(
    ada: Person, vault_id: str
) -> None:
    path, _ = await an_agent(ada, vault_id, "Restored")
    before = await unknown_words(ada, path)
    draft = await change(ada, path, unknown="Unpublished work.")

    restored = await ada.post(f"{path}/restore", json={"state": "1", "base_revision": draft["revision"]})
    assert restored.status_code == 200, restored.text
    assert await unknown_words(ada, path) == before
    [kept] = (await ada.get(f"{path}/kept-drafts")).json()
    assert (kept["reason"], kept["version"]) == ("restored", 1)

    undone = await ada.post(
        f"{path}/restore", json={"state": kept["state"], "base_revision": restored.json()["revision"]}
    )
    assert undone.status_code == 200
    assert await unknown_words(ada, path) == "Unpublished work."
    assert len((await ada.get(f"{path}/kept-drafts")).json()) == 1, "version 1 needs no second keeping"


async def test_a_draft_that_another_window_saved_is_not_restored_over(ada: Person, vault_id: str) -> None:
    path, _ = await an_agent(ada, vault_id, "Restored elsewhere")
    seen = (await ada.get(path)).json()["revision"]
    await change(ada, path, unknown="From the other window.")
    late = await ada.post(f"{path}/restore", json={"state": "1", "base_revision": seen})
    assert late.status_code == 409
    published_late = await ada.post(f"{path}/publish", json={"terms": TERMS, "base_revision": seen})
    assert published_late.status_code == 409
    assert await unknown_words(ada, path) == "From the other window."
    assert (await ada.get(f"{path}/kept-drafts")).json() == []


async def test_a_drawing_can_be_put_aside_and_the_last_twenty_are_kept(ada: Person, vault_id: str) -> None:
    path, _ = await an_agent(ada, vault_id, "Put aside")
    for number in range(22):
        kept = await ada.post(f"{path}/kept-drafts", json={"graph": {"nodes": [], "edges": [], "n": number}})
        assert kept.status_code == 201
    listed = (await ada.get(f"{path}/kept-drafts")).json()
    assert len(listed) == 20
    told = (await ada.get(f"{path}/difference?before={listed[0]['state']}&after=draft")).json()
    assert told["before"]["graph"]["n"] == 21
    assert {step["change"] for step in told["steps"]} == {"added"}


async def test_a_conversation_stays_on_the_version_it_began_with(ada: Person, vault_id: str) -> None:
    path, version = await an_agent(ada, vault_id, "Talked to")
    slug, unheard = version["slug"], "What does the Talm taste of in the year 3000?"
    await change(ada, path, unknown="The second version says so.")
    await licensed(ada, slug, "metered", deposit=10_000)
    chat_id = (await ada.post("/api/chats", json={"slug": slug})).json()["id"]
    assert (await ada.post(f"{path}/publish", json={"terms": TERMS})).status_code == 201

    def finished(body: str) -> str:
        return dict(events(body))["run.finished"]

    old = await ada.post(f"/api/chats/{chat_id}/messages", json={"content": unheard})
    assert "The documents say nothing about this." in finished(old.text)
    other = (await ada.post("/api/chats", json={"slug": slug})).json()["id"]
    new = await ada.post(f"/api/chats/{other}/messages", json={"content": unheard})
    assert "The second version says so." in finished(new.text)
