"""Sealed JSON in a column: what people wrote and were answered is never readable in the database."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol


class Sealer(Protocol):
    """Seals for one tenant; the context names what the bytes are, so that no row opens in another's place."""

    def seal(self, plaintext: bytes, *context: str | int) -> bytes: ...

    def open(self, sealed: bytes, *context: str | int) -> bytes: ...


SealerFor = Callable[[str], Awaitable[Sealer]]
"""The sealer of a tenant id."""


def seal_json(sealer: Sealer, value: Any, *context: str | int) -> bytes:
    return sealer.seal(json.dumps(value, ensure_ascii=False).encode(), *context)


def open_json(sealer: Sealer, sealed: bytes, *context: str | int) -> Any:
    return json.loads(sealer.open(sealed, *context))
