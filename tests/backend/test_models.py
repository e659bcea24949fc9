"""The operator adds models; everybody chooses among them; nothing leads where the operator did not say."""

import asyncio
import json
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from agent_runtime.errors import ModelFileUnusable, ModelMissing, ModelUnavailable
from agent_runtime.models import gguf, memory
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.ports import ChatMessage, Sampling
from backend import schema
from backend.clock import SystemClock
from backend.database import Database
from backend.errors import Conflict, Invalid, NotFound, TooLarge
from backend.first_run import ensure_operator
from backend.models.connecting import guarded_client, may_be_private
from backend.models.service import BUILT_IN, ModelRegistry, ModelServer
from backend.services import Services
from backend.settings import Settings
from knowledge_vault.addresses import Address
from knowledge_vault.keys import RootKey
from knowledge_vault.keys.tenants import TenantKeys
from tests.agent_runtime.gguf_files import a_gguf
from tests.agent_runtime.model_servers import a_server, serving
from tests.backend.conftest import Person, browser
from tests.backend.steps import RIVER, events, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "sk-planted-secret-77f1"


async def sent(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def a_registry(database: Database, keys: Any, folder: Path, **how: Any) -> ModelRegistry:
    return ModelRegistry(
        database,
        SystemClock(),
        keys,
        folder=folder / "models",
        built_in=ScriptedModel(["Blue."]),
        built_in_file=None,
        **{"context_tokens": 1024, "max_file_bytes": 10_000, **how},
    )


@pytest_asyncio.fixture(loop_scope="session")
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "qanat.db"
    database = Database.at(path)
    await schema.upgrade(database, path=path, now=SystemClock().now())
    yield database
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def registry(database: Database, tmp_path: Path) -> AsyncIterator[ModelRegistry]:
    sealer = await TenantKeys(RootKey(bytes(32)), database).sealer("server")
    registry = a_registry(database, sealer, tmp_path)
    await registry.start()
    yield registry
    await registry.stop()


# --- files ------------------------------------------------------------------------------------------


async def test_a_file_that_is_sent_is_kept_and_goes_when_the_model_is_removed(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    content = a_gguf()
    added = await registry.add_upload("tiny", sent(content[:2], content[2:]), declared_bytes=len(content))
    assert (added.kind, added.size_bytes, added.context_tokens) == ("file", len(content), 1024)
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == content
    with pytest.raises(Conflict, match="already"):
        await registry.add_upload("tiny", sent(content), declared_bytes=0)
    await registry.remove("tiny")
    assert list((tmp_path / "models").iterdir()) == []
    assert [model.name for model in await registry.list_models()] == [BUILT_IN]


async def test_what_is_no_model_is_refused_at_its_first_bytes_and_leaves_nothing(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"PK\3\4"
        raise AssertionError("it was read on")

    with pytest.raises(ModelFileUnusable, match="does not begin as a GGUF"):
        await registry.add_upload("tiny", endless(), declared_bytes=0)
    for content, error in (
        (b"GGUF" + b"\0" * 100, ModelFileUnusable),
        (b"GG", ModelFileUnusable),
        (a_gguf(weights_bytes=20_000), TooLarge),
    ):
        with pytest.raises(error):
            await registry.add_upload("tiny", sent(content), declared_bytes=0)
    with pytest.raises(TooLarge, match="add it by its path"):
        await registry.add_upload("tiny", endless(), declared_bytes=20_000)
    assert list((tmp_path / "models").iterdir()) == []


async def test_a_sending_that_broke_off_is_cleared_away_at_the_next_start(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / ".arriving-1").write_bytes(b"GGUF")
    await registry.start()
    assert list((tmp_path / "models").iterdir()) == []


async def test_a_file_by_its_path_stays_where_it_is(registry: ModelRegistry, tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(a_gguf())
    (tmp_path / "mine.txt").write_bytes(a_gguf())
    added = await registry.add_path("mine", str(path), context_tokens=600)
    assert (added.path, added.context_tokens) == (str(path), 600)
    for wrong in ("/nowhere/x.gguf", str(tmp_path / "mine.txt"), "mine.gguf", str(tmp_path)):
        with pytest.raises(Invalid, match="no such"):
            await registry.add_path("other", wrong)
    path.rename(tmp_path / "elsewhere.gguf")
    assert "gone" in ((await registry.get("mine")).problem or "")
    await registry.remove("mine")
    assert (tmp_path / "elsewhere.gguf").exists()


@pytest.mark.parametrize("name", ["", "A", "-x", "x-", "a b", "../x", "a/b", BUILT_IN, "x" * 65])
async def test_a_name_that_graphs_could_not_use_is_refused(registry: ModelRegistry, name: str) -> None:
    with pytest.raises((Invalid, Conflict)):
        await registry.add_server(
            name, ModelServer("http://x/v1", "m", None, True), context_tokens=512, at_once=1
        )


async def test_a_model_larger_than_the_machine_says_how_much_it_takes(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    path = tmp_path / "huge.gguf"
    layers = memory.total_bytes() // (2 * 2 * 2 * 16 * 1024) + 1
    path.write_bytes(a_gguf({"llama.block_count": min(layers, 2**32 - 1), "llama.context_length": 100_000}))
    with pytest.raises(ModelFileUnusable, match=r"takes about .* GB of memory, and this machine has .* GB"):
        await registry.add_path("huge", str(path))


async def test_one_model_makes_room_for_another_and_says_when_there_is_none(
    database: Database, tmp_path: Path
) -> None:
    real, free = Settings().llm, [0]
    registry = a_registry(
        database,
        await TenantKeys(RootKey(bytes(32)), database).sealer("server"),
        tmp_path,
        free_bytes=lambda: free[0] - sum(needed for model in opened if model.is_loaded),
    )
    for name in ("first", "second"):
        await registry.add_path(name, str(real))
    free[0] = needed = gguf.read_head(real).memory_bytes(1024)
    opened: set[LlamaCppModel] = set()
    for name in ("first", "second", "first"):
        model = (await registry.open(name)).model
        assert isinstance(model, LlamaCppModel)
        opened.add(model)
        await model.warm()
        assert [each for each in opened if each.is_loaded] == [model]
    free[0] = 0
    with pytest.raises(ModelUnavailable, match="not enough free memory"):
        await registry.open("second")
    await registry.stop()


# --- servers ----------------------------------------------------------------------------------------


async def test_a_server_is_asked_with_its_secret_which_is_told_to_nobody_again(
    registry: ModelRegistry, database: Database, tmp_path: Path
) -> None:
    async with a_server(serving(ScriptedModel(["Blue."]))) as url:
        added = await registry.add_server(
            "mine", ModelServer(url, "scripted", SECRET, True), context_tokens=2048, at_once=2
        )
        assert (await registry.try_out("mine", "ada")).text == "Blue."
    assert added.has_secret
    assert SECRET not in repr(await registry.list_models())
    async with database.reading() as connection:
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = await asyncio.to_thread(lambda: [path.read_bytes() for path in tmp_path.glob("qanat.db*")])
    assert stored
    assert not any(b"scripted" in each or SECRET.encode() in each for each in stored)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x/v1", "http://", "http://a:b@x/v1", "http://x/v1?k=1", "http://x/v1#k", "http://x:99999/"],
)
async def test_an_address_that_is_none_is_refused(registry: ModelRegistry, url: str) -> None:
    with pytest.raises(Invalid, match="address"):
        await registry.add_server("s", ModelServer(url, "m", None, True), context_tokens=512, at_once=1)


async def test_a_secret_does_not_leave_in_clear_nor_for_another_address(registry: ModelRegistry) -> None:
    with pytest.raises(Invalid, match="https"):
        await registry.add_server(
            "s", ModelServer("http://example.org/v1", "m", SECRET, False), context_tokens=512, at_once=1
        )
    await registry.add_server(
        "s", ModelServer("https://example.org/v1", "m", SECRET, False), context_tokens=512, at_once=1
    )
    how = {"keeps_secret": True, "context_tokens": 600, "at_once": 3}
    moved = ModelServer("https://evil.example.org/v1", "m", None, False)
    with pytest.raises(Invalid, match="another address"):
        await registry.change_server("s", moved, **how)
    same = await registry.change_server("s", ModelServer("https://example.org/v2", "n", None, False), **how)
    assert (same.has_secret, same.title, same.context_tokens, same.at_once) == (True, "n", 600, 3)
    without = await registry.change_server("s", moved, **{**how, "keeps_secret": False})
    assert not without.has_secret


PRIVATE = ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.1", "fd12::1", "::ffff:127.0.0.1", "100.64.0.1"]
NOWHERE = [
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
]


async def test_a_server_that_is_not_said_to_be_private_is_reached_on_the_public_web_only() -> None:
    for is_private, addresses in ((False, [*PRIVATE, *NOWHERE]), (True, NOWHERE)):
        for address in addresses:

            async def resolve(host: str, port: int, address: str = address) -> list[Address]:
                return [ip_address("93.184.216.34"), ip_address(address)]

            async with guarded_client(is_private=is_private, silence_s=1, resolve=resolve) as client:
                with pytest.raises(httpx.ConnectError, match="not where model servers may be"):
                    await client.get("http://models.example.org/v1")
    assert all(may_be_private(ip_address(address)) for address in [*PRIVATE, "8.8.8.8"])


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    """The address that was judged is the one connected to: the name is looked up once for each request."""
    asked = []

    async def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1")] if len(asked) == 1 else [ip_address("10.9.9.9")]

    async with a_server(serving(ScriptedModel(["Blue."]))) as url:
        port = url.rpartition(":")[2].partition("/")[0]
        async with guarded_client(is_private=True, silence_s=2, resolve=resolve) as client:
            body = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 5}
            answer = await client.post(f"http://models.example.org:{port}/v1/chat/completions", json=body)
    assert answer.status_code == 200
    assert asked == ["models.example.org"]


# --- choosing ---------------------------------------------------------------------------------------


async def test_the_operators_choice_answers_where_a_step_chooses_none(registry: ModelRegistry) -> None:
    async with a_server(serving(ScriptedModel(["From the server."]))) as url:
        await registry.add_server("s", ModelServer(url, "m", None, True), context_tokens=512, at_once=1)
        run = registry.for_run("ada", "ada/bees")
        assert (await run.find("")).name == (await run.find(BUILT_IN)).name == "scripted"
        await registry.choose_default("s")
        assert (await run.find("")).name == "m"
        assert [model.name for model in await registry.list_models() if model.is_default] == ["s"]
        await registry.choose_default(BUILT_IN)
        assert (await run.find("")).name == "scripted"
        await registry.choose_default("s")
        await registry.remove("s")
    assert (await run.find("")).name == "scripted"
    with pytest.raises(ModelMissing, match="on this server any more"):
        await run.find("s")
    with pytest.raises(NotFound):
        await registry.choose_default("s")
    with pytest.raises(NotFound):
        await registry.remove(BUILT_IN)


async def test_added_models_are_there_after_a_restart(
    registry: ModelRegistry, database: Database, tmp_path: Path
) -> None:
    await registry.add_server(
        "s", ModelServer("https://example.org/v1", "m", SECRET, False), context_tokens=512, at_once=1
    )
    sealer = await TenantKeys(RootKey(bytes(32)), database).sealer("server")
    again = a_registry(database, sealer, tmp_path)
    await again.start()
    assert await again.get("s") == await registry.get("s")


async def test_two_people_share_one_line_before_a_model(registry: ModelRegistry) -> None:
    scripted = ScriptedModel(["one two three"], pause_s=0.02)
    async with a_server(serving(scripted)) as url:
        await registry.add_server("s", ModelServer(url, "m", None, True), context_tokens=512, at_once=1)
        ended: list[str] = []

        async def ask(person: str) -> None:
            model = await registry.for_run(person, person).find("s")
            async for _ in model.reply([ChatMessage("user", "?")], Sampling(max_tokens=5)):
                pass
            ended.append(person)

        async with asyncio.TaskGroup() as group:
            for person in [*["greedy"] * 4, "modest"]:
                group.create_task(ask(person))
    assert ended.index("modest") == 1


# --- over HTTP --------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="session")
async def operator(app: FastAPI, services: Services) -> AsyncIterator[Person]:
    await ensure_operator(services)
    async with browser(app) as client:
        client.headers["Authorization"] = f"Bearer {services.local_token()}"
        yield client


async def test_only_the_operator_changes_models_and_everybody_sees_which_there_are(
    ada: Person, operator: Person
) -> None:
    [seen] = (await ada.get("/api/models")).json()
    assert (seen["name"], seen["is_default"], seen["is_usable"]) == (BUILT_IN, True, True)
    assert "path" not in seen
    for method, path, body in (
        ("GET", "/api/models/registered", None),
        ("POST", "/api/models/paths", {"name": "x", "path": "/etc/passwd"}),
        ("POST", "/api/models/files?name=x", None),
        ("POST", "/api/models/servers", {"name": "x", "url": "http://x", "model": "m"}),
        ("PUT", f"/api/models/{BUILT_IN}/default", None),
        ("POST", f"/api/models/{BUILT_IN}/try", None),
        ("DELETE", f"/api/models/{BUILT_IN}", None),
    ):
        assert (await ada.request(method, path, json=body)).status_code == 403
    refused = await operator.post("/api/models/paths", json={"name": "x", "path": "/etc/passwd"})
    assert refused.status_code == 422
    sent = await operator.post("/api/models/files?name=x", content=b"no model" * 500_000)
    assert sent.status_code == 422
    assert sent.json()["title"] == "This file cannot be used as a model"
    tried = await operator.post(f"/api/models/{BUILT_IN}/try")
    assert tried.json()["text"]


async def test_a_step_asks_the_model_that_its_author_chose_and_a_draft_without_it_says_so(
    ada: Person, operator: Person
) -> None:
    vault_id = await vault_with(ada, "models", RIVER)
    made = await ada.post("/api/agents", json={"name": "Chooser", "vaults": [vault_id]})
    agent = made.json()
    draft = f"/api/agents/{agent['id']}/draft"
    for node in agent["graph"]["nodes"]:
        if node["kind"] == "answer_with_sources":
            node["settings"] |= {"model": "large", "style": "write"}
    saved = await ada.put(draft, json={"graph": agent["graph"], "base_revision": agent["revision"]})
    assert [problem["code"] for problem in saved.json()["problems"]] == ["model_unknown"]
    refused = await ada.post(f"/api/agents/{agent['id']}/try", json={"question": "Who built the bridge?"})
    assert refused.status_code == 422
    async with a_server(serving(ScriptedModel(["The bridge was built by the engineer Clara Voss."]))) as url:
        server = {"name": "large", "url": url, "model": "m", "is_private": True, "secret": SECRET}
        added = await operator.post("/api/models/servers", json=server)
        assert added.status_code == 201, added.text
        assert SECRET not in added.text
        answered = await ada.post(
            f"/api/agents/{agent['id']}/try", json={"question": "Who built the bridge at Lower Mill?"}
        )
        await operator.delete("/api/models/large")
    finished = json.loads(dict(events(answered.text))["run.finished"])
    assert finished["usage"]["model"] == "m"
    assert finished["answer"].startswith("The bridge was built by the engineer Clara Voss. [1]")
