"""Tells SQL how far the reading of a document is: the latest share only, and not more often than somebody looks."""

import asyncio
import contextlib

from knowledge_vault.documents import Documents, Entry
from knowledge_vault.ports import Database
from knowledge_vault.values import Stage

_PAUSE_S = 1.0


class ReadingProgress:
    """A function to call with a share from 0 to 1, for as long as the block lasts."""

    def __init__(self, database: Database, documents: Documents, entry: Entry, *, share: float) -> None:
        """`share`: what all of the reading is worth in the document's progress."""
        self._database = database
        self._documents = documents
        self._entry = entry
        self._of_all = share
        self._share = 0.0
        self._has_news = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def __call__(self, share: float) -> None:
        self._share = share
        self._has_news.set()

    async def __aenter__(self) -> "ReadingProgress":
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._writing is not None
        self._writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writing

    async def _write(self) -> None:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            async with self._database.writing() as connection:
                if await self._documents.is_at(connection, self._entry, Stage.SEALED):
                    await self._documents.note_progress(
                        connection, self._entry, progress=self._of_all * self._share, chunks_done=0
                    )
            await asyncio.sleep(_PAUSE_S)
