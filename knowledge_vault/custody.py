"""Who holds each vault's key, and the replacing of keys: what an owner may ask for, one thing at a time per vault.

Replacing keys of a large vault takes a while: it goes on in the background, is gone on with after a restart, and waits
while its vault is locked.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import or_, select

from knowledge_vault.errors import NotFound, SealBroken, VaultError, VaultLocked
from knowledge_vault.keys.keyring import VaultKeyring
from knowledge_vault.keys.owner import OwnerModes
from knowledge_vault.keys.rotation import Progress, VaultKeyRotation
from knowledge_vault.ports import Database
from knowledge_vault.search_rotation import SearchRotation
from knowledge_vault.tables import vaults
from knowledge_vault.values import OwnerMode, Protection, TenantId, VaultId

log = logging.getLogger("qanat.vault")


class Replacing(StrEnum):
    """Which of a vault's keys is replaced."""

    VAULT_KEY = "vault"
    """Its data keys are sealed anew; the index stays."""
    SEARCH_SECRET = "search"
    """Its index is scrambled anew; the documents stay."""


@dataclass(frozen=True)
class Rotation:
    what: Replacing
    done: int
    """Data keys or documents."""
    total: int
    is_under_way: bool
    problem: str | None
    """Why it stopped; None while it goes on or once it is done."""


@dataclass(frozen=True)
class KeyState:
    mode: OwnerMode
    key_version: int
    search_version: int
    rotations: tuple[Rotation, ...]
    """Those under way, and those since the start that ended."""


class Custody:
    def __init__(
        self,
        database: Database,
        keyring: VaultKeyring,
        modes: OwnerModes,
        vault_key: VaultKeyRotation,
        search_secret: SearchRotation,
        *,
        compare_index: Callable[[TenantId, VaultId], Awaitable[None]],
        forget_deleted_rows: Callable[[], Awaitable[None]],
    ) -> None:
        """`compare_index` has a vault's index agree with SQL soon; `forget_deleted_rows` empties the database's log."""
        self._database = database
        self._keyring = keyring
        self._modes = modes
        self._vault_key = vault_key
        self._search_secret = search_secret
        self._compare_index = compare_index
        self._forget_deleted_rows = forget_deleted_rows
        self._one_at_a_time: defaultdict[VaultId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._rotations: dict[tuple[VaultId, Replacing], Rotation] = {}
        self._tasks: dict[tuple[VaultId, Replacing], asyncio.Task[None]] = {}
        self._wanted: dict[VaultId, Protection] = {}
        """What was asked for last, of vaults whose index is being built anew."""

    async def start(self) -> None:
        """End grants whose time is up, and go on with replacements that a restart interrupted."""
        await self._modes.end_expired_grants()
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(vaults.c.tenant_id, vaults.c.id).where(
                    or_(vaults.c.previous_key_version.is_not(None), vaults.c.next_search_version.is_not(None))
                )
            )
            interrupted = [(TenantId(tenant), VaultId(vault)) for tenant, vault in rows]
        for place in interrupted:
            await self._resume(*place)

    async def stop(self) -> None:
        """Stop what goes on in the background, to be gone on with, and forget every owner's key."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._keyring.close()

    async def hold(self, tenant_id: TenantId, vault_id: VaultId, *, passphrase: str, hours: float) -> str:
        """As `OwnerModes.hold`: session mode; returns the recovery code, to be shown once."""
        async with self._one_at_a_time[vault_id]:
            code = await self._modes.hold(tenant_id, vault_id, passphrase=passphrase, hours=hours)
        await self._forget_deleted_rows()
        return code

    async def hand_over(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        """As `OwnerModes.hand_over`: always-on mode."""
        async with self._one_at_a_time[vault_id]:
            await self._modes.hand_over(tenant_id, vault_id)
        await self._forget_deleted_rows()

    async def unlock(
        self,
        tenant_id: TenantId,
        vault_id: VaultId,
        *,
        hours: float,
        passphrase: str | None = None,
        code: str | None = None,
    ) -> None:
        """As `OwnerModes.unlock`; what waited for it is gone on with, but for documents, which are the caller's."""
        await self._modes.unlock(tenant_id, vault_id, hours=hours, passphrase=passphrase, code=code)
        await self._compare_index(tenant_id, vault_id)
        await self._resume(tenant_id, vault_id)

    async def lock(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        await self._modes.lock(tenant_id, vault_id)

    async def grant(self, tenant_id: TenantId, vault_id: VaultId, *, days: float) -> None:
        async with self._one_at_a_time[vault_id]:
            await self._modes.grant(tenant_id, vault_id, days=days)

    async def revoke(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        async with self._one_at_a_time[vault_id]:
            await self._modes.revoke(tenant_id, vault_id)
        await self._forget_deleted_rows()

    async def rotate(self, tenant_id: TenantId, vault_id: VaultId, what: Replacing) -> None:
        """Begin to replace a key, in the background; while that goes on, asking again changes nothing.

        Raises:
            NotFound, VaultLocked
        """
        await self._keyring.keys(tenant_id, vault_id)
        self._begin(tenant_id, vault_id, what, is_new=True)

    async def check_open(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        """Raises NotFound or VaultLocked; what is damaged is for others to tell."""
        with contextlib.suppress(SealBroken):
            await self._keyring.keys(tenant_id, vault_id)

    async def protect(self, tenant_id: TenantId, vault_id: VaultId, protection: Protection) -> None:
        """Begin to give a vault another protection: its index is built anew, in the background.

        While its index is being built anew already, that ends with what was asked for last.

        Raises:
            NotFound, VaultLocked
            VaultFull: it has more passages than a sealed vault can hold.
        """
        await self._keyring.keys(tenant_id, vault_id)
        if protection is Protection.SEALED:
            await self._search_secret.check_room(vault_id)
        self._wanted[vault_id] = protection
        await self._search_secret.aim(tenant_id, vault_id, protection)
        if vault_id in self._wanted:  # else it was done meanwhile
            self._begin(tenant_id, vault_id, Replacing.SEARCH_SECRET, is_new=True)

    def reindexed_share(self, vault_id: VaultId) -> float | None:
        """How much of the index that is being built anew is there; None when none is being built."""
        found = self._rotations.get((vault_id, Replacing.SEARCH_SECRET))
        return found.done / max(1, found.total) if found is not None and found.is_under_way else None

    async def state(self, tenant_id: TenantId, vault_id: VaultId) -> KeyState:
        """Versions, and how far replacements have come."""
        async with self._database.reading() as connection:
            query = select(vaults).where(vaults.c.id == vault_id, vaults.c.tenant_id == tenant_id)
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFound("vault", vault_id)
        rotations = tuple(each for (vault, _), each in self._rotations.items() if vault == vault_id)
        return KeyState(OwnerMode(row.mode), row.key_version, row.search_version, rotations)

    async def wait(self, vault_id: VaultId) -> None:
        """Until nothing of this vault goes on in the background."""
        while tasks := [task for (vault, _), task in self._tasks.items() if vault == vault_id]:
            await asyncio.wait(tasks)

    async def _resume(self, tenant: TenantId, vault: VaultId) -> None:
        try:
            keys = await self._keyring.keys(tenant, vault)
        except (VaultLocked, SealBroken):
            return
        if keys.previous is not None:
            self._begin(tenant, vault, Replacing.VAULT_KEY, is_new=False)
        if keys.next_search is not None:
            self._begin(tenant, vault, Replacing.SEARCH_SECRET, is_new=False)

    def _begin(
        self,
        tenant: TenantId,
        vault: VaultId,
        what: Replacing,
        *,
        is_new: bool,
    ) -> None:
        place = vault, what
        if place in self._tasks:
            return
        self._rotations[place] = Rotation(what, 0, 0, True, None)
        task = asyncio.create_task(
            self._run(tenant, vault, what, is_new=is_new),
            name=f"rotate-{what}-{vault}",
        )
        self._tasks[place] = task

    async def _run(
        self,
        tenant: TenantId,
        vault: VaultId,
        what: Replacing,
        *,
        is_new: bool,
    ) -> None:
        place = vault, what

        def progress(done: int, total: int) -> None:
            self._rotations[place] = Rotation(what, done, total, True, None)

        try:
            async with self._one_at_a_time[vault]:
                await self._replace(tenant, vault, what, progress, is_new=is_new)
            await self._forget_deleted_rows()
            while what is Replacing.SEARCH_SECRET and await self._wants_other(tenant, vault):
                async with self._one_at_a_time[vault]:
                    await self._replace(tenant, vault, what, progress, is_new=True)
                await self._forget_deleted_rows()
        except VaultError as error:
            log.warning("rotation.stopped vault=%s what=%s", vault, what)
            self._rotations[place] = replace(self._rotations[place], is_under_way=False, problem=str(error))
            return
        finally:
            del self._tasks[place]  # here, not once the task is done: what is asked in between would be lost
        log.info("rotation.finished vault=%s what=%s", vault, what)
        self._rotations[place] = replace(self._rotations[place], is_under_way=False)

    async def _wants_other(self, tenant: TenantId, vault: VaultId) -> bool:
        """Another protection was asked for while the index was built, too late for it."""
        has = (await self._keyring.keys(tenant, vault)).search.protection
        if self._wanted.get(vault) is has:
            del self._wanted[vault]
        return vault in self._wanted

    async def _replace(
        self,
        tenant: TenantId,
        vault: VaultId,
        what: Replacing,
        progress: Progress,
        *,
        is_new: bool,
    ) -> None:
        if what is Replacing.SEARCH_SECRET:
            wanted = self._wanted.pop(vault, None)
            await self._search_secret.run(tenant, vault, progress, protection=wanted)
        elif is_new:
            await self._vault_key.run(tenant, vault, progress)
        else:
            await self._vault_key.finish(tenant, vault, progress)
