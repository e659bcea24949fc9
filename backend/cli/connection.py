"""How a command reaches the product: the running server if there is one, else the data folder itself.

Either way it speaks the same HTTP; without a server the application runs inside the command's own process.
"""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import typer

from backend import instance
from backend.clock import SystemClock
from backend.settings import Settings

log = logging.getLogger("qanat.cli")


class CommandFailed(Exception):
    """What the person is told, with exit status 1."""


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client signed in as the owner of the data folder.

    Raises:
        CommandFailed: the data folder cannot be opened; says why.
    """
    found = instance.find_instance(settings.data_dir)
    if found is not None:
        token = await _token(settings, found.boot_id)
        async with httpx.AsyncClient(
            base_url=found.url, headers={"Authorization": f"Bearer {token}"}, timeout=600
        ) as client:
            yield client
        return
    async with _in_process(settings) as client:
        yield client


async def _token(settings: Settings, boot_id: str) -> str:
    from backend.records import open_records
    from backend.root_key.providers import keeper_of
    from backend.wiring import local_token

    database = open_records(settings)
    try:
        root_key = await keeper_of(settings, database, SystemClock()).open()
    finally:
        await database.close()
    return local_token(root_key, boot_id)


@asynccontextmanager
async def _in_process(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    from backend import first_run
    from backend.app import create_app
    from backend.wiring import running

    typer.echo("No server is running: opening the data folder.", err=True)
    with instance.only_instance(settings.data_dir):
        async with running(settings, boot_id=secrets.token_hex(8)) as services:
            operator = await first_run.ensure_operator(services)
            if settings.load_sample:
                await first_run.ensure_sample(services, operator, lambda text: typer.echo(text, err=True))
            transport = httpx.ASGITransport(app=create_app(settings, services))
            async with httpx.AsyncClient(
                transport=transport,
                base_url="http://qanat",
                headers={"Authorization": f"Bearer {services.local_token()}"},
                timeout=600,
            ) as client:
                yield client


def result_of(response: httpx.Response) -> Any:
    """The JSON of a good answer. Raises CommandFailed with the problem's own words."""
    if response.is_success:
        return response.json() if response.content else None
    try:
        problem = response.json()
    except ValueError:
        raise CommandFailed(f"The server answered {response.status_code}.") from None
    message = f"{problem.get('title', 'It did not work')}. {problem.get('detail', '')}"
    for offer in problem.get("offers", []):
        message += f"\n  offer {offer['terms_id']}: {offer['kind']}, price {offer['price'] or offer['max_call_price']}"
    raise CommandFailed(message)


async def find_vault(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    """The vault of this name or id. Raises CommandFailed when there is none."""
    vaults: list[dict[str, Any]] = result_of(await client.get("/api/vaults"))
    for vault in vaults:
        if name in (vault["id"], vault["name"]):
            return vault
    raise CommandFailed(f"There is no vault {name!r}. `qanat vault list` shows yours.")
