"""The root key sealed under a passphrase that somebody types, or a file brings, at every start.

The sealed key lies in the database, beside the parameters of Argon2id that make each guess dear.
"""

import asyncio
import json
from collections.abc import Callable, Sequence

from knowledge_vault import crypto
from knowledge_vault.errors import PassphraseUnusable, PassphraseWrong, SealBroken

LEAST_CHARACTERS = 12
_CONTEXT = ("root-key", "passphrase", 1)


class Passphrase:
    kind = "passphrase"

    def __init__(self, ask: Callable[[bool], str]) -> None:
        """`ask(is_new)` gives the passphrase, and may block; `is_new`: to be chosen, not remembered."""
        self._ask = ask

    async def keep(self, secrets: Sequence[bytes]) -> bytes:
        return await asyncio.to_thread(self._seal, secrets[0])

    async def fetch(self, note: bytes) -> Sequence[bytes]:
        return [await asyncio.to_thread(self._open, note)] if note else []

    async def forget(self) -> str:
        return ""  # nothing lies outside the database

    def _seal(self, secret: bytes) -> bytes:
        key, parameters = stretched(self._ask(True))
        return json.dumps(
            {"argon2id": parameters, "sealed": crypto.seal(key, secret, _CONTEXT).hex()}
        ).encode()

    def _open(self, note: bytes) -> bytes:
        kept = json.loads(note)
        key = stretched_again(self._ask(False), kept["argon2id"])
        try:
            return crypto.open_sealed(key, bytes.fromhex(kept["sealed"]), _CONTEXT)
        except SealBroken as error:
            raise PassphraseWrong from error


def stretched(passphrase: str) -> tuple[bytes, dict[str, str | int]]:
    """A key out of a new passphrase, and the parameters to keep.

    Raises:
        PassphraseUnusable: too short.
    """
    if len(passphrase) < LEAST_CHARACTERS:
        raise PassphraseUnusable(f"A passphrase has at least {LEAST_CHARACTERS} characters. Choose another.")
    chosen = crypto.new_stretching()
    return chosen.stretch(passphrase), {
        "salt": chosen.salt.hex(),
        "iterations": chosen.iterations,
        "memory_kib": chosen.memory_kib,
        "lanes": chosen.lanes,
    }


def stretched_again(passphrase: str, parameters: dict[str, str | int]) -> bytes:
    """The key that these parameters once gave for the passphrase.

    Raises:
        PassphraseUnusable: somebody changed the parameters to unsafe ones.
    """
    chosen = crypto.Stretching(
        bytes.fromhex(str(parameters["salt"])),
        iterations=int(parameters["iterations"]),
        memory_kib=int(parameters["memory_kib"]),
        lanes=int(parameters["lanes"]),
    )
    try:
        return chosen.stretch(passphrase)
    except ValueError as error:
        raise PassphraseUnusable(
            "The parameters kept for this passphrase are below the floor of what is safe, or absurd: somebody "
            "changed them. Restore the database from a backup."
        ) from error
