"""What agents remember of a person is seen and erased by that person, and by nobody else."""

from typing import Any

import pytest
from sqlalchemy import select

from backend.facts.store import facts
from backend.services import Services
from tests.backend.conftest import Person, Register
from tests.backend.steps import licensed, question

pytestmark = pytest.mark.asyncio(loop_scope="session")

CITY = "Savonlinna-by-the-lakes"


def graph(about: str) -> dict[str, Any]:
    """Remembers what is asked, and answers with what it remembered before that."""
    ways = {
        "start": ("start", {}),
        "read": ("remember", {"does": "read", "name": "before", "about": about, "default": "nothing"}),
        "also": ("set_values", {"values": [{"name": "said", "value": "{{before}}"}]}),
        "save": ("remember", {"does": "save", "name": "before", "about": about, "value": "{{question}}"}),
        "join": ("set_values", {"values": [{"name": "reply", "value": "I knew {{said}}"}]}),
        "end": ("answer", {"text": "{{reply}}"}),
    }
    edges = [
        ("start.question", "read.value"),
        ("read.values", "also.value"),
        ("also.values", "save.value"),
        ("save.values", "join.value"),
        ("also.values", "join.second"),
        ("join.values", "end.value"),
    ]
    return {
        "schema": "qanat/agent-graph@1",
        "nodes": [
            {"id": name, "kind": kind, "settings": settings} for name, (kind, settings) in ways.items()
        ],
        "edges": [
            {
                "id": f"e{number}",
                "source": dict(zip(("node", "socket"), source.split("."), strict=True)),
                "target": dict(zip(("node", "socket"), target.split("."), strict=True)),
            }
            for number, (source, target) in enumerate(edges)
        ],
    }


async def published(author: Person, name: str, about: str) -> str:
    agent = (await author.post("/api/agents", json={"name": name})).json()
    saved = await author.put(
        f"/api/agents/{agent['id']}/draft", json={"graph": graph(about), "base_revision": agent["revision"]}
    )
    assert saved.json()["problems"] == []
    terms = [{"kind": "time", "price": 1, "duration_s": 3600}]
    version = await author.post(f"/api/agents/{agent['id']}/publish", json={"terms": terms})
    assert version.status_code == 201, version.text
    slug: str = version.json()["slug"]
    return slug


async def asked(person: Person, slug: str, text: str) -> str:
    completion = await person.post("/v1/chat/completions", json=question(slug, text))
    assert completion.status_code == 200, completion.text
    said: str = completion.json()["choices"][0]["message"]["content"]
    return said


async def chatted(person: Person, chat_id: str, text: str) -> str:
    response = await person.post(f"/api/chats/{chat_id}/messages", json={"content": text})
    assert response.status_code == 200, response.text
    content: str = (await person.get(f"/api/chats/{chat_id}")).json()["messages"][-1]["content"]
    return content


async def test_a_fact_is_used_again_seen_by_its_person_alone_and_erased(
    ada: Person, register: Register, services: Services
) -> None:
    slug = await published(ada, "Rememberer", "this_person")
    reader, other = await register("Reader"), await register("Other")
    for person in (reader, other):
        await licensed(person, slug, "time")
    assert await asked(reader, slug, CITY) == "I knew nothing"
    assert await asked(reader, slug, "more") == f"I knew {CITY}"
    assert await asked(other, slug, "hello") == "I knew nothing", "another person's facts are out of reach"

    [fact] = (await reader.get("/api/facts")).json()
    assert (fact["agent"], fact["name"], fact["value"], fact["chat_id"]) == (
        "Rememberer",
        "before",
        "more",
        None,
    )
    assert (await ada.get("/api/facts")).json() == [], "the author sees nothing of it"
    assert (await ada.delete(f"/api/facts/{fact['id']}")).status_code == 404
    async with services.database.reading() as connection:
        rows = (await connection.execute(select(facts).where(facts.c.id == fact["id"]))).all()
    assert b"before" not in rows[0].sealed
    assert b"more" not in rows[0].sealed

    assert (await reader.delete(f"/api/facts/{fact['id']}")).status_code == 204
    assert (await reader.get("/api/facts")).json() == []
    assert await asked(reader, slug, "again") == "I knew nothing"
    assert (await reader.delete("/api/facts")).status_code == 204
    assert (await reader.get("/api/facts")).json() == []
    assert len((await other.get("/api/facts")).json()) == 1


async def test_what_belongs_to_a_conversation_is_forgotten_with_it(ada: Person, register: Register) -> None:
    slug = await published(ada, "Conversational", "this_conversation")
    reader = await register("Talker")
    await licensed(reader, slug, "time")
    first, second = [(await reader.post("/api/chats", json={"slug": slug})).json()["id"] for _ in range(2)]
    assert await chatted(reader, first, CITY) == "I knew nothing"
    assert await chatted(reader, first, "next") == f"I knew {CITY}"
    assert await chatted(reader, second, "hello") == "I knew nothing"
    assert await asked(reader, slug, "over the API") == "I knew nothing"
    assert {fact["chat_id"] for fact in (await reader.get("/api/facts")).json()} == {first, second}
    assert (await reader.delete(f"/api/chats/{first}")).status_code == 204
    assert {fact["chat_id"] for fact in (await reader.get("/api/facts")).json()} == {second}


async def test_an_api_key_cannot_look_at_what_is_remembered(ada: Person, stranger: Person) -> None:
    secret = (await ada.post("/api/keys", json={"name": "program"})).json()["secret"]
    refused = await stranger.get("/api/facts", headers={"Authorization": f"Bearer {secret}"})
    assert refused.status_code == 403
