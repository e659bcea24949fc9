"""`qanat keys`: how the root key is kept, moving it, replacing keys, and getting back in with the recovery key."""

import asyncio
import getpass
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend import instance
from backend.cli.connection import CommandFailed, connected, find_vault, result_of
from backend.cli.running import run
from backend.settings import Settings

if TYPE_CHECKING:  # SQLAlchemy takes a second to import, and most commands need none of it
    from knowledge_vault.keys.root import RootKeeper

app = typer.Typer(help="The keys that everything is sealed under.", no_args_is_help=True)
rotate = typer.Typer(help="Put new keys in the place of old ones.", no_args_is_help=True)
app.add_typer(rotate, name="rotate")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """How the root key is kept; never the key."""
    run(_show(as_json=as_json))


@app.command("recovery")
def recovery(as_json: AsJson = False) -> None:
    """Make a new recovery key and print it once; the one before opens nothing any more."""
    run(_recovery(as_json=as_json))


@app.command("recover")
def recover(as_json: AsJson = False) -> None:
    """Open the data with the recovery key where the root key was lost, and keep the root key here again."""
    run(_recover(as_json=as_json))


@app.command("move")
def move(
    provider: Annotated[str, typer.Argument(help="file, passphrase, keyring or transit.")],
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option(help="With passphrase: a file that holds the new one; else it is asked for."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep the root key elsewhere, or under a new passphrase; no document is touched. Stop the server first."""
    run(_move(provider, new_passphrase_file, as_json=as_json))


@rotate.command("root")
def rotate_root(as_json: AsJson = False) -> None:
    """A new root key: re-seals the keys of vaults and people, touches no document; the server may go on."""
    run(_rotate_root(as_json=as_json))


@rotate.command("vault")
def rotate_vault(
    vault: Annotated[str, typer.Argument(help="The vault's name or id.")], as_json: AsJson = False
) -> None:
    """A new key for one vault: seals its documents' keys anew; no document and no index is touched."""
    run(_rotate(vault, "vault", as_json=as_json))


@rotate.command("search")
def rotate_search(
    vault: Annotated[str, typer.Argument(help="The vault's name or id.")], as_json: AsJson = False
) -> None:
    """A new search secret for one vault: scrambles its index anew, while the old one serves."""
    run(_rotate(vault, "search", as_json=as_json))


def show_recovery_key(code: str) -> None:
    """The one time that a recovery key is seen."""
    typer.secho("\n  RECOVERY KEY (shown this once, kept nowhere):", bold=True)
    typer.secho(f"\n      {code}\n", fg=typer.colors.YELLOW, bold=True)
    typer.echo(
        "  Write it down, apart from this machine. If the root key is lost, `qanat keys recover` opens the"
    )
    typer.echo("  data with it; whoever has both it and a copy of the data folder can read everything.")
    if not sys.stdout.isatty():
        typer.echo(
            "  This output seems to go into a log: make another with `qanat keys recovery` in a terminal."
        )


@asynccontextmanager
async def _keeper(settings: Settings, *, alone: bool) -> AsyncIterator["RootKeeper"]:
    """The keeper of the data folder's root key, unopened. `alone`: only while no server runs."""
    from backend import records, schema
    from backend.clock import SystemClock
    from backend.root_key.providers import keeper_of

    path = records.database_file(settings)
    if settings.database_url is None and not path.is_file():
        raise CommandFailed(f"There is no data in {settings.data_dir} yet: start `qanat serve` first.")
    if not alone and instance.find_instance(settings.data_dir) is not None:
        database = records.open_records(settings)
        try:
            yield keeper_of(settings, database, SystemClock())
        finally:
            await database.close()
        return
    with instance.only_instance(settings.data_dir):
        database = records.open_records(settings)
        try:
            await records.begin(settings, database)
            await schema.upgrade(database, path=path, now=SystemClock().now())
            yield keeper_of(settings, database, SystemClock())
        finally:
            await database.close()


async def _show(*, as_json: bool) -> None:
    async with _keeper(Settings(), alone=False) as keeper:
        keeping = await keeper.keeping()
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "provider": keeping.provider,
                    "version": keeping.version,
                    "changed_at": keeping.changed_at.isoformat() if keeping.changed_at else None,
                    "has_recovery": keeping.has_recovery,
                }
            )
        )
        return
    typer.echo(f"The root key is kept by: {keeping.provider}")
    typer.echo(f"It is number {keeping.version} of this data folder.")
    there = "There is a recovery key." if keeping.has_recovery else "There is no recovery key yet."
    typer.echo(f"{there} `qanat keys recovery` makes a new one.")


async def _recovery(*, as_json: bool) -> None:
    async with _keeper(Settings(), alone=False) as keeper:
        await keeper.open()
        code = await keeper.new_recovery()
        if as_json:
            typer.echo(json.dumps({"recovery_key": code}))
        else:
            show_recovery_key(code)
        await keeper.recovery_was_shown()


async def _recover(*, as_json: bool) -> None:
    settings = Settings()
    async with _keeper(settings, alone=True) as keeper:
        if sys.stdin.isatty():
            code = await asyncio.to_thread(getpass.getpass, "Recovery key: ")
        else:
            code = await asyncio.to_thread(sys.stdin.readline)
        await keeper.recover(code)
    if as_json:
        typer.echo(json.dumps({"provider": settings.root_key_provider}))
        return
    typer.echo(f"The data opens again. The root key is kept by: {settings.root_key_provider}.")
    typer.echo("The recovery key stays good. If anybody else may have seen it, run `qanat keys recovery`.")


async def _move(kind: str, new_passphrase_file: Path | None, *, as_json: bool) -> None:
    from backend.root_key.providers import provider_of
    from knowledge_vault.keys.transit import Transit

    if kind not in ("file", "passphrase", "keyring", "transit"):
        raise CommandFailed(
            f"There is no provider {kind!r}: file, passphrase, keyring and transit can be had."
        )
    settings = Settings()
    async with _keeper(settings, alone=False) as reader:
        now = (await reader.keeping()).provider
    settings = settings.model_copy(update={"root_key_provider": now})
    async with _keeper(settings, alone=True) as keeper:
        await keeper.open()
        to = provider_of(settings, kind, new_passphrase_file=new_passphrase_file)
        left_to_do = ""
        if isinstance(to, Transit) and now == kind:
            await keeper.rewrap(to)
        else:
            left_to_do = await keeper.move(to)
    if as_json:
        typer.echo(json.dumps({"from": now, "to": kind, "left_to_do": left_to_do or None}))
        return
    typer.echo(f"The root key, kept by {now} until now, is kept by {kind}. No document was touched.")
    typer.echo(f"From now on start with QANAT_ROOT_KEY_PROVIDER={kind}. {left_to_do}")


async def _rotate_root(*, as_json: bool) -> None:
    settings = Settings()
    if instance.find_instance(settings.data_dir) is not None:
        async with connected(settings) as client:
            done = result_of(await client.post("/api/root-key/rotate"))
        version, count = done["version"], done["resealed_count"]
    else:
        async with _keeper(settings, alone=True) as keeper:
            await keeper.open()
            count = await keeper.rotate()
            version = (await keeper.keeping()).version
    if as_json:
        typer.echo(json.dumps({"version": version, "resealed_count": count}))
        return
    typer.echo(
        f"Root key number {version} is in force; {count} keys were sealed anew. No document was touched."
    )
    typer.echo("The recovery key stays good. Old backups open with the old root key only.")


async def _rotate(name: str, what: str, *, as_json: bool) -> None:
    async with connected(Settings()) as client:
        vault = await find_vault(client, name)
        path = f"/api/vaults/{vault['id']}/keys"
        keys = result_of(await client.post(f"{path}/rotate", json={"what": what}))
        told = 0.0
        while (rotation := next(each for each in keys["rotations"] if each["what"] == what))["is_under_way"]:
            if not as_json and time.monotonic() - told > 2:
                told = time.monotonic()
                typer.echo(f"  {rotation['done']} of {rotation['total']}", err=True)
            await asyncio.sleep(0.2)
            keys = result_of(await client.get(path))
    if rotation["problem"]:
        raise CommandFailed(f"It stopped and goes on later: {rotation['problem']}")
    version = keys["key_version" if what == "vault" else "search_version"]
    if as_json:
        typer.echo(
            json.dumps({"vault": vault["id"], "what": what, "version": version, "count": rotation["done"]})
        )
        return
    done = "keys were sealed anew" if what == "vault" else "documents were indexed anew"
    typer.echo(f"Number {version} is in force; {rotation['done']} {done}.")
