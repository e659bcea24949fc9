"""The whole server in this process: real chain, real vault, real model, over HTTP without a network."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from backend.app import create_app
from backend.services import Services
from backend.settings import Settings
from backend.wiring import running

Person = httpx.AsyncClient
"""Somebody signed in, with a browser's cookie and headers."""
Register = Callable[[str], Awaitable[Person]]

PASSWORD = "a long enough password"


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def services(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    folder = tmp_path_factory.mktemp("server")
    settings = Settings(
        data_dir=folder / "data",
        root_key_file=folder / "root.key",
        load_sample=False,
        max_upload_bytes=200_000,
    )
    async with running(settings, boot_id="test") as services:
        while not all(part.ready for part in await services.parts()):
            await asyncio.sleep(0.1)
        yield services


@pytest.fixture(scope="package")
def app(services: Services) -> FastAPI:
    return create_app(services.settings, services)


def browser(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
        base_url="http://127.0.0.1:8000",
        headers={"X-Qanat": "1"},
        timeout=120,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has not signed in."""
    async with browser(app) as client:
        yield client


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def register(app: FastAPI) -> AsyncIterator[Register]:
    """Makes an account by name and returns its browser."""
    clients = []

    async def make(name: str) -> Person:
        client = browser(app)
        clients.append(client)
        email = f"{name.lower()}-{uuid4().hex[:6]}@example.org"
        response = await client.post(
            "/api/session/register", json={"email": email, "password": PASSWORD, "name": name}
        )
        assert response.status_code == 201, response.text
        return client

    yield make
    for client in clients:
        await client.aclose()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def ada(register: Register) -> Person:
    """An author."""
    return await register("Ada")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def ben(register: Register) -> Person:
    """Somebody else."""
    return await register("Ben")
