"""The key tree: who seals whom, and where each key lives. Documents and parsers never see what is above them.

    root key (a file outside the data folder)
    ├── vault key, one per vault      ── data key, one per document version ── original, text, chunks, name
    ├── search secret, one per vault  ── rotation, noise, keyed words and ids of its index
    └── tenant key, one per tenant    ── chats, runs, connector secrets (through a `Sealer`)

Sealed keys lie in SQL. Deleting a sealed data key makes every copy of that document noise.
"""

import asyncio
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select

from knowledge_vault import crypto
from knowledge_vault.errors import KeyFileUnusable, SealBroken
from knowledge_vault.ports import Database
from knowledge_vault.tables import root_check, tenant_keys
from knowledge_vault.values import DocumentId, TenantId, VaultId

_CHECK_TEXT = b"qanat data folder"
_CHECK_CONTEXT = ("root-check", 1)


@dataclass(frozen=True, repr=False)
class RootKey:
    """The key above all others, in memory. Its repr shows nothing."""

    secret: bytes

    def seal_vault_key(self, key: bytes, tenant: TenantId, vault: VaultId, version: int) -> bytes:
        return crypto.seal(self.secret, key, ("vault-key", tenant, vault, version))

    def open_vault_key(self, sealed: bytes, tenant: TenantId, vault: VaultId, version: int) -> bytes:
        return crypto.open_sealed(self.secret, sealed, ("vault-key", tenant, vault, version))

    def seal_search_secret(self, secret: bytes, tenant: TenantId, vault: VaultId, version: int) -> bytes:
        return crypto.seal(self.secret, secret, ("search-secret", tenant, vault, version))

    def open_search_secret(self, sealed: bytes, tenant: TenantId, vault: VaultId, version: int) -> bytes:
        return crypto.open_sealed(self.secret, sealed, ("search-secret", tenant, vault, version))


async def open_root_key(path: Path, *, data_dir: Path, database: Database) -> RootKey:
    """Read the root key, or create it (mode 0600) at the very first start, and check that it fits the data.

    Raises:
        KeyFileUnusable: it lies inside `data_dir`, others may read it, it is missing although there is sealed
            data, it is not a key, or the data was sealed under another one.
    """
    if await asyncio.to_thread(_lies_inside, path, data_dir):
        raise KeyFileUnusable(
            path,
            reason="it would lie inside the data folder, where a stolen copy of the data would have it too",
            remedy="Name a file elsewhere with QANAT_ROOT_KEY_FILE.",
        )
    async with database.reading() as connection:
        check = (await connection.execute(select(root_check.c.sealed))).scalar_one_or_none()
    exists = await asyncio.to_thread(path.exists)
    if check is None and not exists:
        await asyncio.to_thread(_create, path)
    elif not exists:
        raise KeyFileUnusable(
            path,
            reason="it is missing, and the data folder holds data sealed under it",
            remedy="Put your copy of the key back; without it nothing can be opened.",
        )
    root_key = RootKey(await asyncio.to_thread(_read, path))
    if check is None:
        async with database.writing() as connection:
            sealed = crypto.seal(root_key.secret, _CHECK_TEXT, _CHECK_CONTEXT)
            await connection.execute(insert(root_check).values(id=1, sealed=sealed))
        return root_key
    try:
        crypto.open_sealed(root_key.secret, check, _CHECK_CONTEXT)
    except SealBroken as error:
        raise KeyFileUnusable(
            path,
            reason="the data folder was sealed under another key",
            remedy="Use the key that belongs to this data folder, or name another data folder.",
        ) from error
    return root_key


def _lies_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(crypto.new_secret().hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileUnusable(
            path, reason="other users of this machine may read it", remedy=f"Run `chmod 600 {path}`."
        )
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        secret = b""
    if len(secret) != crypto.KEY_BYTES:
        raise KeyFileUnusable(
            path, reason="it does not hold 64 hexadecimal digits", remedy="Put your copy of the key back."
        )
    return secret


@dataclass(frozen=True, repr=False)
class VaultKey:
    """Seals what belongs to one vault as a whole, and the data keys of its documents."""

    secret: bytes
    tenant: TenantId
    vault: VaultId
    version: int

    def seal_labels(self, labels: bytes) -> bytes:
        return crypto.seal(self.secret, labels, ("vault-labels", self.tenant, self.vault, self.version))

    def open_labels(self, sealed: bytes) -> bytes:
        return crypto.open_sealed(
            self.secret, sealed, ("vault-labels", self.tenant, self.vault, self.version)
        )

    def new_data_key(self, document: DocumentId, version: int) -> tuple["DataKey", bytes]:
        """A fresh key for one version of a document, and the sealed form to keep."""
        secret = crypto.new_secret()
        return self._data_key(secret, document, version), crypto.seal(
            self.secret, secret, self._data_key_context(document, version)
        )

    def open_data_key(self, sealed: bytes, document: DocumentId, version: int) -> "DataKey":
        secret = crypto.open_sealed(self.secret, sealed, self._data_key_context(document, version))
        return self._data_key(secret, document, version)

    def _data_key(self, secret: bytes, document: DocumentId, version: int) -> "DataKey":
        return DataKey(secret, (self.tenant, self.vault, document, version))

    def _data_key_context(self, document: DocumentId, version: int) -> Sequence[str | int]:
        return ("data-key", self.tenant, self.vault, document, version, self.version)


@dataclass(frozen=True, repr=False)
class DataKey:
    """Seals everything of one version of one document; each piece bound to its place."""

    secret: bytes
    place: tuple[str | int, ...]
    """Tenant, vault, document, version."""

    def context(self, kind: str, *more: str | int) -> Sequence[str | int]:
        """`kind`: "original", "name", "problem", "text", or "chunk" followed by the chunk's number."""
        return (kind, *self.place, *more)

    def seal(self, plaintext: bytes, kind: str, *more: str | int) -> bytes:
        return crypto.seal(self.secret, plaintext, self.context(kind, *more))

    def open(self, sealed: bytes, kind: str, *more: str | int) -> bytes:
        return crypto.open_sealed(self.secret, sealed, self.context(kind, *more))


@dataclass(frozen=True, repr=False)
class Sealer:
    """Seals what one tenant's chats, runs and secrets hold, for packages that know no keys."""

    secret: bytes
    tenant: TenantId

    def seal(self, plaintext: bytes, *context: str | int) -> bytes:
        """`context` says what and where it is, such as `("message", chat_id, message_id)`."""
        return crypto.seal(self.secret, plaintext, ("tenant", self.tenant, *context))

    def open(self, sealed: bytes, *context: str | int) -> bytes:
        """Raises:
        SealBroken: altered, or sealed elsewhere.
        """
        return crypto.open_sealed(self.secret, sealed, ("tenant", self.tenant, *context))


class TenantKeys:
    """Hands out each tenant's sealer, creating the tenant's key when it is first asked for."""

    def __init__(self, root_key: RootKey, database: Database) -> None:
        self._root_key = root_key
        self._database = database
        self._sealers: dict[TenantId, Sealer] = {}

    async def sealer(self, tenant_id: str) -> Sealer:
        """The tenant's sealer. The first call per tenant may write: not inside a `writing()` block."""
        tenant = TenantId(tenant_id)
        if tenant not in self._sealers:
            sealed = await self._find(tenant) or await self._create(tenant)
            secret = crypto.open_sealed(self._root_key.secret, sealed, ("tenant-key", tenant))
            self._sealers[tenant] = Sealer(secret, tenant)
        return self._sealers[tenant]

    async def _find(self, tenant: TenantId) -> bytes | None:
        async with self._database.reading() as connection:
            row = await connection.execute(
                select(tenant_keys.c.sealed_key).where(tenant_keys.c.tenant_id == tenant)
            )
            found: bytes | None = row.scalar_one_or_none()
        return found

    async def _create(self, tenant: TenantId) -> bytes:
        sealed = crypto.seal(self._root_key.secret, crypto.new_secret(), ("tenant-key", tenant))
        async with self._database.writing() as connection:
            row = await connection.execute(
                select(tenant_keys.c.sealed_key).where(tenant_keys.c.tenant_id == tenant)
            )
            existing: bytes | None = row.scalar_one_or_none()
            if existing is not None:
                return existing
            await connection.execute(insert(tenant_keys).values(tenant_id=tenant, sealed_key=sealed))
        return sealed
