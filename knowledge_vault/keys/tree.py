"""The key tree: who seals whom, and where each key lives. Documents and parsers never see what is above them.

    root key (kept by a provider, outside the data folder)
    ├── vault key, one per vault      ── data key, one per document version ── original, text, chunks, name
    ├── search secret, one per vault  ── rotation, noise, keyed words and ids of its index
    └── tenant key, one per tenant    ── chats, runs, connector secrets (through a `Sealer`, tenants.py)

Sealed keys lie in SQL. Deleting a sealed data key makes every copy of that document noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge_vault import crypto
from knowledge_vault.errors import SealBroken
from knowledge_vault.values import DocumentId, TenantId, VaultId


class RootKey:
    """The key above all others, in memory. Its repr shows nothing.

    All that hold it hold this one object: a rotation puts the new secret into it. Whoever seals with it does so
    inside a `writing()` block, so that nothing is sealed under a key that is being replaced.
    """

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self._before: bytes | None = None

    def seal(self, plaintext: bytes, context: crypto.Context) -> bytes:
        return crypto.seal(self.secret, plaintext, context)

    def open(self, sealed: bytes, context: crypto.Context) -> bytes:
        """Raises:
        SealBroken: as `crypto.open_sealed`.
        """
        try:
            return crypto.open_sealed(self.secret, sealed, context)
        except SealBroken:
            if self._before is None:
                raise
            return crypto.open_sealed(self._before, sealed, context)  # read just before a rotation

    def replace(self, secret: bytes) -> None:
        """From now on this secret; what was read from the database before still opens."""
        self._before, self.secret = self.secret, secret

    def replace_back(self) -> None:
        """After `replace`, when the rotation was not committed."""
        assert self._before is not None
        self.secret, self._before = self._before, None


def grant_context(tenant: TenantId, vault: VaultId, version: int, expires_at: int) -> crypto.Context:
    """`expires_at` in microseconds since 1970: nobody can make a grant last longer."""
    return ("vault-grant", tenant, vault, version, expires_at)


def vault_key_context(tenant: TenantId, vault: VaultId, version: int) -> crypto.Context:
    return ("vault-key", tenant, vault, version)


def search_secret_context(tenant: TenantId, vault: VaultId, version: int) -> crypto.Context:
    return ("search-secret", tenant, vault, version)


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

    def seal_secret(self, secret: bytes, kind: str, version: int) -> bytes:
        """`kind`: search-secret, word-secret, previous-key or recipient; `version`: its own."""
        return crypto.seal(self.secret, secret, (kind, self.tenant, self.vault, version, self.version))

    def open_secret(self, sealed: bytes, kind: str, version: int) -> bytes:
        return crypto.open_sealed(self.secret, sealed, (kind, self.tenant, self.vault, version, self.version))

    def new_data_key(self, document: DocumentId, version: int) -> "DataKey":
        """A fresh key for one version of a document; `seal_data_key` makes what is kept of it."""
        return self._data_key(crypto.new_secret(), document, version)

    def seal_data_key(self, data_key: "DataKey", document: DocumentId, version: int) -> bytes:
        return crypto.seal(self.secret, data_key.secret, self._data_key_context(document, version))

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
