"""What the vault needs from the world, in its own words."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncConnection


class Database(Protocol):
    """The one SQL database; this package's tables (`tables.py`) are in it."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees one consistent snapshot."""

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection in a transaction, committed and durable at the end of the block; not reentrant."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware, in UTC."""


class Embedder(Protocol):
    """Turns text into vectors whose cosine tells how near in meaning they are."""

    @property
    def dimension(self) -> int: ...

    async def embed_passages(self, texts: Sequence[str], *, urgent: bool = False) -> NDArray[np.float32]:
        """`(len(texts), dimension)`, float32, rows of length 1, in the order given.

        `urgent`: somebody waits for it, so that it does not queue behind documents.
        """

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `embed_passages`, for questions."""

    async def count_tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """How many tokens each text is to the model, without special ones."""


class Reranker(Protocol):
    """Tells how well passages fit a question by reading both together: slow, and better than comparing vectors."""

    async def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """`(len(texts),)`, in the order given, higher is better, comparable within one call only.

        Off the event loop. Cancelling the task that waits gives up what has not begun.

        Raises:
            RerankerFailed: it gave no scores, or none that are numbers.
        """
