"""`qanat vault watch`: keep a vault like a folder. What is saved there is added or replaced; nothing else is touched.

A file is known in the vault by its path in the folder, so that watching may stop and start again: what changed in
between is noticed by its content.
"""

import asyncio
import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from watchfiles import Change, DefaultFilter, awatch

from backend.cli.connection import CommandFailed, connected, result_of
from backend.cli.running import run
from backend.cli.vault import AsJson, find_or_create_vault, wait_for
from backend.settings import Settings

_BETWEEN_FOLDERS = " › "
_LISTEN_MS = 500
"""How long one look at the folder listens."""


def watch(
    vault: Annotated[str, typer.Argument(help="The vault's name or id; a new name makes a new vault.")],
    folder: Annotated[Path, typer.Argument(help="The folder whose files the vault is to hold.")],
    once: Annotated[bool, typer.Option("--once", help="Bring the vault up to date and end.")] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete documents for good whose files are gone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a vault like a folder until Ctrl-C: files saved there are added, or replace what they were before."""
    run(_watch(vault, folder, once=once, delete=delete, as_json=as_json))


async def _watch(name: str, folder: Path, *, once: bool, delete: bool, as_json: bool) -> None:
    if not await asyncio.to_thread(folder.is_dir):
        raise CommandFailed(f"There is no folder {folder}.")
    folder = await asyncio.to_thread(folder.resolve)
    async with connected(Settings()) as client:
        vault = await find_or_create_vault(client, name)
        mirror = Mirror(client, vault["id"], folder, delete=delete)
        if once:
            report = await mirror.bring_up_to_date()
            _tell(report, as_json=as_json)
            if any(each["outcome"] in ("refused", "failed") for each in report):
                raise typer.Exit(1)
            return
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        saved = awatch(folder, stop_event=stop, yield_on_timeout=True, rust_timeout=_LISTEN_MS)
        await anext(saved)  # listen first, then look: nothing that is saved in between is missed
        _tell(await mirror.bring_up_to_date(), as_json=as_json)
        if not as_json:
            typer.echo(f"Watching {folder}. Stop with Ctrl-C.")
        async for changes in saved:
            _tell(await mirror.follow(changes), as_json=as_json)
    if not as_json:
        typer.echo("Stopped; the vault stays as it is.")


def _tell(report: Iterable[dict[str, str]], *, as_json: bool) -> None:
    for each in report:
        if as_json:
            typer.echo(json.dumps(each, ensure_ascii=False))
        else:
            typer.echo(f"{each['name']}  {each['outcome']}{': ' + each['detail'] if each['detail'] else ''}")


class Mirror:
    """One vault that is kept like one folder."""

    def __init__(self, client: httpx.AsyncClient, vault_id: str, folder: Path, *, delete: bool) -> None:
        self._client = client
        self._vault_id = vault_id
        self._folder = folder
        self._delete = delete
        self._is_of_interest = DefaultFilter()

    async def bring_up_to_date(self) -> list[dict[str, str]]:
        """Every file of the folder, and with `delete` every document that has none any more."""
        documents = await self._documents()
        files = await asyncio.to_thread(self._files)
        gone = [document for name, document in documents.items() if name not in files]
        return await self._save(files, documents) + await self._forget(gone)

    async def follow(self, changes: Iterable[tuple[Change, str]]) -> list[dict[str, str]]:
        """What was saved or deleted just now."""
        paths = {Path(path) for _, path in changes}
        documents = await self._documents()
        files = await asyncio.to_thread(lambda: {self._name(path): path for path in paths if path.is_file()})
        lost = {self._name(path) for path in paths} - set(files)
        gone = [document for name, document in documents.items() if name in lost]
        return await self._save(files, documents) + await self._forget(gone)

    def _files(self) -> dict[str, Path]:
        return {
            self._name(path): path
            for path in sorted(self._folder.rglob("*"))
            if path.is_file() and self._is_of_interest(Change.added, str(path))
        }

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix().replace("/", _BETWEEN_FOLDERS)

    async def _documents(self) -> dict[str, dict[str, Any]]:
        listed = result_of(await self._client.get(f"/api/vaults/{self._vault_id}/documents"))
        return {document["name"]: document for document in listed}

    async def _save(
        self, files: dict[str, Path], documents: dict[str, dict[str, Any]]
    ) -> list[dict[str, str]]:
        report, waiting = [], {}
        for name, path in files.items():
            known = documents.get(name)
            uploaded = await self._upload(name, path, known)
            if uploaded is None:  # deleted, or renamed, before it could be read
                continue
            report += [
                {"name": name, "outcome": "refused", "detail": refused["detail"]}
                for refused in uploaded["refused"]
            ]
            for document in uploaded["already_there"]:
                same = known is not None and document["id"] == known["id"]
                what = "unchanged" if same else "already there"
                detail = "" if same or document["name"] == name else f"as {document['name']}"
                report.append({"name": name, "outcome": what, "detail": detail})
            for document in uploaded["accepted"]:
                waiting[document["id"]] = "replaced" if known else "added"
        for document in await wait_for(self._client, self._vault_id, set(waiting), quiet=True):
            problem = (document["replacement"] or document)["error"]
            outcome = "failed" if problem else waiting[document["id"]]
            detail = problem["detail"] if problem else ""
            report.append({"name": document["name"], "outcome": outcome, "detail": detail})
        return report

    async def _upload(self, name: str, path: Path, known: dict[str, Any] | None) -> dict[str, Any] | None:
        try:
            handle = await asyncio.to_thread(path.open, "rb")
        except OSError:
            return None
        with handle:
            files = [("files", (name, handle))]
            if known is None:
                sent = self._client.post(f"/api/vaults/{self._vault_id}/documents", files=files)
            else:
                sent = self._client.put(f"/api/documents/{known['id']}/content", files=files)
            uploaded: dict[str, Any] = result_of(await sent)
        return uploaded

    async def _forget(self, documents: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
        report = []
        for document in documents:
            if self._delete:
                result_of(await self._client.delete(f"/api/documents/{document['id']}"))
                report.append({"name": document["name"], "outcome": "deleted", "detail": ""})
            else:
                kept = "its file is gone; --delete would delete it too"
                report.append({"name": document["name"], "outcome": "kept", "detail": kept})
        return report
