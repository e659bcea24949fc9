"""Signing keys: made here, sealed in SQL, opened only to sign. No key is ever logged, returned or shown.

Four purposes, never mixed: `operator` signs proofs and batches, `relayer` pays gas, `admin` set up the
contracts and holds their roles, `wallet` and `session` act for one person. Whoever has the operator's key
cannot take a deposit, and whoever has a session key cannot spend above its license's deposit.
"""

from collections import OrderedDict

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.clock import microseconds
from licensing.errors import WalletNotManaged
from licensing.ports import Clock, Database, Sealer
from licensing.signing import address_of, new_signing_key
from licensing.tables import signing_keys
from licensing.values import Address

SERVER_PURPOSES = ("operator", "relayer", "admin")
_MOST_OPEN_KEYS = 1024


class KeyRing:
    """Makes and opens signing keys."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database, self._sealer, self._clock = database, sealer, clock
        self._open: OrderedDict[Address, bytes] = OrderedDict()
        self._server: dict[str, Address] = {}

    async def start(self) -> None:
        """Open the server's own keys, making them on the first start."""
        async with self._database.writing() as connection:
            known = await connection.execute(
                select(signing_keys.c.purpose, signing_keys.c.address).where(
                    signing_keys.c.purpose.in_(SERVER_PURPOSES)
                )
            )
            self._server = {purpose: Address(address) for purpose, address in known}
            for purpose in SERVER_PURPOSES:
                if purpose not in self._server:
                    self._server[purpose] = await self.create(connection, purpose)

    async def create(self, connection: AsyncConnection, purpose: str) -> Address:
        """Make a key within the caller's transaction and return its address."""
        key = new_signing_key()
        address = address_of(key)
        await connection.execute(
            insert(signing_keys).values(
                address=address,
                purpose=purpose,
                sealed=self._sealer.seal(key, "signing key", purpose, address),
                created_at=microseconds(self._clock.now()),
            )
        )
        return address

    def server(self, purpose: str) -> Address:
        """The address of one of the server's own keys."""
        return self._server[purpose]

    async def key(self, address: Address, *, connection: AsyncConnection | None = None) -> bytes:
        """The key itself, to sign with and forget.

        Raises:
            WalletNotManaged: no key of this address is kept here.
        """
        if (key := await self.find(address, connection=connection)) is not None:
            return key
        raise WalletNotManaged(
            f"The wallet {address} is its owner's own: confirm this step in that wallet.", address=address
        )

    async def find(self, address: Address, *, connection: AsyncConnection | None = None) -> bytes | None:
        """As `key`; None when it is not kept here."""
        if (key := self._open.get(address)) is not None:
            self._open.move_to_end(address)
            return key
        found = await self._find(address, connection)
        if found is None:
            return None
        purpose, sealed = found
        key = self._sealer.open(sealed, "signing key", purpose, address)
        self._open[address] = key
        if len(self._open) > _MOST_OPEN_KEYS:
            self._open.popitem(last=False)
        return key

    async def holds(self, address: Address, *, connection: AsyncConnection | None = None) -> bool:
        """Whether the key of `address` is kept here."""
        return address in self._open or await self._find(address, connection) is not None

    async def check(self, address: Address) -> None:
        """Open the key as it is stored, also where it is open already; raises what the sealer raises.

        Raises:
            WalletNotManaged: no key of this address is kept here.
        """
        found = await self._find(address, None)
        if found is None:
            raise WalletNotManaged("The key of this wallet is not kept here.", address=address)
        purpose, sealed = found
        self._sealer.open(sealed, "signing key", purpose, address)

    async def _find(self, address: Address, connection: AsyncConnection | None) -> tuple[str, bytes] | None:
        if connection is None:
            async with self._database.reading() as reading:
                return await self._find(address, reading)
        row = (
            await connection.execute(
                select(signing_keys.c.purpose, signing_keys.c.sealed).where(signing_keys.c.address == address)
            )
        ).one_or_none()
        return (row.purpose, row.sealed) if row else None
