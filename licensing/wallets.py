"""Managed wallets: people who never saw a chain act through keys that we keep sealed for them.

Gas is given by the relayer whenever a wallet runs low, so that the only money a person sees is the currency.
"""

import asyncio
from collections.abc import Sequence

from licensing.abi import interface
from licensing.chain import Chain
from licensing.errors import FaucetRefused, FundsMissing
from licensing.keys import KeyRing
from licensing.ports import Database
from licensing.transactions import Mined, Transactions
from licensing.values import Address, Balance, Limits, PreparedTransaction


class Wallets:
    """Makes managed wallets and acts for them."""

    def __init__(
        self,
        chain: Chain,
        database: Database,
        keys: KeyRing,
        sending: Transactions,
        limits: Limits,
        *,
        has_faucet: bool,
    ) -> None:
        self._chain, self._database, self._keys, self._sending = chain, database, keys, sending
        self._limits, self._has_faucet = limits, has_faucet
        self._acting: dict[Address, asyncio.Lock] = {}

    async def create(self) -> Address:
        async with self._database.writing() as connection:
            return await self._keys.create(connection, "wallet")

    async def act(self, address: Address, steps: Sequence[PreparedTransaction], *, spends: int = 0) -> Mined:
        """Sign and send the steps one after the other for a managed wallet; the last one's outcome.

        Raises:
            WalletNotManaged, FundsMissing, TransactionFailed, ChainUnavailable.
        """
        await self._keys.key(address)
        async with self._acting.setdefault(address, asyncio.Lock()):
            if spends:
                owned = await self._chain.currency_balance(address)
                if owned < spends:
                    raise FundsMissing(
                        f"This costs {_units(spends)}, and the wallet has {_units(owned)}. "
                        + ("Get test currency from the faucet." if self._has_faucet else "Add funds to it."),
                        needed=spends,
                        owned=owned,
                    )
            await self._sending.ensure_gas(address)
            for step in steps:
                mined = await self._sending.send(
                    address, step.to, bytes.fromhex(step.data[2:]), value=step.value, doing=step.description
                )
        return mined

    async def balance(self, address: Address) -> Balance:
        currency = await self._chain.currency_balance(address)
        return Balance(
            address=address,
            currency=currency,
            gas=await self._chain.gas_balance(address),
            can_use_faucet=self._has_faucet and currency < self._limits.faucet_below,
            managed=await self._keys.holds(address),
        )

    async def use_faucet(self, address: Address) -> Mined:
        """Give test currency to a wallet that has little. Raises `FaucetRefused`."""
        if not self._has_faucet:
            raise FaucetRefused("There is no faucet on this chain: its currency is real.")
        owned = await self._chain.currency_balance(address)
        if owned >= self._limits.faucet_below:
            raise FaucetRefused(
                f"The wallet has {_units(owned)} already; the faucet gives to those with less than "
                f"{_units(self._limits.faucet_below)}.",
                owned=owned,
            )
        await self._sending.ensure_gas(address)
        data = interface("TestCurrency").call("faucet", address, self._limits.faucet_amount)
        return await self._sending.send(
            self._keys.server("relayer"),
            self._chain.addresses["TestCurrency"],
            data,
            doing=f"give {address} test currency",
        )


def _units(amount: int) -> str:
    """An amount as people write it."""
    return f"{amount // 10**6}.{amount % 10**6:06d}".rstrip("0").rstrip(".") + " QUSD"
