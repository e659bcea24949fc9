"""The root key in the keyring of the operating system's user: Secret Service, KWallet, macOS Keychain, Windows.

The library `keyring` is optional; without it, or without a keyring that it can talk to, the error says what to do.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from knowledge_vault.errors import KeyringUnusable

_SERVICE = "qanat"


class OsKeyring:
    kind = "keyring"

    def __init__(self, account: str) -> None:
        """`account`: tells this data folder's key from those of others."""
        self._account = account

    async def keep(self, secrets: Sequence[bytes]) -> bytes:
        text = "\n".join(secret.hex() for secret in secrets)
        await asyncio.to_thread(lambda: _ask(lambda ring: ring.set_password(_SERVICE, self._account, text)))
        return b""

    async def fetch(self, note: bytes) -> Sequence[bytes]:
        text = await asyncio.to_thread(lambda: _ask(lambda ring: ring.get_password(_SERVICE, self._account)))
        return [bytes.fromhex(line) for line in text.split()] if text else []

    async def forget(self) -> str:
        if await self.fetch(b""):
            await asyncio.to_thread(lambda: _ask(lambda ring: ring.delete_password(_SERVICE, self._account)))
        return ""


def _ask(work: Any) -> Any:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise KeyringUnusable(
            "The library `keyring` is not installed. Run `pip install keyring`, or choose another "
            "QANAT_ROOT_KEY_PROVIDER."
        ) from error
    ring = keyring.get_keyring()
    if ring.priority <= 0:
        raise KeyringUnusable(
            "This machine has no keyring that answers (a server without a desktop seldom has one). "
            "Choose another QANAT_ROOT_KEY_PROVIDER, such as file or passphrase."
        )
    try:
        return work(ring)
    except KeyringError as error:
        raise KeyringUnusable(
            f"The keyring of this user did not answer: {error}. Unlock it, then start again."
        ) from error
