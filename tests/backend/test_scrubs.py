"""What is altered of a person's chats, runs, agents or key is named; and it is shown to nobody as text."""

import json
import random
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, select, update

from backend import schema
from backend.accounts.store import users
from backend.agent_tests.store import agent_test_results, agent_tests
from backend.agents import store as agents_store
from backend.agents.kept_drafts import kept_drafts
from backend.agents.store import agent_versions, agents
from backend.chats.store import chats, messages
from backend.clock import SystemClock
from backend.database import Database
from backend.facts.store import facts
from backend.inquiries.store import inquiries
from backend.runs.store import runs
from backend.scrubs.service import RecordDamage, RecordScrubber
from backend.stored_secrets.store import stored_secrets
from knowledge_vault.keys import RootKey
from knowledge_vault.keys.tenants import TenantKeys
from knowledge_vault.tables import tenant_keys
from licensing.keys import KeyRing
from licensing.tables import signing_keys
from licensing.values import Address
from tests.databases import database_at

NOW = "2026-11-23T03:00:00+00:00"
KEY = RootKey(b"r" * 32)
MESSAGES = 450
"""More than are read at a time."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Ada's chat, run, agent and secret, and some of Bob's."""
    database = database_at(tmp_path / "qanat.db")
    keys = TenantKeys(KEY, database)
    async with database.writing() as connection:
        for metadata in schema.METADATAS:
            await connection.run_sync(metadata.create_all)
    ring = KeyRing(database, await keys.sealer("server"), SystemClock())
    for person in ("ada", "bob"):
        async with database.writing() as connection:
            wallet = await ring.create(connection, "wallet")
        seal = (await keys.sealer(person)).seal
        agent, version, chat, kept, test, result, run, asked, secret, fact = (
            f"{person}-{what}"
            for what in [
                "agent",
                "version",
                "chat",
                "kept",
                "test",
                "result",
                "run",
                "asked",
                "secret",
                "fact",
            ]
        )
        stamps = {"created_at": NOW, "updated_at": NOW}
        rows: list[tuple[Table, dict[str, object]]] = [
            (
                users,
                {"id": person, "name": person, "address": wallet, "wallet": "managed", "is_operator": False},
            ),
            (
                agents,
                {"id": agent, "owner_id": person, "name": "A", "description": "", "revision": 1, **stamps},
            ),
            (agent_versions, {"id": version, "agent_id": agent, "number": 1, "state": "published"}),
            (chats, {"id": chat, "user_id": person, "agent_id": agent, "version_id": version, **stamps}),
            (kept_drafts, {"id": kept, "agent_id": agent, "reason": "restored", "kept_at": NOW}),
            (
                agent_tests,
                {"id": test, "agent_id": agent, "position": 1, "state": "draft", "created_at": NOW},
            ),
            (agent_test_results, {"id": result, "test_id": test, "passed": True, "at": NOW}),
            (runs, {"id": run, "user_id": person, "agent_id": agent, "state": "waiting", "charge": 0}),
            (inquiries, {"id": asked, "user_id": person, "agent_id": agent, "state": "open", "run_id": run}),
            (stored_secrets, {"id": secret, "user_id": person, "created_at": NOW}),
            (facts, {"id": fact, "user_id": person, "agent_id": agent, "chat_id": chat, "saved_at": NOW}),
        ]
        sealed: list[dict[str, object]] = [
            {"created_at": NOW},
            {"draft": seal(b"{}", "agent-draft", agent)},
            {
                "graph": seal(b"{}", "agent-version", version),
                "graph_digest": "",
                "notes": "",
                "published_at": NOW,
            },
            {"title": seal(b'"Bees"', "chat-title", chat)},
            {"graph": seal(b"{}", "agent-kept-draft", kept)},
            {"content": seal(b"{}", "agent-test", test), "revision": 1},
            {"content": seal(b"{}", "agent-test-result", result), "revision": 1, "behaviour": ""},
            {
                "record": seal(b"{}", "run", run),
                "invocation": seal(b"{}", "run-invocation", run),
                "started_at": NOW,
            },
            {
                "content": seal(b"{}", "inquiry", asked),
                "reply": seal(b"{}", "inquiry-reply", asked),
                "request_id": "check/1",
                "created_at": NOW,
            },
            {
                "label": seal(b"{}", "stored-secret-label", secret),
                "value": seal(b"{}", "stored-secret", secret),
            },
            {"sealed": seal(b"{}", "fact", fact)},
        ]
        async with database.writing() as connection:
            for (table, values), more in zip(rows, sealed, strict=True):
                await connection.execute(insert(table).values(**values, **more))
            said = [
                {
                    **{"id": f"{person}-{n:04}", "chat_id": chat, "position": n, "role": "user"},
                    **{"status": "done", "created_at": NOW},
                    "content": seal(json.dumps(n).encode(), "message", chat, f"{person}-{n:04}"),
                }
                for n in range(MESSAGES)
            ]
            await connection.execute(insert(messages), said)
    yield database
    await database.close()


async def scrubbed(database: Database, person: str) -> tuple[list[tuple[str, str]], int, int]:
    """What is damaged, and how many records were looked at of how many."""
    keys = TenantKeys(KEY, database)
    ring = KeyRing(database, await keys.sealer("server"), SystemClock())

    async def check_wallet(user: str) -> None:
        async with database.reading() as connection:
            address = await connection.scalar(select(users.c.address).where(users.c.id == user))
        await ring.check(Address(address or ""))

    scrubber = RecordScrubber(database, keys.sealer, check_key=keys.check, check_wallet=check_wallet)
    steps = [step async for step in scrubber.run(person)]
    damage: list[RecordDamage] = [each for step in steps for each in step.damage]
    return [(each.kind, each.id) for each in damage], steps[-1].done, steps[-1].total


async def flip(database: Database, table: Table, column: str, row: str, seed: int) -> None:
    """One random bit; done again, it is put back."""
    [key] = table.primary_key
    async with database.writing() as connection:
        sealed = bytearray(await connection.scalar(select(table.c[column]).where(key == row)) or b"")
        chance = random.Random(seed)
        sealed[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
        await connection.execute(update(table).where(key == row).values({column: bytes(sealed)}))


async def test_a_flipped_bit_anywhere_in_a_persons_records_is_named_and_nothing_else(
    database: Database,
) -> None:
    whole: tuple[list[tuple[str, str]], int, int] = ([], MESSAGES + 13, MESSAGES + 13)
    assert await scrubbed(database, "ada") == whole
    victims = [
        ("chat", chats, "title", "ada-chat"),
        ("message", messages, "content", "ada-0007"),
        ("message", messages, "content", f"ada-{MESSAGES - 1:04}"),
        ("run", runs, "record", "ada-run"),
        ("run", runs, "invocation", "ada-run"),
        ("inquiry", inquiries, "content", "ada-asked"),
        ("inquiry", inquiries, "reply", "ada-asked"),
        ("agent draft", agents, "draft", "ada-agent"),
        ("agent version", agent_versions, "graph", "ada-version"),
        ("kept draft", kept_drafts, "graph", "ada-kept"),
        ("test", agent_tests, "content", "ada-test"),
        ("test result", agent_test_results, "content", "ada-result"),
        ("stored secret", stored_secrets, "label", "ada-secret"),
        ("fact", facts, "sealed", "ada-fact"),
        ("stored secret", stored_secrets, "value", "ada-secret"),
        ("key", tenant_keys, "sealed_key", "ada"),
    ]
    async with database.reading() as connection:
        wallet = await connection.scalar(select(users.c.address).where(users.c.id == "ada")) or ""
    victims.append(("wallet", signing_keys, "sealed", wallet))
    for turn in range(2 * len(victims)):
        kind, table, column, row = victims[turn % len(victims)]
        await flip(database, table, column, row, turn)
        assert (await scrubbed(database, "ada"))[0] == [(kind, row if kind != "wallet" else "ada")]
        assert await scrubbed(database, "bob") == whole
        await flip(database, table, column, row, turn)
    assert await scrubbed(database, "ada") == whole


async def test_records_that_are_exchanged_are_named_both(database: Database) -> None:
    async with database.writing() as connection:
        contents = dict(
            (await connection.execute(select(messages.c.id, messages.c.content).limit(2))).tuples().all()
        )
        (one, first), (other, second) = contents.items()
        for message, content in ((one, second), (other, first)):
            await connection.execute(update(messages).where(messages.c.id == message).values(content=content))
    assert (await scrubbed(database, "ada"))[0] == [("message", one), ("message", other)]


async def test_an_agent_that_was_deleted_is_not_called_damaged(database: Database) -> None:
    async with database.writing() as connection:
        await agents_store.mark_deleted(connection, "ada-agent", at=datetime.fromisoformat(NOW))
    assert (await scrubbed(database, "ada"))[0] == []
