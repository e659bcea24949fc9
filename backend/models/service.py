"""The models of this server by name: add them, choose the one for all, and lend them to runs in turn.

Only the operator adds models. A file is read by this process, and a server is told what people ask: both are as far as
trust can go. Everybody signed in may choose among those that are there.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from agent_runtime.errors import ModelFileUnusable, ModelMissing, ModelUnavailable
from agent_runtime.models import gguf, memory
from agent_runtime.models.line import FairLine
from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.models.openai_compatible import OpenAICompatibleModel
from agent_runtime.models.shared import ModelInLine
from agent_runtime.node_kinds.model_choice import is_model_name
from agent_runtime.ports import ChatMessage, ChatModel, Sampling, TextDelta
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Invalid, NotFound, TooLarge
from backend.models import store
from backend.models.connecting import Resolve, guarded_client
from backend.models.store import AddedModel
from backend.sealed import Sealer, open_json, seal_json

log = logging.getLogger("qanat.models")

BUILT_IN = "built-in"
"""The name of the model that the server's settings name."""
SERVED_AT_ONCE = 8
"""Replies that a model server is asked for at one time unless its operator says otherwise; it works on several
together."""
SILENCE_S = 120.0
TRIED_WITH = "Answer with one word: what colour is the sky on a clear day?"


@dataclass(frozen=True)
class ModelServer:
    """Where an OpenAI-compatible server is, and how it is asked."""

    url: str
    model: str
    secret: str | None
    is_private: bool


@dataclass(frozen=True)
class RegisteredModel:
    """A model as its operator sees it."""

    name: str
    kind: Literal["built-in", "file", "server"]
    title: str
    """The file's name, or the model's name at its server."""
    size_bytes: int
    context_tokens: int
    at_once: int
    is_default: bool
    problem: str | None = None
    """Why it cannot be asked now, in words."""
    path: str | None = None
    url: str | None = None
    is_private: bool = False
    has_secret: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True)
class Tried:
    text: str
    took_ms: int


@dataclass
class _Open:
    """A model that was asked since the server started."""

    model: ChatModel
    line: FairLine
    memory_bytes: int = 0
    """0 for what is not in this process."""
    used_at: float = 0.0


class ModelRegistry:
    """Holds what is open; the rows are the truth about what there is."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sealer: Sealer,
        *,
        folder: Path,
        built_in: ChatModel,
        built_in_file: Path | None,
        context_tokens: int,
        threads: int | None = None,
        gpu_layers: int | None = None,
        max_file_bytes: int,
        resolve: Resolve | None = None,
        free_bytes: Callable[[], int] = memory.free_bytes,
    ) -> None:
        """`folder` holds the files that were sent. `built_in_file` is None where the settings name a server."""
        self._database = database
        self._clock = clock
        self._sealer = sealer
        self._folder = folder
        self._built_in_file = built_in_file
        self._context_tokens = context_tokens
        self._threads = threads
        self._gpu_layers = gpu_layers
        self._max_file_bytes = max_file_bytes
        self._resolve = resolve
        self._free_bytes = free_bytes
        self._local_line = FairLine()
        """One for all models in this process: two that write at one time are slower than one after the other."""
        line = self._local_line if built_in_file else FairLine(at_once=SERVED_AT_ONCE)
        self._built_in = _Open(built_in, line, memory_bytes=1 if built_in_file else 0)
        self._open: dict[str, _Open] = {}
        self._rows: dict[str, AddedModel] = {}
        self._making_room = asyncio.Lock()

    async def start(self) -> None:
        """Look at what there is, and clear away files whose sending broke off."""
        await asyncio.to_thread(self._clear)
        await self._refresh()

    async def stop(self) -> None:
        for name in list(self._open):
            await self._close(name)
        await _end(self._built_in.model)

    # What there is

    @property
    def names(self) -> Collection[str]:
        """What steps may choose by name, as far as this process knows."""
        return {BUILT_IN, *self._rows}

    @property
    def title(self) -> str:
        """What answers where nothing else is chosen."""
        row = self._default()
        return row.name if row else self._built_in.model.name

    async def list_models(self) -> list[RegisteredModel]:
        """The built-in one first."""
        await self._refresh()
        size = await asyncio.to_thread(_size, self._built_in_file) if self._built_in_file else 0
        missing = self._built_in_file is not None and not size
        built_in = RegisteredModel(
            name=BUILT_IN,
            kind="built-in",
            title=self._built_in.model.name,
            size_bytes=size,
            context_tokens=self._built_in.model.context_tokens,
            at_once=1 if self._built_in_file else SERVED_AT_ONCE,
            is_default=self._default() is None,
            problem="Its file is missing. Run `make prepare`, or name another in QANAT_LLM_PATH."
            if missing
            else None,
        )
        return [built_in, *[await asyncio.to_thread(self._described, row) for row in self._rows.values()]]

    def for_run(self, person: str, prefix_scope: str) -> "RunModels":
        """The models as one run sees them. See `Sampling.prefix_scope`."""
        return RunModels(self, person, prefix_scope)

    async def open(self, name: str) -> _Open:
        """The model of that name, ready to be asked; the default one for an empty name.

        Raises:
            ModelMissing: there is none of that name. ModelUnavailable: there is no room for it now.
        """
        await self._refresh()
        row = self._rows.get(name) if name else self._default()
        if row is None and name not in ("", BUILT_IN):
            raise ModelMissing(
                f"There is no model {name!r} on this server any more: the agent's owner must choose another one in the "
                "step that asks it."
            )
        opened = self._built_in if row is None else self._opened(row)
        opened.used_at = time.monotonic()
        await self._make_room(opened)
        return opened

    # Adding, by the operator

    async def add_path(self, name: str, path: str, *, context_tokens: int | None = None) -> RegisteredModel:
        """Add a GGUF file that lies on the server's disk; it stays where it is.

        Raises:
            Invalid, Conflict: the name. ModelFileUnusable: the file.
        """
        name = await self._free_name(name)
        place = Path(path.strip())
        readable = place.is_absolute() and place.suffix == ".gguf" and await asyncio.to_thread(place.is_file)
        if not readable:
            raise Invalid(
                "There is no such .gguf file that this server can read. Write its whole path on the server, such as "
                "/srv/models/qwen2.5-3b-instruct-q4_k_m.gguf."
            )
        return await self._add_file(name, place, context_tokens)

    async def add_upload(
        self, name: str, content: AsyncIterator[bytes], *, declared_bytes: int
    ) -> RegisteredModel:
        """Keep a GGUF file that arrives, in the folder of models.

        Raises:
            Invalid, Conflict: the name. TooLarge: the file. ModelFileUnusable: it is no model for this machine; said
            as soon as its first bytes tell.
        """
        name = await self._free_name(name)
        if declared_bytes > self._max_file_bytes:
            raise self._too_large()
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        arriving = self._folder / f".arriving-{uuid4().hex}"
        try:
            await self._receive(arriving, content, shown=f"{name}.gguf")
            head = await asyncio.to_thread(gguf.read_head, arriving)
            self._check_memory(f"{name}.gguf", head)
            kept = self._folder / f"{name}.gguf"
            await asyncio.to_thread(os.replace, arriving, kept)
        finally:
            await asyncio.to_thread(arriving.unlink, missing_ok=True)
        return await self._add_file(name, kept, None)

    async def add_server(
        self, name: str, server: ModelServer, *, context_tokens: int, at_once: int
    ) -> RegisteredModel:
        """Add a model of an OpenAI-compatible server.

        Raises:
            Invalid, Conflict: the name, or where the server is.
        """
        name = await self._free_name(name)
        server = _checked_server(server)
        row = self._row(name, "server", _place_of(server), 0, context_tokens, at_once)
        async with self._database.writing() as connection:
            await store.add(connection, row)
        log.info("model.added name=%s kind=server", name)
        return await self.get(name)

    async def change_server(
        self, name: str, server: ModelServer, *, keeps_secret: bool, context_tokens: int, at_once: int
    ) -> RegisteredModel:
        """Another address, model or secret under the same name.

        A secret stays only where the address stays: sending it elsewhere takes bringing it anew.

        Raises:
            NotFound: no such server. Invalid: where it is.
        """
        row = await self._get(name, kind="server")
        before = self._server_of(row)
        server = _checked_server(server)
        if keeps_secret and before.secret:
            if _origin(before.url) != _origin(server.url):
                raise Invalid(
                    "The secret was saved for another address. Enter it again to use it at this one."
                )
            server = ModelServer(server.url, server.model, before.secret, server.is_private)
        place = seal_json(self._sealer, _place_of(server), "model", name)
        async with self._database.writing() as connection:
            await store.replace(connection, name, place=place, context_tokens=context_tokens, at_once=at_once)
        await self._close(name)
        return await self.get(name)

    async def choose_default(self, name: str) -> None:
        """Let steps that choose no model ask this one. Raises NotFound."""
        if name != BUILT_IN:
            await self._get(name)
        async with self._database.writing() as connection:
            await store.set_default(connection, None if name == BUILT_IN else name)
        await self._refresh()

    async def remove(self, name: str) -> None:
        """Forget a model; steps that ask it fail from now on. Its file goes too, if it was sent here.

        Raises:
            NotFound: no such model, or the built-in one.
        """
        row = await self._get(name)
        async with self._database.writing() as connection:
            await store.remove(connection, name)
        await self._close(name)
        await self._refresh()
        if row.kind == "file":
            path = Path(open_json(self._sealer, row.place, "model", name)["path"])
            if path.parent == self._folder:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    async def get(self, name: str) -> RegisteredModel:
        """Raises NotFound."""
        found = next((model for model in await self.list_models() if model.name == name), None)
        if found is None:
            raise NotFound(f"There is no model {name!r} here.")
        return found

    async def try_out(self, name: str, person: str) -> Tried:
        """Ask a model something easy, in turn with everybody else.

        Raises:
            NotFound: no such model. ModelError: why it does not answer.
        """
        await self.get(name)
        model = await self.for_run(person, "").find(name)
        began, written = time.monotonic(), ""
        messages = [ChatMessage("user", TRIED_WITH)]
        async for part in model.reply(messages, Sampling(max_tokens=16)):
            if isinstance(part, TextDelta):
                written += part.text
        return Tried(written.strip(), round((time.monotonic() - began) * 1000))

    # Inside

    async def _add_file(self, name: str, path: Path, context_tokens: int | None) -> RegisteredModel:
        head = await asyncio.to_thread(gguf.read_head, path)
        self._check_memory(path.name, head)
        window = min(context_tokens or self._context_tokens, head.trained_tokens)
        row = self._row(name, "file", {"path": str(path)}, head.file_bytes, window, 1)
        async with self._database.writing() as connection:
            await store.add(connection, row)
        log.info("model.added name=%s kind=file bytes=%d", name, head.file_bytes)
        return await self.get(name)

    def _row(
        self,
        name: str,
        kind: Literal["file", "server"],
        place: dict[str, Any],
        size: int,
        context_tokens: int,
        at_once: int,
    ) -> AddedModel:
        return AddedModel(
            name=name,
            kind=kind,
            place=seal_json(self._sealer, place, "model", name),
            size_bytes=size,
            context_tokens=context_tokens,
            at_once=at_once,
            is_default=False,
            created_at=self._clock.now(),
        )

    async def _receive(self, arriving: Path, content: AsyncIterator[bytes], *, shown: str) -> None:
        received, beginning = 0, b""
        with await asyncio.to_thread(arriving.open, "xb") as file:
            async for chunk in content:
                if len(beginning) < 4:
                    beginning += chunk[:4]
                    if len(beginning) >= 4:
                        gguf.check_magic(beginning, name=shown)
                received += len(chunk)
                if received > self._max_file_bytes:
                    raise self._too_large()
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(file.flush)
            await asyncio.to_thread(os.fsync, file.fileno())
        gguf.check_magic(beginning, name=shown)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"A model file may have {self._max_file_bytes / 1e9:.1f} GB here (QANAT_MAX_MODEL_BYTES). Copy a larger "
            "one to the server and add it by its path."
        )

    def _check_memory(self, name: str, head: gguf.GgufHead) -> None:
        needed, there = head.memory_bytes(self._context_tokens), memory.total_bytes()
        if needed > there:
            raise ModelFileUnusable(
                name,
                reason=f"it takes about {needed / 1e9:.1f} GB of memory, and this machine has {there / 1e9:.1f} GB",
                advice="Choose a smaller model, or one with fewer bits a weight.",
            )

    async def _make_room(self, wanted: _Open) -> None:
        """Unload what was used longest ago until the model fits into memory."""
        model = wanted.model
        if not isinstance(model, LlamaCppModel) or model.is_loaded or wanted.memory_bytes < 2:
            return
        async with self._making_room:
            others = sorted([self._built_in, *self._open.values()], key=lambda other: other.used_at)
            while self._free_bytes() < wanted.memory_bytes:
                loaded = [o.model for o in others if isinstance(o.model, LlamaCppModel) and o.model.is_loaded]
                if not loaded:
                    raise ModelUnavailable(
                        f"There is not enough free memory for the model {model.name!r} now: it takes about "
                        f"{wanted.memory_bytes / 1e9:.1f} GB, and {self._free_bytes() / 1e9:.1f} GB are free. "
                        "Ask again later."
                    )
                log.info("model.unloaded to make room for another")
                await asyncio.to_thread(loaded[0].unload)

    def _opened(self, row: AddedModel) -> _Open:
        if row.name not in self._open:
            self._open[row.name] = self._opening(row)
        return self._open[row.name]

    def _opening(self, row: AddedModel) -> _Open:
        if row.kind == "server":
            server = self._server_of(row)
            model = OpenAICompatibleModel(
                server.url,
                model=server.model,
                api_key=server.secret,
                context_tokens=row.context_tokens,
                client=guarded_client(
                    is_private=server.is_private, silence_s=SILENCE_S, resolve=self._resolve
                ),
            )
            return _Open(model, FairLine(at_once=row.at_once))
        path = Path(open_json(self._sealer, row.place, "model", row.name)["path"])
        local = LlamaCppModel(
            path,
            context_tokens=row.context_tokens,
            threads=self._threads,
            gpu_layers=self._gpu_layers,
        )
        try:
            needed = gguf.read_head(path).memory_bytes(row.context_tokens)
        except (OSError, ModelFileUnusable):
            needed = 0  # said when it is loaded
        return _Open(local, self._local_line, needed)

    def _server_of(self, row: AddedModel) -> ModelServer:
        place = open_json(self._sealer, row.place, "model", row.name)
        return ModelServer(place["url"], place["model"], place["secret"], place["is_private"])

    def _described(self, row: AddedModel) -> RegisteredModel:
        described = RegisteredModel(
            name=row.name,
            kind=row.kind,
            title=row.name,
            size_bytes=row.size_bytes,
            context_tokens=row.context_tokens,
            at_once=row.at_once,
            is_default=row.is_default,
            created_at=row.created_at,
        )
        if row.kind == "server":
            server = self._server_of(row)
            return replace(
                described,
                title=server.model,
                url=server.url,
                is_private=server.is_private,
                has_secret=server.secret is not None,
            )
        path = Path(open_json(self._sealer, row.place, "model", row.name)["path"])
        gone = None if path.is_file() else "Its file is gone. Put it back, or remove this model."
        return replace(described, title=path.name, problem=gone, path=str(path))

    async def _close(self, name: str) -> None:
        opened = self._open.pop(name, None)
        if opened is not None:
            await _end(opened.model)

    async def _refresh(self) -> None:
        async with self._database.reading() as connection:
            self._rows = {row.name: row for row in await store.list_models(connection)}

    def _default(self) -> AddedModel | None:
        return next((row for row in self._rows.values() if row.is_default), None)

    async def _get(self, name: str, *, kind: str | None = None) -> AddedModel:
        await self._refresh()
        row = self._rows.get(name)
        if row is None or kind not in (None, row.kind):
            raise NotFound(f"There is no added model {name!r} here.")
        return row

    async def _free_name(self, name: str) -> str:
        name = name.strip()
        if not is_model_name(name):
            raise Invalid(
                "Give the model a name of at most 64 small letters, digits, points, - and _, such as qwen2.5-3b."
            )
        await self._refresh()
        if name in self.names:
            raise Conflict(
                f"There is a model {name!r} already. Choose another name, or remove that one first."
            )
        return name

    def _clear(self) -> None:
        for left in self._folder.glob(".arriving-*"):
            left.unlink(missing_ok=True)


@dataclass(frozen=True)
class RunModels:
    """The runtime's port `Models`, for one person who asks through one agent."""

    registry: ModelRegistry
    person: str
    prefix_scope: str

    async def find(self, name: str) -> ChatModel:
        opened = await self.registry.open(name)
        return ModelInLine(opened.model, opened.line, self.person, self.prefix_scope)


async def _end(model: ChatModel) -> None:
    if isinstance(model, LlamaCppModel):
        await asyncio.to_thread(model.close)
    elif isinstance(model, OpenAICompatibleModel):
        await model.aclose()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _place_of(server: ModelServer) -> dict[str, Any]:
    return {
        "url": server.url,
        "model": server.model,
        "secret": server.secret,
        "is_private": server.is_private,
    }


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def _checked_server(server: ModelServer) -> ModelServer:
    url = server.url.strip().rstrip("/").removesuffix("/chat/completions")
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        well_formed = False
    if (
        not well_formed
        or parts.username is not None
        or parts.query
        or parts.fragment
        or not url.isprintable()
    ):
        raise Invalid(
            "The address must be one of http or https without a name, a password or a question mark in it, such as "
            "http://127.0.0.1:11434/v1."
        )
    secret = (server.secret or "").strip() or None
    if secret and not (secret.isascii() and secret.isprintable()):
        raise Invalid("The secret has characters that cannot be sent: copy it again, in one line.")
    if secret and parts.scheme == "http" and not server.is_private:
        raise Invalid(
            "A secret is not sent over http through the public web: use https, or say that the server is in your own "
            "network."
        )
    model = server.model.strip()
    if not model:
        raise Invalid("Say which model of that server is to be asked, by the name that it has there.")
    return ModelServer(url, model, secret, server.is_private)
