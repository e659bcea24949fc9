"""Keep secrets that agents need outside: sealed, sent only to the hosts they were saved for, told to nobody again.

The hosts are sealed together with the value. Whoever wants it sent elsewhere has to bring the value anew: neither
a stolen session nor an altered row can turn a secret towards another host.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.sealed import Sealer, SealerFor, open_json, seal_json
from backend.stored_secrets import store
from backend.stored_secrets.store import SealedSecret

MOST = 100
"""Secrets of one person."""
MOST_HOSTS = 10
SHORTEST, LONGEST = 8, 4_000
"""Characters. What is shorter would be found by chance in what a server answers, where it is blotted out."""
USE_IS_NOTED_EVERY = timedelta(minutes=1)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]")


@dataclass(frozen=True)
class StoredSecret:
    """All that is ever told of a secret."""

    id: str
    name: str
    """What agents call it; unique among its owner's."""
    origins: tuple[str, ...]
    """Where it may be sent, such as `https://api.example.org`."""
    created_at: datetime
    last_used_at: datetime | None


class StoredSecrets:
    """Every method takes the owner's id; somebody else's secret is not found."""

    def __init__(self, database: Database, clock: Clock, sealer_for: SealerFor) -> None:
        self._database = database
        self._clock = clock
        self._sealer_for = sealer_for

    async def list_secrets(self, owner_id: str) -> list[StoredSecret]:
        return [opened for opened, _ in await self._all(owner_id)]

    async def add(self, owner_id: str, *, name: str, value: str, hosts: list[str]) -> StoredSecret:
        """Raises:
        Invalid: name, value or hosts cannot be used. Conflict: the name is taken.
        """
        name, value, origins = checked_name(name), checked_value(value), checked_origins(hosts)
        others = await self.list_secrets(owner_id)
        if any(other.name.lower() == name.lower() for other in others):
            raise Conflict(f"You have a secret called {name!r} already. Replace it, or choose another name.")
        if len(others) >= MOST:
            raise Invalid(f"At most {MOST} secrets can be kept. Delete one that is not needed any more.")
        sealer = await self._sealer_for(owner_id)
        secret_id = uuid4().hex
        label, sealed = _sealed(sealer, secret_id, name, value, origins)
        kept = SealedSecret(secret_id, owner_id, label, sealed, self._clock.now(), None)
        async with self._database.writing() as connection:
            await store.add(connection, kept)
        return StoredSecret(secret_id, name, origins, kept.created_at, None)

    async def replace(self, owner_id: str, secret_id: str, *, value: str, hosts: list[str]) -> StoredSecret:
        """Another value, perhaps for other hosts, under the name it has.

        Raises:
            NotFound: no such secret of theirs. Invalid: value or hosts cannot be used.
        """
        value, origins = checked_value(value), checked_origins(hosts)
        before = next((each for each in await self.list_secrets(owner_id) if each.id == secret_id), None)
        if before is None:
            raise NotFound("There is no such secret among yours.")
        sealer = await self._sealer_for(owner_id)
        label, sealed = _sealed(sealer, secret_id, before.name, value, origins)
        async with self._database.writing() as connection:
            await store.replace(connection, user_id=owner_id, secret_id=secret_id, label=label, value=sealed)
        return StoredSecret(secret_id, before.name, origins, before.created_at, before.last_used_at)

    async def remove(self, owner_id: str, secret_id: str) -> None:
        """Raises NotFound."""
        async with self._database.writing() as connection:
            if not await store.remove(connection, user_id=owner_id, secret_id=secret_id):
                raise NotFound("There is no such secret among yours.")

    async def find(self, owner_id: str, name: str) -> StoredSecret | None:
        return next((each for each, _ in await self._all(owner_id) if each.name == name), None)

    async def reveal(self, owner_id: str, name: str, *, origin: str) -> str | None:
        """The value, to be sent to this origin and nowhere else; None where it may not go there, or is not there.

        Raises:
            SealBroken (vault): it was altered.
        """
        for opened, kept in await self._all(owner_id):
            if opened.name == name:
                sealer = await self._sealer_for(owner_id)
                inside = open_json(sealer, kept.value, *value_context(opened.id))
                if origin not in inside["origins"]:
                    return None
                await self._note_use(opened)
                value: str = inside["value"]
                return value
        return None

    async def _note_use(self, secret: StoredSecret) -> None:
        now = self._clock.now()
        if secret.last_used_at is None or now - secret.last_used_at > USE_IS_NOTED_EVERY:
            async with self._database.writing() as connection:
                await store.mark_used(connection, secret.id, at=now)

    async def _all(self, owner_id: str) -> list[tuple[StoredSecret, SealedSecret]]:
        async with self._database.reading() as connection:
            kept = await store.list_secrets(connection, owner_id)
        sealer = await self._sealer_for(owner_id) if kept else None
        return [(_opened(sealer, each), each) for each in kept if sealer]


def _opened(sealer: Sealer, kept: SealedSecret) -> StoredSecret:
    label = open_json(sealer, kept.label, *label_context(kept.id))
    return StoredSecret(kept.id, label["name"], tuple(label["origins"]), kept.created_at, kept.last_used_at)


def _sealed(
    sealer: Sealer, secret_id: str, name: str, value: str, origins: tuple[str, ...]
) -> tuple[bytes, bytes]:
    label = seal_json(sealer, {"name": name, "origins": origins}, *label_context(secret_id))
    inside = {"value": value, "origins": origins}
    return label, seal_json(sealer, inside, *value_context(secret_id))


def label_context(secret_id: str) -> tuple[str, ...]:
    return ("stored-secret-label", secret_id)


def value_context(secret_id: str) -> tuple[str, ...]:
    return ("stored-secret", secret_id)


def checked_name(name: str) -> str:
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise Invalid(
            "Give the secret a name of at most 60 letters, digits, spaces, points, - or _, such as `weather`."
        )
    return name


def checked_value(value: str) -> str:
    value = value.strip()
    if not SHORTEST <= len(value) <= LONGEST or not value.isascii() or not value.isprintable():
        raise Invalid(
            f"A secret has {SHORTEST} to {LONGEST:,} characters: letters, digits and signs of ASCII, in one line."
        )
    return value


def checked_origins(hosts: list[str]) -> tuple[str, ...]:
    origins = tuple(dict.fromkeys(_origin(host) for host in hosts if host.strip()))
    if not 1 <= len(origins) <= MOST_HOSTS:
        raise Invalid(
            f"Say to which hosts the secret may be sent: 1 to {MOST_HOSTS}, such as api.example.org."
        )
    return origins


def _origin(host: str) -> str:
    """A host as people write it, as an origin; https where they do not say otherwise."""
    text = host.strip().lower()
    origin = origin_of(text if "://" in text else f"https://{text}")
    if origin is None or urlsplit(text if "://" in text else f"https://{text}").path not in ("", "/"):
        raise Invalid(f"{host[:100]!r} is no host: write only its name, such as api.example.org.")
    return origin


def origin_of(url: str) -> str | None:
    """Scheme, host and, where it is not the usual one, port; None for what is no address of the web."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    name = (parts.hostname or "").rstrip(".")
    host = f"[{name}]" if ":" in name else name
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or "@" in parts.netloc:
        return None
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
