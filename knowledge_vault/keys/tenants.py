"""One key per tenant, for what is no document: chats, runs, the secrets of connectors."""

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge_vault import crypto
from knowledge_vault.keys.tree import RootKey
from knowledge_vault.ports import Database
from knowledge_vault.tables import tenant_keys
from knowledge_vault.values import TenantId


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


def tenant_key_context(tenant: TenantId) -> crypto.Context:
    return ("tenant-key", tenant)


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
            async with self._database.reading() as connection:
                sealed = await _find(connection, tenant)
            if sealed is None:
                sealed = await self._create(tenant)
            secret = self._root_key.open(sealed, tenant_key_context(tenant))
            self._sealers[tenant] = Sealer(secret, tenant)
        return self._sealers[tenant]

    async def check(self, tenant_id: str) -> None:
        """Open the tenant's key as it lies in the database, whatever is in memory; fine where there is none yet.

        Raises:
            SealBroken: it was altered; nothing sealed with it opens after the next start.
        """
        async with self._database.reading() as connection:
            sealed = await _find(connection, TenantId(tenant_id))
        if sealed is not None:
            self._root_key.open(sealed, tenant_key_context(TenantId(tenant_id)))

    async def _create(self, tenant: TenantId) -> bytes:
        async with self._database.writing() as connection:
            existing = await _find(connection, tenant)
            if existing is not None:
                return existing
            sealed = self._root_key.seal(crypto.new_secret(), tenant_key_context(tenant))
            await connection.execute(insert(tenant_keys).values(tenant_id=tenant, sealed_key=sealed))
        return sealed


async def _find(connection: AsyncConnection, tenant: TenantId) -> bytes | None:
    row = await connection.execute(select(tenant_keys.c.sealed_key).where(tenant_keys.c.tenant_id == tenant))
    found: bytes | None = row.scalar_one_or_none()
    return found
