"""What licensing needs from the world, in its own words."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class Database(Protocol):
    """The one SQL database."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees one consistent snapshot."""

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection in a transaction, committed durably at the end of the block. Not reentrant."""


class Sealer(Protocol):
    """Keeps bytes unreadable at rest; the context must be the same when they are opened."""

    def seal(self, plaintext: bytes, *context: str | int) -> bytes:
        """Encrypt and authenticate `plaintext`, bound to `context`."""

    def open(self, sealed: bytes, *context: str | int) -> bytes:
        """Undo `seal`; raises when the bytes or the context are not the ones sealed."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware, in UTC."""
