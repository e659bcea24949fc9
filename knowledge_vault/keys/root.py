"""The root key's life: made at the first start, fetched at each one, moved to another provider, replaced, recovered.

A data folder knows its root key by a check value, so that no other key is ever taken for it. What a change needs
is one transaction: a crash leaves the old state or the new one, and the provider keeps both keys in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.errors import KeyFileUnusable, RecoveryRefused, RootKeyUnusable, SealBroken
from knowledge_vault.keys import codes
from knowledge_vault.keys.key_file import KeyFile
from knowledge_vault.keys.provider import RootKeyProvider
from knowledge_vault.keys.sealed_by_root import reseal_all
from knowledge_vault.keys.transit import Transit
from knowledge_vault.keys.tree import RootKey
from knowledge_vault.moments import at, microseconds
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import root_check, root_keeping

_CHECK_TEXT = b"qanat data folder"
_CHECK_CONTEXT = ("root-check", 1)
_RECIPIENT_CONTEXT = ("recovery-recipient", 1)
_FIRST_PROVIDER = KeyFile.kind
"""What kept the root key before there were others."""


@dataclass(frozen=True)
class Keeping:
    """How the root key is kept; nothing secret."""

    provider: str
    version: int
    changed_at: datetime | None
    """None in data from before this was recorded."""
    has_recovery: bool
    recovery_shown: bool


class RootKeeper:
    """Opens one data folder's root key, and changes how it is kept."""

    def __init__(self, database: Database, provider: RootKeyProvider, clock: Clock) -> None:
        self._database = database
        self._provider = provider
        self._clock = clock
        self._root_key: RootKey | None = None

    @property
    def root_key(self) -> RootKey:
        """Once it is open."""
        assert self._root_key is not None
        return self._root_key

    async def open(self) -> RootKey:
        """The root key, made at the very first start, fetched and checked ever after.

        Raises:
            RootKeyUnusable: it is kept elsewhere than the settings say, cannot be had, or is another one.
        """
        check, keeping, note = await self._read()
        if check is None:
            self._root_key = await self._begin()
            return self._root_key
        if keeping.provider != self._provider.kind:
            raise RootKeyUnusable(
                f"The root key of this data folder is kept by the provider {keeping.provider!r}, and the settings "
                f"name {self._provider.kind!r}. Set QANAT_ROOT_KEY_PROVIDER={keeping.provider}, or move the key "
                f"there first: `qanat keys move {self._provider.kind}`."
            )
        candidates = await self._provider.fetch(note)
        secret = _fitting(candidates, check)
        if secret is None:
            raise self._no_key(candidates)
        self._root_key = RootKey(secret)
        return self._root_key

    async def keeping(self) -> Keeping:
        """How the root key is kept now."""
        return (await self._read())[1]

    async def move(self, to: RootKeyProvider) -> str:
        """Keep the root key by another provider, or by the same under a new passphrase; nothing is re-encrypted.

        Repeating it after a crash is harmless. The provider before forgets its copy once the new one gave it back;
        returns what a person has to do beside that, if anything.

        Raises:
            RootKeyUnusable: the new provider cannot keep it; nothing has changed.
        """
        secret = self.root_key.secret
        note = await to.keep([secret])
        if secret not in await to.fetch(note):
            raise RootKeyUnusable(
                f"The provider {to.kind!r} did not give the root key back. Nothing was changed."
            )
        async with self._database.writing() as connection:
            await self._record(connection, provider=to.kind, note=note)
        return await self._provider.forget() if self._provider.kind != to.kind else ""

    async def rewrap(self, service: Transit) -> None:
        """Have the key service wrap the root key under the newest version of its own key."""
        _, _, note = await self._read()
        note = await service.rewrap(note)
        async with self._database.writing() as connection:
            await self._record(connection, note=note)

    async def rotate(self) -> int:
        """Replace the root key: re-seal each vault's and tenant's keys under a new one; documents stay as they are.

        One transaction, so that a crash leaves either key in force, and the provider has both until the end.
        Returns how many sealed keys were changed. All that hold `root_key` hold the new one afterwards.
        """
        root_key, secret = self.root_key, crypto.new_secret()
        before, after = RootKey(root_key.secret), RootKey(secret)
        note = await self._provider.keep([secret, root_key.secret])
        try:
            async with self._database.writing() as connection:
                count = await reseal_all(connection, before, after)
                await connection.execute(
                    update(root_check).values(sealed=after.seal(_CHECK_TEXT, _CHECK_CONTEXT))
                )
                row = (await connection.execute(select(root_keeping))).first()
                version = row.version if row else 1
                facts: dict[str, object] = {"version": version + 1, "note": note}
                if row is not None and row.recovery_recipient is not None:
                    recipient = before.open(row.recovery_recipient, _RECIPIENT_CONTEXT)
                    facts |= _recovery_facts(after, recipient, version + 1)
                await self._record(connection, **facts)
                root_key.replace(secret)  # before the next writer begins
        except BaseException:
            if root_key.secret == secret:
                root_key.replace_back()
            raise
        return count

    async def new_recovery(self) -> str:
        """A new recovery key, as text to show once; the one before opens nothing from now on. Then `shown`."""
        code = codes.new_code()
        recipient = crypto.recipient_of(codes.secret_of(code))
        async with self._database.writing() as connection:
            row = (await connection.execute(select(root_keeping.c.version))).first()
            facts = _recovery_facts(self.root_key, recipient, row.version if row else 1)
            await self._record(connection, **facts, recovery_shown=False)
        return code

    async def recovery_was_shown(self) -> None:
        """Somebody has the recovery key before their eyes: the next start need not make another."""
        async with self._database.writing() as connection:
            await self._record(connection, recovery_shown=True)

    async def recover(self, code: str) -> RootKey:
        """Open the root key with the recovery key, and have this provider keep it, on whatever machine.

        Raises:
            CodeUnreadable: mistyped.
            RecoveryRefused: not the current recovery key of this data, or there never was one.
        """
        secret = codes.secret_of(code)
        async with self._database.reading() as connection:
            check = (await connection.execute(select(root_check.c.sealed))).scalar_one_or_none()
            row = (await connection.execute(select(root_keeping))).first()
        if check is None or row is None or row.recovery_sealed is None:
            raise RecoveryRefused("No recovery key was ever made for this data folder.")
        try:
            found = crypto.open_as_recipient(secret, row.recovery_sealed, _recovery_context(row.version))
        except SealBroken as error:
            raise RecoveryRefused(
                "This recovery key does not open this data folder: a newer one was made, or it belongs to "
                "another data folder. Nothing was changed."
            ) from error
        if _fitting([found], check) is None:
            raise SealBroken
        note = await self._provider.keep([found])
        async with self._database.writing() as connection:
            await self._record(connection, provider=self._provider.kind, note=note)
        self._root_key = RootKey(found)
        return self._root_key

    async def _begin(self) -> RootKey:
        kept = await self._provider.fetch(b"")  # an owner may bring a key, and folders may share one
        secret = kept[0] if kept else crypto.new_secret()
        note = await self._provider.keep([secret])
        root_key = RootKey(secret)
        async with self._database.writing() as connection:
            sealed = root_key.seal(_CHECK_TEXT, _CHECK_CONTEXT)
            await connection.execute(insert(root_check).values(id=1, sealed=sealed))
            await self._record(connection, note=note)
        return root_key

    async def _read(self) -> tuple[bytes | None, Keeping, bytes]:
        async with self._database.reading() as connection:
            check = (await connection.execute(select(root_check.c.sealed))).scalar_one_or_none()
            row = (await connection.execute(select(root_keeping))).first()
        if row is None:
            return check, Keeping(_FIRST_PROVIDER, 1, None, False, False), b""
        keeping = Keeping(
            row.provider,
            row.version,
            at(row.changed_at),
            row.recovery_sealed is not None,
            row.recovery_shown,
        )
        return check, keeping, row.note

    async def _record(self, connection: AsyncConnection, **facts: object) -> None:
        changed = {"changed_at": microseconds(self._clock.now()), **facts}
        result = await connection.execute(update(root_keeping).values(**changed))
        if result.rowcount == 0:
            first: dict[str, object] = {
                "id": 1,
                "provider": self._provider.kind,
                "note": b"",
                "version": 1,
                "recovery_shown": False,
            }
            await connection.execute(insert(root_keeping).values(**(first | changed)))

    def _no_key(self, candidates: Sequence[bytes]) -> RootKeyUnusable:
        recover = "If it is lost, `qanat keys recover` opens the data with the recovery key."
        if isinstance(self._provider, KeyFile):
            if not candidates:
                return KeyFileUnusable(
                    self._provider.path,
                    reason="it is missing, and the data folder holds data sealed under it",
                    remedy=f"Put your copy of the key back; without it nothing can be opened. {recover}",
                )
            return KeyFileUnusable(
                self._provider.path,
                reason="the data folder was sealed under another key",
                remedy=f"Use the key that belongs to this data folder, or name another data folder. {recover}",
            )
        found = (
            "gave another root key than this data folder's"
            if candidates
            else "has no root key for this data folder"
        )
        return RootKeyUnusable(f"The provider {self._provider.kind!r} {found}. {recover}")


def _fitting(candidates: Sequence[bytes], check: bytes) -> bytes | None:
    for secret in candidates:
        try:
            crypto.open_sealed(secret, check, _CHECK_CONTEXT)
        except (SealBroken, ValueError):
            continue
        return secret
    return None


def _recovery_context(version: int) -> crypto.Context:
    return ("root-key", "recovery", version)


def _recovery_facts(root_key: RootKey, recipient: bytes, version: int) -> dict[str, object]:
    """The public half is sealed by the root key, so that nobody can put their own in its place."""
    return {
        "recovery_recipient": root_key.seal(recipient, _RECIPIENT_CONTEXT),
        "recovery_sealed": crypto.seal_to(recipient, root_key.secret, _recovery_context(version)),
    }
