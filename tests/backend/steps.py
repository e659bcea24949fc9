"""What people do, step by step, for tests that need it done."""

import asyncio
from typing import Any

import httpx

RIVER = (
    "The river Talm rises at the glacier of Mount Orsk. It is 214 kilometres long.\n\n"
    "The bridge at Lower Mill was built in 1887 by the engineer Clara Voss.\n\n"
    "Fishing is allowed from the first of May until the end of September.\n"
)


async def vault_with(person: httpx.AsyncClient, name: str, text: str) -> str:
    """A vault of this person's that holds one text document, ready to be searched."""
    vault_id: str = (await person.post("/api/vaults", json={"name": name})).json()["id"]
    await add(person, vault_id, [(f"{name}.txt", text.encode())])
    await ready(person, vault_id)
    return vault_id


async def add(person: httpx.AsyncClient, vault_id: str, files: list[tuple[str, bytes]]) -> dict[str, Any]:
    response = await person.post(
        f"/api/vaults/{vault_id}/documents", files=[("files", file) for file in files]
    )
    assert response.status_code == 202, response.text
    uploaded: dict[str, Any] = response.json()
    return uploaded


async def ready(person: httpx.AsyncClient, vault_id: str) -> list[dict[str, Any]]:
    """Wait until each document is active or failed."""
    async with asyncio.timeout(120):
        while True:
            documents: list[dict[str, Any]] = (await person.get(f"/api/vaults/{vault_id}/documents")).json()
            if all(document["stage"] in ("active", "failed") for document in documents):
                return documents
            await asyncio.sleep(0.1)


async def published(
    person: httpx.AsyncClient, vault_id: str, name: str, terms: list[dict[str, Any]], **more: Any
) -> tuple[str, dict[str, Any]]:
    """`(slug, version)` of a new agent over this vault, published under these terms."""
    agent = (
        await person.post("/api/agents", json={"name": name, "description": "", "vaults": [vault_id]})
    ).json()
    assert agent["problems"] == []
    response = await person.post(f"/api/agents/{agent['id']}/publish", json={"terms": terms, **more})
    assert response.status_code == 201, response.text
    version: dict[str, Any] = response.json()
    return version["slug"], version


async def offers(person: httpx.AsyncClient, slug: str) -> dict[str, dict[str, Any]]:
    """The terms on sale, by kind."""
    entry = (await person.get(f"/api/catalogue/{slug}")).json()
    return {terms["kind"]: terms for terms in entry["terms"]}


async def licensed(person: httpx.AsyncClient, slug: str, kind: str, *, deposit: int = 0) -> dict[str, Any]:
    """A license bought from the faucet's money."""
    await person.post("/api/wallet/faucet")
    terms = (await offers(person, slug))[kind]
    response = await person.post("/api/licenses", json={"terms_id": terms["terms_id"], "deposit": deposit})
    assert response.status_code == 201, response.text
    license_: dict[str, Any] = response.json()
    return license_


def question(slug: str, text: str, **more: Any) -> dict[str, Any]:
    """The body of a completion request."""
    return {"model": slug, "messages": [{"role": "user", "content": text}], **more}


def events(body: str) -> list[tuple[str, str]]:
    """`(event, data)` of a stream of server-sent events."""
    found = []
    for block in body.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "event" in lines:
            found.append((lines["event"], lines["data"]))
    return found
