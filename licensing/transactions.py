"""Sending transactions so that none is lost, sent twice with a different content, or sent out of order.

A transaction is signed and stored, with its nonce, in one SQL transaction before a single byte of it
leaves. What is sent again, after a crash or for want of an answer, is the same bytes: the chain takes them
once. A block that holds it may still vanish, so a transaction is looked after until its block is final.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import rlp  # type: ignore[import-untyped]  # ships no types
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.abi import Event
from licensing.chain import Chain
from licensing.clock import microseconds
from licensing.errors import ChainUnavailable, FundsMissing, TransactionFailed
from licensing.keys import KeyRing
from licensing.ports import Clock, Database
from licensing.rpc import RpcRefused
from licensing.signing import sign
from licensing.tables import transactions
from licensing.values import Address

GAS_LIMIT = 2**24
"""EIP-7825: no transaction may ask for more."""
_PATIENCE_S = 60.0
_GRANT_GAS = 10_000_000
_LOW_GAS = 2_000_000


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction that is in a block and succeeded."""

    transaction_id: str
    hash: str
    block_number: int
    block_hash: str
    contract_address: Address | None
    """Of the contract it created."""
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction that the chain would accept now, not yet signed."""

    sender: Address
    to: Address | None
    data: bytes
    value: int
    gas: int
    max_fee: int
    tip: int
    next_nonce: int
    """The sender's by the chain; what is stored here may be ahead of it."""
    doing: str


class Transactions:
    """The only writer to the chain."""

    def __init__(
        self,
        chain: Chain,
        database: Database,
        keys: KeyRing,
        clock: Clock,
        *,
        final_number: Callable[[], int],
        make_durable: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        """`final_number` is the newest block that can no longer vanish; `make_durable` is awaited before anybody
        is told that a transaction is mined.
        """
        self._final_number = final_number
        self._chain, self._database, self._keys, self._clock = chain, database, keys, clock
        self._make_durable = make_durable
        self._senders: dict[Address, asyncio.Lock] = {}

    async def send(
        self, sender: Address, to: Address | None, data: bytes, *, doing: str, value: int = 0
    ) -> Mined:
        """Sign, store, send, and wait until it is mined. `doing` says in words what it is for.

        Raises:
            WalletNotManaged, FundsMissing, TransactionFailed, ChainUnavailable.
        """
        await self._keys.key(sender)
        async with self._senders.setdefault(sender, asyncio.Lock()):
            draft = await self.draft(sender, to, data, doing=doing, value=value)
            async with self._database.writing() as connection:
                transaction_id = await self.store(connection, draft)
        return await self.deliver(transaction_id)

    async def draft(
        self, sender: Address, to: Address | None, data: bytes, *, doing: str, value: int = 0
    ) -> Draft:
        """Try it out on the node: what would fail is refused here, for nothing and in words."""
        call: dict[str, Any] = {"from": sender, "data": "0x" + data.hex(), "value": hex(value)}
        if to is not None:
            call["to"] = to
        try:
            gas = int(await self._chain.rpc.call("eth_estimateGas", call), 16)
        except RpcRefused as error:
            if "insufficient funds" in error.message.lower():
                raise FundsMissing(f"The wallet {sender} has too little gas to {doing}.") from error
            raise TransactionFailed(doing, reason=self._chain.explain(error)) from error
        tip, max_fee = await self._fees()
        gas = min(GAS_LIMIT, gas * 13 // 10 + 10_000)
        nonce = int(await self._chain.rpc.call("eth_getTransactionCount", sender, "latest"), 16)
        return Draft(
            sender=sender,
            to=to,
            data=data,
            value=value,
            gas=gas,
            max_fee=max_fee,
            tip=tip,
            next_nonce=nonce,
            doing=doing,
        )

    async def store(self, connection: AsyncConnection, draft: Draft) -> str:
        """Give it a nonce, sign it and keep the bytes, within the caller's transaction. Returns its id."""
        taken = set(
            await connection.scalars(
                select(transactions.c.nonce).where(
                    transactions.c.sender == draft.sender,
                    transactions.c.state != "dropped",
                    transactions.c.nonce >= draft.next_nonce,
                )
            )
        )
        nonce = draft.next_nonce
        while nonce in taken:  # the first free one: a gap that a dropped transaction left is filled
            nonce += 1
        key = await self._keys.key(draft.sender, connection=connection)
        raw = signed_bytes(draft, chain_id=self._chain.chain_id, nonce=nonce, key=key)
        tx_hash = "0x" + keccak(raw).hex()
        dropped = await connection.scalar(select(transactions.c.id).where(transactions.c.hash == tx_hash))
        if dropped is not None:  # the very transaction that the node refused before: it gets another try
            await connection.execute(
                update(transactions).where(transactions.c.id == dropped).values(state="stored")
            )
            return str(dropped)
        transaction_id = uuid4().hex
        await connection.execute(
            insert(transactions).values(
                id=transaction_id,
                sender=draft.sender,
                nonce=nonce,
                hash=tx_hash,
                raw=raw,
                doing=draft.doing,
                state="stored",
                created_at=microseconds(self._clock.now()),
            )
        )
        return transaction_id

    async def deliver(self, transaction_id: str) -> Mined:
        """Send what is stored until the chain has it. Again and again is the same as once.

        Raises:
            TransactionFailed: it is in a block, and did nothing but cost gas; or it can never be.
            ChainUnavailable: no answer, or not mined in time: it stays stored and will be sent again.
        """
        row = await self._row(transaction_id)
        receipt = await self._receipt(row.hash)
        if receipt is None:
            await self._broadcast(row)
            receipt = await self._await_receipt(row.hash)
        if self._make_durable is not None:
            await self._make_durable()
        succeeded = int(receipt["status"], 16) == 1
        number = int(receipt["blockNumber"], 16)
        state = "final" if number <= self._final_number() else "mined"
        await self._mark(
            transaction_id,
            state=state if succeeded else "reverted",
            block_number=number,
            block_hash=receipt["blockHash"],
        )
        if not succeeded:
            raise TransactionFailed(row.doing, reason="it was mined but reverted")
        created = receipt.get("contractAddress")
        return Mined(
            transaction_id=transaction_id,
            hash=row.hash,
            block_number=number,
            block_hash=receipt["blockHash"],
            contract_address=Address(to_checksum_address(created)) if created else None,
            events=tuple(self._chain.events_of_receipt(receipt)),
        )

    async def resume(self) -> None:
        """Look after all that is not final yet: deliver what a crash, an outage or a vanished block left behind,
        in the order of its nonces.
        """
        async with self._database.reading() as reading:
            rows = await reading.execute(
                select(transactions.c.id)
                .where(transactions.c.state.in_(("stored", "sent", "mined")))
                .order_by(transactions.c.sender, transactions.c.nonce)
            )
            waiting = [row.id for row in rows]
        for transaction_id in waiting:
            with contextlib.suppress(TransactionFailed):
                await self.deliver(transaction_id)

    async def ensure_gas(self, address: Address) -> None:
        """Let the relayer give `address` some gas when it has little."""
        _, max_fee = await self._fees()
        if await self._chain.gas_balance(address) >= _LOW_GAS * max_fee:
            return
        relayer = self._keys.server("relayer")
        await self.send(
            relayer, address, b"", value=_GRANT_GAS * max_fee, doing=f"give {address} gas for its first steps"
        )

    async def _fees(self) -> tuple[int, int]:
        """Tip and highest fee per gas, with room for a few full blocks."""
        tip = int(await self._chain.rpc.call("eth_maxPriorityFeePerGas"), 16)
        price = int(await self._chain.rpc.call("eth_gasPrice"), 16)
        return tip, 2 * price + tip

    async def _row(self, transaction_id: str) -> Row[Any]:
        async with self._database.reading() as reading:
            return (
                await reading.execute(select(transactions).where(transactions.c.id == transaction_id))
            ).one()

    async def _broadcast(self, row: Row[Any]) -> None:
        try:
            await self._chain.rpc.call("eth_sendRawTransaction", "0x" + row.raw.hex())
        except RpcRefused as error:
            message = error.message.lower()
            if any(known in message for known in ("already known", "already imported", "nonce too low")):
                return  # it is on its way, or in a block: its receipt will tell
            await self._mark(row.id, state="dropped")
            raise TransactionFailed(row.doing, reason=self._chain.explain(error)) from error
        await self._mark(row.id, state="sent")

    async def _await_receipt(self, tx_hash: str) -> dict[str, Any]:
        pause, waited = 0.005, 0.0
        while waited < _PATIENCE_S:
            if (receipt := await self._receipt(tx_hash)) is not None:
                return receipt
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, 1.0)
        raise ChainUnavailable("a transaction was sent and is not in a block yet")

    async def _receipt(self, tx_hash: str) -> dict[str, Any] | None:
        receipt: dict[str, Any] | None = await self._chain.rpc.call("eth_getTransactionReceipt", tx_hash)
        return receipt

    async def _mark(self, transaction_id: str, **values: Any) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(transactions).where(transactions.c.id == transaction_id).values(**values)
            )


def signed_bytes(draft: Draft, *, chain_id: int, nonce: int, key: bytes) -> bytes:
    """The transaction as it goes over the wire (EIP-1559)."""
    to = bytes.fromhex(draft.to[2:]) if draft.to else b""
    fields: list[Any] = [
        chain_id,
        nonce,
        draft.tip,
        draft.max_fee,
        draft.gas,
        to,
        draft.value,
        draft.data,
        [],
    ]
    unsigned = [_number(field) if isinstance(field, int) else field for field in fields]
    signature = sign(key, keccak(b"\x02" + rlp.encode(unsigned)))
    parts = (signature[64] - 27, int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]))
    return b"\x02" + bytes(rlp.encode([*unsigned, *map(_number, parts)]))


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)
