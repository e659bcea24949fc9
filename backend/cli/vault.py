"""`qanat vault`: add documents, search them, choose a vault's protection and build its index anew."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from backend.cli.connection import CommandFailed, connected, find_vault, result_of
from backend.cli.running import run
from backend.settings import Settings
from knowledge_vault.values import Period, Stage

app = typer.Typer(help="Put documents into vaults and search them.", no_args_is_help=True)

FINAL_STAGES = {stage.value for stage in Stage if stage.is_final}
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_vaults(as_json: AsJson = False) -> None:
    """Your vaults."""
    run(_list(as_json=as_json))


@app.command("add")
def add(
    vault: Annotated[str, typer.Argument(help="The vault's name or id; a new name makes a new vault.")],
    files: Annotated[list[Path], typer.Argument(help="Files, or folders whose files are added.")],
    as_json: AsJson = False,
) -> None:
    """Add documents and wait until each can be searched, or says why not."""
    run(_add(vault, files, as_json=as_json))


@app.command("search")
def search(
    vault: Annotated[str, typer.Argument(help="The vault's name or id.")],
    question: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(help="How many passages.")] = 5,
    rerank: Annotated[
        bool, typer.Option(help="Let the server's reranker, if it has one, put them in order.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Find the passages that bear on a question."""
    run(_search(vault, question, limit=limit, rerank=rerank, as_json=as_json))


@app.command("scrub")
def scrub(
    vault: Annotated[str | None, typer.Argument(help="The vault's name or id; all of yours without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open everything that is sealed, and name what was altered or lost on the disk; status 1 if anything was.

    Without a vault: all of yours, and your chats, runs and agents.
    """
    run(_scrub(vault, as_json=as_json))


@app.command("add-page")
def add_page(
    vault: Annotated[str, typer.Argument(help="The vault's name or id; a new name makes a new vault.")],
    url: Annotated[str, typer.Argument(help="The address of a page on the public web.")],
    site: Annotated[
        bool, typer.Option(help="Also the pages that its site map names, or that it links to.")
    ] = False,
    limit: Annotated[int, typer.Option(help="The most pages, with --site.")] = 20,
    every: Annotated[Period, typer.Option(help="How often it is fetched again by itself.")] = Period.DAILY,
    as_json: AsJson = False,
) -> None:
    """Add a page of the web, or a site's pages, and wait until each can be searched."""
    run(_add_page(vault, url, limit=limit if site else None, period=every, as_json=as_json))


@app.command("synchronize")
def synchronize(
    vault: Annotated[str, typer.Argument(help="The vault's name or id.")], as_json: AsJson = False
) -> None:
    """Fetch the pages of a vault again; those that have changed replace their documents."""
    run(_synchronize(vault, as_json=as_json))


async def _add_page(name: str, url: str, *, limit: int | None, period: Period, as_json: bool) -> None:
    async with connected(Settings()) as client:
        vault = await _find(client, name)
        if vault is None:
            vault = result_of(await client.post("/api/vaults", json={"name": name}))
        body = {"url": url, "period": period}
        if limit is None:
            asked = client.post(f"/api/vaults/{vault['id']}/web-pages", json=body)
        else:
            asked = client.post(f"/api/vaults/{vault['id']}/site-maps", json={**body, "limit": limit})
        fetched = result_of(await asked)
        ids = {document["id"] for document in fetched["accepted"] + fetched["already_there"]}
        finished = await wait_for(client, vault["id"], ids, quiet=as_json)
    _tell(vault["id"], finished, fetched["refused"], as_json=as_json)


async def _synchronize(name: str, *, as_json: bool) -> None:
    async with connected(Settings()) as client:
        vault = await _find(client, name)
        if vault is None:
            raise CommandFailed(f"There is no vault {name!r}. `qanat vault list` shows yours.")
        result = result_of(await client.post(f"/api/vaults/{vault['id']}/synchronize", timeout=600))
        await wait_for(client, vault["id"], {document["id"] for document in result["changed"]}, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        for document in result["changed"]:
            typer.echo(f"{document['name']}  replaced")
        for page in result["failed"]:
            typer.secho(f"{page['name']}  {page['detail']}", fg=typer.colors.RED)
        typer.echo(f"{result['unchanged_count']} pages have not changed.")
    if result["failed"]:
        raise typer.Exit(1)


@app.command("rebuild")
def rebuild(
    vault: Annotated[
        str | None, typer.Argument(help="The vault's name or id; all of yours when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build search indexes anew from the sealed documents; the one before serves until it is ready.

    Interrupted, it goes on by itself at the next start.
    """
    run(_rebuild(vault, as_json=as_json))


@app.command("protect")
def protect(
    vault: Annotated[str, typer.Argument(help="The vault's name or id.")],
    level: Annotated[
        str, typer.Argument(help="standard or sealed; `qanat vault levels` says what each promises.")
    ],
    as_json: AsJson = False,
) -> None:
    """Change a vault's protection; it goes on being searched meanwhile."""
    run(_protect(vault, level, as_json=as_json))


@app.command("levels")
def levels(as_json: AsJson = False) -> None:
    """What a vault's protection may be, and what each level promises."""
    run(_levels(as_json=as_json))


async def _list(*, as_json: bool) -> None:
    async with connected(Settings()) as client:
        vaults = result_of(await client.get("/api/vaults"))
    if as_json:
        typer.echo(json.dumps(vaults, ensure_ascii=False))
        return
    for vault in vaults:
        typer.echo(f"{vault['id']}  {vault['name']}  {vault['document_count']} documents")


async def _add(name: str, paths: list[Path], *, as_json: bool) -> None:
    files = await asyncio.to_thread(_files, paths)
    async with connected(Settings()) as client:
        vault = await find_or_create_vault(client, name)
        documents: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        for path in files:
            handle = await asyncio.to_thread(path.open, "rb")
            with handle:
                uploaded = result_of(
                    await client.post(
                        f"/api/vaults/{vault['id']}/documents", files=[("files", (path.name, handle))]
                    )
                )
            documents += uploaded["accepted"] + uploaded["already_there"]
            refused += uploaded["refused"]
        finished = await wait_for(client, vault["id"], {d["id"] for d in documents}, quiet=as_json)
    _tell(vault["id"], finished, refused, as_json=as_json)


def _tell(
    vault_id: str, finished: list[dict[str, Any]], refused: list[dict[str, Any]], *, as_json: bool
) -> None:
    """What became of each; raises Exit when one of them cannot be searched."""
    if as_json:
        typer.echo(
            json.dumps({"vault": vault_id, "documents": finished, "refused": refused}, ensure_ascii=False)
        )
    else:
        for document in finished:
            problem = document["error"]
            outcome = f"{document['stage']}: {problem['detail']}" if problem else document["stage"]
            typer.echo(f"{document['name']}  {document['chunk_count']} chunks  {outcome}")
        for file in refused:
            typer.secho(f"{file['name']}  refused: {file['detail']}", fg=typer.colors.RED)
    if refused or any(document["stage"] == "failed" for document in finished):
        raise typer.Exit(1)


async def wait_for(
    client: httpx.AsyncClient, vault_id: str, ids: set[str], *, quiet: bool
) -> list[dict[str, Any]]:
    """The documents once none is under way any more; tells on standard error how far they are."""
    told = time.monotonic()
    while True:
        listed = result_of(await client.get(f"/api/vaults/{vault_id}/documents"))
        mine = [document for document in listed if document["id"] in ids]
        latest = [document["replacement"] or document for document in mine]
        waiting = [document for document in latest if document["stage"] not in FINAL_STAGES]
        if not waiting:
            return mine
        if not quiet and time.monotonic() - told > 2:
            told = time.monotonic()
            for document in waiting:
                pages = (
                    f", pages 1-{document['pages_done']} of {document['page_count']} ready"
                    if document["pages_done"] and document["page_count"]
                    else ""
                )
                share = f"{document['stage']} {document['progress']:.0%}"
                typer.echo(f"  {document['name']}: {share}{pages}", err=True)
        await asyncio.sleep(0.2)


async def _search(name: str, question: str, *, limit: int, rerank: bool, as_json: bool) -> None:
    async with connected(Settings()) as client:
        vault = await find_vault(client, name)
        body = {"question": question, "limit": limit, "rerank": rerank}
        found = result_of(await client.post(f"/api/vaults/{vault['id']}/search", json=body))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for number, passage in enumerate(found["passages"], start=1):
        page = f", page {passage['page']}" if passage["page"] else ""
        text = " ".join(passage["text"].split())
        typer.secho(f"{number}. {passage['document']}{page}  {passage['score']:.2f}", bold=True)
        typer.echo(f"   {text[:300]}{'…' if len(text) > 300 else ''}")
    if found["reranking"] in ("failed", "timed_out"):
        typer.echo("The reranker failed or took too long: the search kept its own order.", err=True)
    if found["not_ready_count"]:
        typer.echo(f"{found['not_ready_count']} documents are not ready and were not searched.", err=True)


async def _scrub(name: str | None, *, as_json: bool) -> None:
    damaged: list[dict[str, Any]] = []
    documents = records = 0
    async with connected(Settings()) as client:
        vaults = [await find_vault(client, name)] if name else result_of(await client.get("/api/vaults"))
        for vault in vaults:
            if vault["is_locked"]:
                typer.echo(f"{vault['name']}: locked, not looked at. Unlock it and repeat.", err=True)
                continue
            path = f"/api/vaults/{vault['id']}/scrub"
            async for step in _scrubbing(client, path, vault["name"], quiet=as_json):
                documents += 1
                if step["damage"]:
                    damaged.append({"vault_id": vault["id"], **step["damage"]})
        if name is None:
            async for step in _scrubbing(client, "/api/scrub", "chats, runs and agents", quiet=as_json):
                records = step["done"]
                damaged += step["damage"]
    if as_json:
        typer.echo(json.dumps({"documents": documents, "records": records, "damaged": damaged}))
    else:
        for each in damaged:
            typer.secho(_damage_in_words(each), fg=typer.colors.RED)
        typer.echo(f"{documents} documents and {records} records were looked at; {len(damaged)} damaged.")
    if damaged:
        raise typer.Exit(1)


async def _scrubbing(
    client: httpx.AsyncClient, path: str, what: str, *, quiet: bool
) -> AsyncIterator[dict[str, Any]]:
    """Each step, telling now and then how far it is."""
    told = time.monotonic()
    async with client.stream("POST", path) as response:
        if not response.is_success:
            await response.aread()
            result_of(response)
        async for line in response.aiter_lines():
            step: dict[str, Any] = json.loads(line)
            yield step
            if not quiet and time.monotonic() - told > 2:
                told = time.monotonic()
                typer.echo(f"  {what}: {step['done']} of {step['total']}", err=True)


def _damage_in_words(damage: dict[str, Any]) -> str:
    if "kind" in damage:
        return f"{damage['kind']} {damage['id']} is damaged: restore it from a backup, or delete it"
    what = f"document {damage['document_id']}" if damage["document_id"] else f"vault {damage['vault_id']}"
    return f"{what} is damaged: {', '.join(damage['parts'])}"


async def _rebuild(name: str | None, *, as_json: bool) -> None:
    async with connected(Settings()) as client:
        if name is None:
            wanted: list[dict[str, Any]] = result_of(await client.get("/api/vaults"))
        else:
            wanted = [await find_vault(client, name)]
        for vault in wanted:
            result_of(await client.post(f"/api/vaults/{vault['id']}/rebuild"))
        rebuilt = [await _wait_for_index(client, vault, quiet=as_json) for vault in wanted]
    if as_json:
        typer.echo(json.dumps(rebuilt, ensure_ascii=False))
        return
    for vault in rebuilt:
        typer.echo(f"{vault['name']}  {vault['chunk_count']} passages  rebuilt")


async def _protect(name: str, level: str, *, as_json: bool) -> None:
    async with connected(Settings()) as client:
        vault = await find_vault(client, name)
        result_of(await client.patch(f"/api/vaults/{vault['id']}", json={"protection": level}))
        done = await _wait_for_index(client, vault, quiet=as_json)
    if done["protection"] != level:
        raise CommandFailed("The vault's protection could not be changed; the server's log says why.")
    if as_json:
        typer.echo(json.dumps(done, ensure_ascii=False))
        return
    typer.echo(f"{done['name']}  {done['protection']}")


async def _levels(*, as_json: bool) -> None:
    async with connected(Settings()) as client:
        found = result_of(await client.get("/api/protection-levels"))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for level in found:
        typer.secho(f"{level['protection']}", bold=True)
        typer.echo(f"   {level['promise']}\n   {level['index']}\n   It does not protect against")
        for each in level["does_not_protect_against"]:
            typer.echo(f"   - {each}")


async def _wait_for_index(client: httpx.AsyncClient, vault: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """The vault once its new index has taken over; tells on standard error how far it is."""
    told = time.monotonic()
    while True:
        now: dict[str, Any] = result_of(await client.get(f"/api/vaults/{vault['id']}"))
        if now["reindexing"] is None:
            return now
        if not quiet and time.monotonic() - told > 1:
            told = time.monotonic()
            typer.echo(f"  {now['name']}: {now['reindexing']['progress']:.0%}", err=True)
        await asyncio.sleep(0.1)


async def find_or_create_vault(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    vault = await _find(client, name)
    if vault is None:
        vault = result_of(await client.post("/api/vaults", json={"name": name}))
    return vault


async def _find(client: httpx.AsyncClient, name: str) -> dict[str, Any] | None:
    vaults: list[dict[str, Any]] = result_of(await client.get("/api/vaults"))
    return next((vault for vault in vaults if name in (vault["id"], vault["name"])), None)


def _files(paths: list[Path]) -> list[Path]:
    """The files named, and those inside the folders named. Raises CommandFailed for a path that is not there."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(child for child in path.rglob("*") if child.is_file())
        elif path.is_file():
            files.append(path)
        else:
            raise CommandFailed(f"There is no file {path}.")
    return files
