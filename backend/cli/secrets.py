"""`qanat secrets`: what your agents send to services outside. A value goes in and is never printed."""

import getpass
import json
import sys
from typing import Annotated, Any

import typer

from backend.cli.connection import CommandFailed, connected, result_of
from backend.cli.running import run
from backend.settings import Settings

app = typer.Typer(help="Secrets that your agents send to services outside.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_secrets(as_json: AsJson = False) -> None:
    """Your secrets by name, with the hosts they may be sent to; never their values."""
    run(_list(as_json=as_json))


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(help="What steps choose it by.")],
    host: Annotated[
        list[str], typer.Option(help="Where it may be sent, such as api.example.org; again for more.")
    ],
    as_json: AsJson = False,
) -> None:
    """Save a secret, or another value under its name. It is asked for, or read from standard input."""
    run(_save(name, host, as_json=as_json))


@app.command("delete")
def delete(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Forget a secret; steps that use it fail from now on."""
    run(_delete(name))


async def _list(*, as_json: bool) -> None:
    async with connected(Settings()) as client:
        secrets = result_of(await client.get("/api/secrets"))
    if as_json:
        typer.echo(json.dumps({"secrets": secrets}))
        return
    for secret in secrets:
        typer.echo(f"{secret['name']}  {', '.join(secret['hosts'])}")


async def _save(name: str, hosts: list[str], *, as_json: bool) -> None:
    value = getpass.getpass("Secret: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    async with connected(Settings()) as client:
        there = await _find(client, name)
        if there is None:
            sent = await client.post("/api/secrets", json={"name": name, "value": value, "hosts": hosts})
        else:
            sent = await client.put(f"/api/secrets/{there['id']}", json={"value": value, "hosts": hosts})
        saved = result_of(sent)
    told = f"Saved {saved['name']!r}, to be sent to {', '.join(saved['hosts'])} alone."
    typer.echo(json.dumps(saved) if as_json else told)


async def _delete(name: str) -> None:
    async with connected(Settings()) as client:
        there = await _find(client, name)
        if there is None:
            raise CommandFailed(f"There is no secret {name!r}. `qanat secrets list` shows yours.")
        result_of(await client.delete(f"/api/secrets/{there['id']}"))
    typer.echo(f"Deleted {name!r}.")


async def _find(client: Any, name: str) -> dict[str, Any] | None:
    secrets: list[dict[str, Any]] = result_of(await client.get("/api/secrets"))
    return next((secret for secret in secrets if secret["name"] == name), None)
