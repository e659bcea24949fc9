"""Web services of this machine for tests: a real server, reached through the product's own guard, widened for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import insert

from agent_runtime.ports import ChatModel, Tools
from backend import schema
from backend.accounts.store import users
from backend.clock import SystemClock
from backend.database import Database
from backend.outside.requests import Owner
from backend.outside.web_services import GuardedWebServices
from backend.sealed import Sealer
from backend.stored_secrets.service import StoredSecrets
from knowledge_vault.guarded_http import GuardedHttp, Resolve
from knowledge_vault.keys import RootKey
from knowledge_vault.keys.tenants import TenantKeys
from tests.agent_runtime.making import some_tools


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Asked], bytes | Awaitable[bytes]]


@dataclass
class Service:
    port: int
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def a_service(answer: Answer) -> AsyncIterator[Service]:
    """A real HTTP server on this machine and what it was asked."""
    service = Service(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            headers = {name.lower(): value for name, value in headers.items()}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, target, _ = lines[0].split(" ")
            asked = Asked(method, target, headers, body)
            service.asked.append(asked)
            said = answer(asked)
            writer.write(said if isinstance(said, bytes) else await said)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        service.port = server.sockets[0].getsockname()[1]
        yield service


def says(body: bytes | str, *, status: int = 200, **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} As it is", f"Content-Length: {len(content)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@asynccontextmanager
async def secrets_in(folder: Path) -> AsyncIterator[tuple[StoredSecrets, Database]]:
    """Ada's and Bob's stored secrets, in a database of their own."""
    database = Database.at(folder / "qanat.db")
    async with database.writing() as connection:
        for metadata in schema.METADATAS:
            await connection.run_sync(metadata.create_all)
        for person in ("ada", "bob"):
            row = {"id": person, "name": person, "address": person, "wallet": "managed", "is_operator": False}
            await connection.execute(insert(users).values(**row, created_at=""))
    yield StoredSecrets(database, SystemClock(), TenantKeys(RootKey(b"r" * 32), database).sealer), database
    await database.close()


def this_machine(port: int, *, resolve: Resolve | None = None) -> GuardedHttp:
    """The guard of the product, widened to this one address and port."""
    return GuardedHttp(ports=[port], allowed=lambda address: str(address) == "127.0.0.1", resolve=resolve)


def tools_with(
    http: GuardedHttp,
    secrets: StoredSecrets | None = None,
    *,
    owner: str = "ada",
    model: ChatModel | None = None,
) -> Tools:
    return replace(some_tools(model), web=GuardedWebServices(http, Owner(owner, secrets or unused_secrets())))


def unused_secrets() -> StoredSecrets:
    return StoredSecrets(Database.at(Path("is-never-opened")), SystemClock(), _no_sealer)


async def _no_sealer(tenant: str) -> Sealer:
    raise AssertionError("no secret was to be opened")
