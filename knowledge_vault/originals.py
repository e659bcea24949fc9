"""Sealed originals: one file each under a name that is an id, complete or absent, readable by its owner only."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Collection
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from knowledge_vault.crypto import StreamSealer, open_stream
from knowledge_vault.errors import SealBroken
from knowledge_vault.keys import DataKey

_UNFINISHED = ".part"
_READ_AHEAD = 64


class Originals:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._folder = folder

    async def write(self, data_key: DataKey, content: AsyncIterable[bytes]) -> str:
        """Seal the bytes as they arrive and return the new file's name; on disk for good when this returns.

        Whatever `content` raises is passed on, and nothing is kept.
        """
        name = uuid4().hex
        unfinished = self._folder / (name + _UNFINISHED)
        sealer = StreamSealer(data_key.secret, data_key.context("original"))
        file = await asyncio.to_thread(_create, unfinished)
        try:
            with file:
                await asyncio.to_thread(file.write, sealer.head())
                async for part in content:
                    sealed = await asyncio.to_thread(sealer.update, part)
                    await asyncio.to_thread(file.write, sealed)
                await asyncio.to_thread(file.write, sealer.finish())
                await asyncio.to_thread(_make_durable, file, unfinished, self._folder / name)
        except BaseException:
            await asyncio.to_thread(unfinished.unlink, missing_ok=True)
            raise
        return name

    async def read(self, name: str, data_key: DataKey) -> bytes:
        """Raises:
        SealBroken: the file is missing or was altered.
        """
        return b"".join([part async for part in self.stream(name, data_key)])

    async def stream(self, name: str, data_key: DataKey) -> AsyncIterator[bytes]:
        """The plaintext in pieces of at most 1 MiB, each authentic when it is handed out."""
        try:
            file = await asyncio.to_thread((self._folder / name).open, "rb")
        except FileNotFoundError as error:
            raise SealBroken from error
        with file:
            pieces = open_stream(data_key.secret, file.read, data_key.context("original"))

            def some() -> bytes:
                return b"".join(piece for _, piece in zip(range(_READ_AHEAD), pieces, strict=False))

            while part := await asyncio.to_thread(some):
                yield part

    async def delete(self, name: str) -> None:
        """Remove the file; harmless when there is none."""
        await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)

    async def keep_only(self, names: Collection[str]) -> None:
        """Remove every other file: what a crash left unfinished or a deletion left behind."""

        def sweep() -> None:
            for path in self._folder.iterdir():
                if path.name not in names:
                    with contextlib.suppress(FileNotFoundError):
                        path.unlink()

        await asyncio.to_thread(sweep)


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _make_durable(file: BinaryIO, unfinished: Path, finished: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    os.replace(unfinished, finished)
    folder = os.open(finished.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
