"""The root key in a file that its owner alone may read, outside the data folder."""

import asyncio
import contextlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from knowledge_vault import crypto
from knowledge_vault.errors import KeyFileUnusable


class KeyFile:
    """One key a line in hexadecimal digits, the newest first.

    Older ones stay when a key is rotated: other data folders may share the file, and backups from before open
    with them only. Whoever needs neither may delete those lines.
    """

    kind = "file"

    def __init__(self, path: Path, *, data_dir: Path) -> None:
        self.path = path
        self._data_dir = data_dir

    async def keep(self, secrets: Sequence[bytes]) -> bytes:
        await asyncio.to_thread(self._keep, secrets)
        return b""

    async def fetch(self, note: bytes) -> Sequence[bytes]:
        return await asyncio.to_thread(self._fetch)

    async def forget(self) -> str:
        """Removes nothing: other data folders may share the file, and old backups need it."""
        return f"Delete {self.path} yourself once no other data folder and no backup needs it."

    def _keep(self, secrets: Sequence[bytes]) -> None:
        kept = self._fetch()
        self._write(list(dict.fromkeys((*secrets, *kept))))

    def _write(self, secrets: Sequence[bytes]) -> None:
        """All or nothing: a crash leaves the old file or the new one."""
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self.path.with_name(self.path.name + ".new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("".join(f"{secret.hex()}\n" for secret in secrets))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, self.path)
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

    def _fetch(self) -> list[bytes]:
        if self.path.resolve().is_relative_to(self._data_dir.resolve()):
            raise KeyFileUnusable(
                self.path,
                reason="it would lie inside the data folder, where a stolen copy of the data would have it too",
                remedy="Name a file elsewhere with QANAT_ROOT_KEY_FILE.",
            )
        if not self.path.exists():
            return []
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise KeyFileUnusable(
                self.path,
                reason="other users of this machine may read it",
                remedy=f"Run `chmod 600 {self.path}`.",
            )
        secrets: list[bytes] = []
        with contextlib.suppress(ValueError):
            secrets = [bytes.fromhex(line) for line in self.path.read_text(encoding="ascii").split()]
        if not secrets or any(len(secret) != crypto.KEY_BYTES for secret in secrets):
            raise KeyFileUnusable(
                self.path,
                reason="it does not hold 64 hexadecimal digits",
                remedy="Put your copy of the key back.",
            )
        return secrets
