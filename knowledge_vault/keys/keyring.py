"""The vaults' keys open in memory: opened from their rows when needed, and forgotten when their owner's time is up."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.errors import NotFound, SealBroken, VaultLocked
from knowledge_vault.index.scramble import SearchKeys
from knowledge_vault.keys.tree import (
    RootKey,
    VaultKey,
    grant_context,
    search_secret_context,
    vault_key_context,
)
from knowledge_vault.moments import at
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import vault_grants, vaults
from knowledge_vault.values import OwnerMode, Protection, TenantId, VaultId

_MOST_KEYS = 256

VaultRow = Row[tuple[Any, ...]]


@dataclass(frozen=True, repr=False)
class VaultKeys:
    """A vault's keys, open in memory."""

    vault_key: VaultKey
    previous: VaultKey | None
    """While a rotation goes on: what still seals some data keys."""
    search: SearchKeys
    next_search: SearchKeys | None
    """While the index is built anew."""
    search_secret: bytes
    next_search_secret: bytes | None
    word_secret: bytes | None
    """None while it is the search secret itself."""
    retired: VaultKey | None
    """Replaced since the start: for rows that were read just before."""

    def of_version(self, version: int) -> VaultKey | None:
        """The key that seals the data keys of this version, where it is at hand."""
        for key in (self.vault_key, self.previous, self.retired):
            if key is not None and key.version == version:
                return key
        return None


@dataclass(frozen=True, repr=False)
class _Unlocked:
    """What an owner brought: a vault's key for a time."""

    secret: bytes
    version: int
    until: datetime


def vault_rows() -> Select[tuple[Any, ...]]:
    """The rows that `VaultKeyring.open` reads: vaults with their grants."""
    return select(
        vaults,
        vault_grants.c.sealed.label("grant_sealed"),
        vault_grants.c.expires_at.label("grant_expires_at"),
    ).outerjoin(vault_grants, vault_grants.c.vault_id == vaults.c.id)


class VaultKeyring:
    def __init__(self, database: Database, root_key: RootKey, clock: Clock, *, dimension: int) -> None:
        self.root_key = root_key
        self._database = database
        self._clock = clock
        self._dimension = dimension
        self._keys: OrderedDict[VaultId, tuple[TenantId, VaultKeys, datetime | None]] = OrderedDict()
        self._unlocked: dict[VaultId, _Unlocked] = {}
        self._retired: dict[VaultId, VaultKey] = {}
        self._timers: dict[VaultId, asyncio.TimerHandle] = {}
        self._listeners: list[Callable[[VaultId], None]] = []
        self._forgotten = 0
        """How often: a row read before the last time is not worth keeping."""

    async def keys(self, tenant: TenantId, vault: VaultId) -> VaultKeys:
        """Raises:
        NotFound: the vault is not this tenant's.
        VaultLocked: its owner holds the key and has not opened it, or the time is up.
        """
        found = self._keys.get(vault)
        if found is None:
            before = self._forgotten
            async with self._database.reading() as connection:
                row = await self._row(connection, tenant, vault)
            found = tenant, self.open(row), self.open_until(row)
            if before == self._forgotten:
                self._keys[vault] = found
                if len(self._keys) > _MOST_KEYS:
                    self._keys.popitem(last=False)
        owner, keys, until = found
        if owner != tenant:
            raise NotFound("vault", vault)
        if until is not None and until <= self._clock.now():
            self.lock(vault)
            raise VaultLocked(vault)
        if vault in self._keys:
            self._keys.move_to_end(vault)
        return keys

    async def open_in(self, connection: AsyncConnection, tenant: TenantId, vault: VaultId) -> VaultKeys:
        """As `keys`, from the row as this connection sees it: what a `writing()` block must seal with."""
        return self.open(await self._row(connection, tenant, vault))

    def open(self, row: VaultRow) -> VaultKeys:
        """Raises VaultLocked."""
        tenant, vault = TenantId(row.tenant_id), VaultId(row.id)
        key = VaultKey(self._secret(row), tenant, vault, row.key_version)
        previous = None
        if row.previous_key_version is not None:
            secret = key.open_secret(row.sealed_previous_key, "previous-key", row.previous_key_version)
            previous = VaultKey(secret, tenant, vault, row.previous_key_version)
        search_secret = self._search_secret(row, key, row.sealed_search_secret, row.search_version)
        next_secret = None
        if row.next_search_version is not None:
            next_secret = self._search_secret(
                row, key, row.sealed_next_search_secret, row.next_search_version
            )
        word_secret = None
        if row.sealed_word_secret is not None:
            word_secret = key.open_secret(row.sealed_word_secret, "word-secret", 1)

        def searching(secret: bytes, version: int, protection: str) -> SearchKeys:
            return SearchKeys(
                secret,
                tenant=tenant,
                vault=vault,
                dimension=self._dimension,
                version=version,
                word_secret=word_secret or search_secret,
                protection=Protection(protection),
            )

        return VaultKeys(
            key,
            previous,
            searching(search_secret, row.search_version, row.protection),
            searching(next_secret, row.next_search_version, row.next_protection or row.protection)
            if next_secret
            else None,
            search_secret,
            next_secret,
            word_secret,
            self._retired.get(vault),
        )

    def open_until(self, row: VaultRow) -> datetime | None:
        """When the vault locks itself, of one that is open; None: never."""
        if row.mode == OwnerMode.ALWAYS:
            return None
        moments = [self._unlocked[row.id].until] if row.id in self._unlocked else []
        if row.grant_sealed is not None:
            moments.append(at(row.grant_expires_at))
        return max(moments, default=self._clock.now())

    def unlock(self, key: VaultKey, *, until: datetime) -> None:
        """Keep an owner's key in memory, in place of what is there."""
        self._unlocked[key.vault] = _Unlocked(key.secret, key.version, until)
        self.forget(key.vault)
        self._lock_at(key.vault, until)

    def replace_unlocked(self, key: VaultKey) -> None:
        """After a rotation: the new key for the rest of the time, where an owner had opened the vault."""
        if key.vault in self._unlocked:
            self._unlocked[key.vault] = _Unlocked(key.secret, key.version, self._unlocked[key.vault].until)
        self.forget(key.vault)

    async def of_version(self, tenant: TenantId, vault: VaultId, version: int) -> VaultKey:
        """The vault key that a row read a moment ago names.

        Raises:
            SealBroken: there is none of this version.
        """
        key = (await self.keys(tenant, vault)).of_version(version)
        if key is None:
            self.forget(vault)  # replaced since it was opened here
            key = (await self.keys(tenant, vault)).of_version(version)
        if key is None:
            raise SealBroken
        return key

    def retire(self, key: VaultKey) -> None:
        """Nothing on the disk is sealed by this key any more; what was read before still opens, until a restart."""
        self._retired[key.vault] = key
        self.forget(key.vault)

    def lock(self, vault: VaultId) -> None:
        """Forget what is in memory of a vault; where the server holds the key or a grant, it opens it again."""
        self._unlocked.pop(vault, None)
        self._retired.pop(vault, None)
        if timer := self._timers.pop(vault, None):
            timer.cancel()
        self.forget(vault)

    def forget(self, vault: VaultId) -> None:
        """Open the keys from the row next time, for it has changed."""
        self._keys.pop(vault, None)
        self._forgotten += 1
        for tell in self._listeners:
            tell(vault)

    def when_forgotten(self, tell: Callable[[VaultId], None]) -> None:
        """`tell` is called when a vault locks or its keys change: drop what was opened with them."""
        self._listeners.append(tell)

    def close(self) -> None:
        for vault in [*self._unlocked, *self._keys]:
            self.lock(vault)

    def _lock_at(self, vault: VaultId, until: datetime) -> None:
        if timer := self._timers.pop(vault, None):
            timer.cancel()
        seconds = (until - self._clock.now()).total_seconds()
        self._timers[vault] = asyncio.get_running_loop().call_later(
            max(0.0, seconds), self._lock_if_due, vault
        )

    def _lock_if_due(self, vault: VaultId) -> None:
        """Without anybody asking: memory keeps no key longer than was said."""
        if vault not in self._unlocked:
            return
        if self._unlocked[vault].until <= self._clock.now():
            self.lock(vault)
        else:
            self._lock_at(vault, self._unlocked[vault].until)

    def _secret(self, row: VaultRow) -> bytes:
        place = TenantId(row.tenant_id), VaultId(row.id)
        if row.mode == OwnerMode.ALWAYS:
            return self.root_key.open(row.sealed_key, vault_key_context(*place, row.key_version))
        now = self._clock.now()
        unlocked = self._unlocked.get(place[1])
        if unlocked is not None and unlocked.version == row.key_version and now < unlocked.until:
            return unlocked.secret
        if row.grant_sealed is not None and now < at(row.grant_expires_at):
            context = grant_context(*place, row.key_version, row.grant_expires_at)
            return self.root_key.open(row.grant_sealed, context)
        raise VaultLocked(row.id)

    def _search_secret(self, row: VaultRow, key: VaultKey, sealed: bytes, version: int) -> bytes:
        if row.secrets_by_vault_key:
            return key.open_secret(sealed, "search-secret", version)
        context = search_secret_context(TenantId(row.tenant_id), VaultId(row.id), version)
        return self.root_key.open(sealed, context)

    @staticmethod
    async def _row(connection: AsyncConnection, tenant: TenantId, vault: VaultId) -> VaultRow:
        query = vault_rows().where(vaults.c.id == vault, vaults.c.tenant_id == tenant)
        row: VaultRow | None = (await connection.execute(query)).first()
        if row is None:
            raise NotFound("vault", vault)
        return row


def secrets_sealed_by(keys: VaultKeys, key: VaultKey) -> dict[str, object]:
    """The columns of a vault's search secrets, all sealed by one vault key."""
    facts: dict[str, object] = {
        "secrets_by_vault_key": True,
        "sealed_search_secret": key.seal_secret(keys.search_secret, "search-secret", keys.search.version),
    }
    if keys.word_secret is not None:
        facts["sealed_word_secret"] = key.seal_secret(keys.word_secret, "word-secret", 1)
    if keys.next_search is not None and keys.next_search_secret is not None:
        version = keys.next_search.version
        facts["sealed_next_search_secret"] = key.seal_secret(
            keys.next_search_secret, "search-secret", version
        )
    return facts


def new_vault_key(tenant: TenantId, vault: VaultId, version: int) -> VaultKey:
    return VaultKey(crypto.new_secret(), tenant, vault, version)
