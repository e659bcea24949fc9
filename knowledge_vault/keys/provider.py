"""What keeps the root key while nothing runs. Each way of keeping it is one file beside this one."""

from collections.abc import Sequence
from typing import Protocol


class RootKeyProvider(Protocol):
    """Keeps the root key of one data folder, outside of it or under something that is outside of it."""

    @property
    def kind(self) -> str:
        """The provider's name in settings and in the database: file, passphrase, keyring or transit."""

    async def keep(self, secrets: Sequence[bytes]) -> bytes:
        """Keep the first of these; the note that `fetch` will need, which the database keeps. No secret in clear.

        More than one come while a key is rotated: a provider that keeps keys outside the database keeps them
        all, newest first, for until the database has changed the older one is the right one.

        Raises:
            RootKeyUnusable: it cannot be kept there; nothing has changed.
        """

    async def fetch(self, note: bytes) -> Sequence[bytes]:
        """What was kept, newest first; empty when nothing was. An empty note is that of a folder's first start.

        Raises:
            RootKeyUnusable: it cannot be had now; the message says what to do.
        """

    async def forget(self) -> str:
        """Remove what is kept outside the database; what a person has to do beside that, or nothing."""
