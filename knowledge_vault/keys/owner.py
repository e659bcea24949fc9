"""Vaults whose key their owner holds: choosing that, opening one for some hours, locking it, granting and revoking.

The vault's key is then sealed to two public halves, one behind a passphrase and one behind a code on paper, and the
server keeps nothing else that opens it, but for a grant while there is one.
"""

import asyncio
import json
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from knowledge_vault import crypto
from knowledge_vault.errors import ModeRefused, NotFound, SealBroken, UnlockRefused
from knowledge_vault.keys import codes
from knowledge_vault.keys.keyring import VaultKeyring
from knowledge_vault.keys.passphrase import stretched, stretched_again
from knowledge_vault.keys.rotation import (
    Progress,
    VaultKeyRotation,
    begin,
    forget_wraps,
    wrap_context,
    wrap_facts,
)
from knowledge_vault.keys.tree import VaultKey, grant_context, vault_key_context
from knowledge_vault.moments import microseconds
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import vault_grants, vault_wraps, vaults
from knowledge_vault.values import OwnerMode, TenantId, VaultId

LEAST_HOURS, MOST_HOURS = 1, 24
_MOST_GRANT_DAYS = 366


class OwnerModes:
    def __init__(
        self, database: Database, keyring: VaultKeyring, clock: Clock, rotation: VaultKeyRotation
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._rotation = rotation
        self._one_guess = asyncio.Lock()
        """Stretching takes 64 MiB: guesses queue."""

    async def hold(self, tenant: TenantId, vault: VaultId, *, passphrase: str, hours: float) -> str:
        """Hand the vault's key to its owner, under a new passphrase and the recovery code that is returned, once.

        The key is replaced on the way, so that what the server held opens nothing that comes later. The vault is
        open for `hours`. With a vault whose owner holds the key already: a new passphrase and a new code.

        Raises:
            VaultLocked: unlock it first.
            PassphraseUnusable: too short.
        """
        until = self._until(hours)
        await self._rotation.finish(tenant, vault, _nobody)
        async with self._one_guess:
            secret, parameters = await asyncio.to_thread(stretched, passphrase)
        code = codes.new_code()
        wraps = {
            "passphrase": (json.dumps(parameters), crypto.recipient_of(secret)),
            "code": ("", crypto.recipient_of(codes.secret_of(code))),
        }
        async with self._database.writing() as connection:
            keys = await self._keyring.open_in(connection, tenant, vault)
            await forget_wraps(connection, vault)
            key = await begin(connection, keys, self._keyring, mode=OwnerMode.SESSION)
            for kind, (kept, recipient) in wraps.items():
                await connection.execute(
                    insert(vault_wraps).values(
                        vault_id=vault, kind=kind, parameters=kept, **wrap_facts(key, kind, recipient)
                    )
                )
        self._keyring.unlock(key, until=until)
        await self._rotation.finish(tenant, vault, _nobody)
        return code

    async def hand_over(self, tenant: TenantId, vault: VaultId) -> None:
        """Let the server hold the key again; passphrase, code and grant end.

        Raises:
            VaultLocked: unlock it first.
        """
        async with self._database.writing() as connection:
            key = (await self._keyring.open_in(connection, tenant, vault)).vault_key
            await forget_wraps(connection, vault)
            sealed = self._keyring.root_key.seal(key.secret, vault_key_context(tenant, vault, key.version))
            await connection.execute(
                update(vaults).where(vaults.c.id == vault).values(mode=OwnerMode.ALWAYS, sealed_key=sealed)
            )
        self._keyring.lock(vault)

    async def unlock(
        self,
        tenant: TenantId,
        vault: VaultId,
        *,
        hours: float,
        passphrase: str | None = None,
        code: str | None = None,
    ) -> None:
        """Open a vault into memory for `hours`, by its passphrase or by its recovery code.

        Raises:
            UnlockRefused: not this vault's.
            CodeUnreadable: mistyped.
            ModeRefused: the server holds the key anyway.
        """
        until = self._until(hours)
        kind = "code" if passphrase is None else "passphrase"
        async with self._database.reading() as connection:
            query = select(vaults.c.mode, vaults.c.key_version).where(
                vaults.c.id == vault, vaults.c.tenant_id == tenant
            )
            row = (await connection.execute(query)).first()
            if row is None:
                raise NotFound("vault", vault)
            wrap = (
                await connection.execute(
                    select(vault_wraps).where(vault_wraps.c.vault_id == vault, vault_wraps.c.kind == kind)
                )
            ).first()
        if row.mode == OwnerMode.ALWAYS or wrap is None:
            raise ModeRefused(
                "This vault is always open: the server holds its key. There is nothing to unlock."
            )
        if passphrase is None:
            secret = codes.secret_of(code or "")
        else:
            async with self._one_guess:
                secret = await asyncio.to_thread(stretched_again, passphrase, json.loads(wrap.parameters))
        place = VaultKey(b"", tenant, vault, row.key_version)
        try:
            opened = crypto.open_as_recipient(secret, wrap.sealed, wrap_context(place, kind))
        except SealBroken as error:
            raise UnlockRefused(kind) from error
        self._keyring.unlock(VaultKey(opened, tenant, vault, row.key_version), until=until)

    async def lock(self, tenant: TenantId, vault: VaultId) -> None:
        """Forget the key now; with a grant the server opens the vault again when it needs it.

        Raises:
            ModeRefused: the server holds the key: locking would be theatre.
        """
        if await self._mode(tenant, vault) is OwnerMode.ALWAYS:
            raise ModeRefused(
                "This vault is always open: the server holds its key. Choose another mode first."
            )
        self._keyring.lock(vault)

    async def grant(self, tenant: TenantId, vault: VaultId, *, days: float) -> None:
        """Let the server open the vault by itself for so many days from now, in place of a grant before.

        Raises:
            VaultLocked: unlock it first.
            ModeRefused: the server holds the key anyway, or the time is out of bounds.
        """
        if not 0 < days <= _MOST_GRANT_DAYS:
            raise ModeRefused(f"A grant lasts up to {_MOST_GRANT_DAYS} days. Choose fewer.")
        if await self._mode(tenant, vault) is OwnerMode.ALWAYS:
            raise ModeRefused(
                "This vault is always open: the server needs no grant. Choose session mode first."
            )
        expires_at = microseconds(self._clock.now() + timedelta(days=days))
        async with self._database.writing() as connection:
            key = (await self._keyring.open_in(connection, tenant, vault)).vault_key
            sealed = self._keyring.root_key.seal(
                key.secret, grant_context(tenant, vault, key.version, expires_at)
            )
            await connection.execute(delete(vault_grants).where(vault_grants.c.vault_id == vault))
            await connection.execute(
                insert(vault_grants).values(vault_id=vault, expires_at=expires_at, sealed=sealed)
            )
        self._keyring.forget(vault)

    async def revoke(self, tenant: TenantId, vault: VaultId, progress: Progress | None = None) -> None:
        """End the grant and replace the key, so that a copy of the grant opens nothing new; the vault locks.

        Raises:
            ModeRefused: there is no grant.
        """
        await self._rotation.finish(tenant, vault, _nobody)
        async with self._database.writing() as connection:
            keys = await self._keyring.open_in(connection, tenant, vault)
            ended = await connection.execute(delete(vault_grants).where(vault_grants.c.vault_id == vault))
            if ended.rowcount == 0:
                raise ModeRefused("There is no grant to revoke.")
            key = await begin(connection, keys, self._keyring)
        self._keyring.unlock(key, until=self._clock.now() + timedelta(minutes=10))  # to finish with
        try:
            await self._rotation.finish(tenant, vault, progress or _nobody)
        finally:
            self._keyring.lock(vault)

    async def end_expired_grants(self) -> None:
        """Throw away what has had its time: nothing on the disk opens those vaults any more."""
        async with self._database.writing() as connection:
            query = delete(vault_grants).where(vault_grants.c.expires_at <= microseconds(self._clock.now()))
            await connection.execute(query)

    async def _mode(self, tenant: TenantId, vault: VaultId) -> OwnerMode:
        async with self._database.reading() as connection:
            query = select(vaults.c.mode).where(vaults.c.id == vault, vaults.c.tenant_id == tenant)
            mode = await connection.scalar(query)
        if mode is None:
            raise NotFound("vault", vault)
        return OwnerMode(mode)

    def _until(self, hours: float) -> datetime:
        if not LEAST_HOURS <= hours <= MOST_HOURS:
            raise ModeRefused(f"A vault can be opened for {LEAST_HOURS} to {MOST_HOURS} hours.")
        return self._clock.now() + timedelta(hours=hours)


def _nobody(_done: int, _total: int) -> None:
    """For callers who do not want to know."""
