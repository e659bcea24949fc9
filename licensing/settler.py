"""Settles many charges in one chain transaction, and never one of them twice.

A batch goes frozen -> stored -> mined, each step one SQL transaction; it is final when its transaction is.
Frozen: its charges belong to it and to no other. Stored: the signed transaction is in SQL, with its nonce,
before it leaves. A crash anywhere is resumed: what was stored is sent again, the same bytes; what was frozen is
signed for the chain's present head. The chain skips an item that it was paid before, so even two of us could not
charge twice.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, Row, bindparam, cast, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.abi import Event, interface
from licensing.chain import Chain
from licensing.clock import microseconds, moment_of
from licensing.errors import TransactionFailed
from licensing.keys import KeyRing
from licensing.merkle import path_of, root_of
from licensing.ports import Clock, Database
from licensing.signing import compact, sign
from licensing.sql import Step, run_all
from licensing.tables import channels, invocations, settlements, transactions
from licensing.transactions import Mined, Transactions
from licensing.values import AssetId, LicenseId, Limits, Settlement, SettlementId
from licensing.view import View
from licensing.voucher import Group, Item, Vouchers

MOST_ITEMS = 250
"""A batch of this many first-time channels stays below the gas that one transaction may use (EIP-7825)."""
_MOST_USES = 5000
_TRIES = 5
_GIVE_TO_BATCH = (
    update(invocations).where(invocations.c.id == bindparam("name")).values(settlement_id=bindparam("batch"))
)


class Settler:
    """The one that turns charges into chain transactions."""

    def __init__(
        self,
        chain: Chain,
        database: Database,
        view: View,
        keys: KeyRing,
        vouchers: Vouchers,
        sending: Transactions,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._chain, self._database, self._view, self._keys = chain, database, view, keys
        self._vouchers, self._sending, self._clock, self._limits = vouchers, sending, clock, limits
        self._settling = asyncio.Lock()

    async def settle(self) -> list[SettlementId]:
        """Settle everything that waits, batch by batch, each mined before the next; ids of the batches.

        Raises:
            ChainUnavailable, FundsMissing, TransactionFailed: what was frozen stays so, and is tried again
            later.
        """
        done = []
        async with self._settling:
            for settlement_id in await self._unfinished():
                await self._finish(settlement_id)
                done.append(settlement_id)
            while (fresh := await self._freeze()) is not None:
                await self._finish(fresh)
                done.append(fresh)
        return done

    async def due(self) -> bool:
        """Whether it is time: enough money waits, or waits long enough, or somebody asks a deposit back."""
        async with self._database.reading() as connection:
            waiting = (
                await connection.execute(
                    select(
                        cast(func.sum(invocations.c.charge), BigInteger), func.min(invocations.c.charged_at)
                    ).where(_waiting())
                )
            ).one()
            if await self._unfinished():
                return True
            amount, oldest = waiting
            if oldest is None:
                return False
            age_s = (microseconds(self._clock.now()) - oldest) / 1e6
            if amount >= self._limits.settle_above or age_s >= self._limits.settle_after_s:
                return True
            rows = await connection.execute(
                select(channels.c.license_id, channels.c.epoch)
                .join(invocations, invocations.c.channel == channels.c.channel)
                .where(_waiting(), invocations.c.charge > 0)
                .distinct()
            )
            return any(self._leaving(LicenseId(row.license_id), row.epoch) for row in rows)

    def _leaving(self, license_id: LicenseId, epoch: int) -> bool:
        channel = self._view.head.channels.get((license_id, epoch))
        record = self._view.head.licenses.get(license_id)
        return (channel is not None and channel.thawing > 0) or (record is not None and record.epoch != epoch)

    # --- the steps

    async def _freeze(self) -> SettlementId | None:
        """Give the charges that wait to a new batch; None when none wait."""
        async with self._database.writing() as connection:
            rows = list(
                await connection.execute(
                    select(invocations, channels.c.license_id, channels.c.epoch)
                    .join(channels, channels.c.channel == invocations.c.channel)
                    .where(_waiting())
                    .order_by(invocations.c.channel, invocations.c.sequence)
                    .limit(_MOST_USES)
                )
            )
            rows = _within(rows, MOST_ITEMS)
            if not rows:
                return None
            groups = await self._groups(connection, rows)
            settlement_id = SettlementId(uuid4().hex)
            await connection.execute(
                insert(settlements).values(
                    id=settlement_id,
                    state="frozen",
                    usage_root=_hex(root_of([_bytes(row.leaf) for row in rows])),
                    asked=sum(row.charge for row in rows),
                    items=len(rows),
                    batch=json.dumps([_group_json(group) for group in groups]),
                    created_at=microseconds(self._clock.now()),
                )
            )
            await run_all(
                connection, [Step(_GIVE_TO_BATCH, [{"name": row.id, "batch": settlement_id} for row in rows])]
            )
        return settlement_id

    async def _groups(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Group]:
        """One group an asset; a channel used for several assets claims its way up from group to group."""
        claimed: dict[str, int] = {}
        signed: dict[str, Row[Any]] = {}
        for name in {row.channel for row in rows if row.charge}:
            signed[name] = (
                await connection.execute(select(channels).where(channels.c.channel == name))
            ).one()
            earlier = await connection.scalar(
                select(cast(func.coalesce(func.sum(invocations.c.charge), 0), BigInteger)).where(
                    invocations.c.channel == name, invocations.c.settlement_id.is_not(None)
                )
            )
            claimed[name] = int(earlier or 0)
        groups = []
        for asset_id in sorted({row.asset_id for row in rows if row.charge}):
            items = []
            for name in sorted(signed):
                amount = sum(row.charge for row in rows if row.asset_id == asset_id and row.channel == name)
                if amount == 0:
                    continue
                claimed[name] += amount
                channel = signed[name]
                r, vs = compact(_bytes(channel.best_signature))
                items.append(
                    Item(
                        license_id=LicenseId(channel.license_id),
                        epoch=channel.epoch,
                        ceiling=channel.best_ceiling,
                        claim=claimed[name],
                        r=r,
                        vs=vs,
                    )
                )
            groups.append(Group(asset_id=AssetId(asset_id), items=tuple(items)))
        return groups

    async def _finish(self, settlement_id: SettlementId) -> None:
        for attempt in range(_TRIES):
            row = await self._row(settlement_id)
            transaction_id = row.transaction_id or await self._store(row)
            try:
                mined = await self._sending.deliver(transaction_id)
            except TransactionFailed:
                await self._set(settlement_id, state="frozen", transaction_id=None)  # sign it again
                if attempt == _TRIES - 1:
                    raise
                continue
            await self._set(settlement_id, state="mined", moved=_moved(mined))
            return

    async def _store(self, row: Row[Any]) -> str:
        """Sign the batch for the chain's present head, and its transaction, and keep both before sending."""
        head = await self._chain.read("Settlement", "usageHead")
        groups = [_group_of(group) for group in json.loads(row.batch)]
        uri = f"urn:qanat:settlement:{row.id}"
        root = _bytes(row.usage_root)
        digest = self._vouchers.batch_digest(_bytes(head), root, uri, groups)
        signature = sign(await self._keys.key(self._keys.server("operator")), digest)
        data = interface("Settlement").call(
            "redeem", _bytes(head), root, uri, [group.as_tuple() for group in groups], signature
        )
        relayer, doing = self._keys.server("relayer"), f"settle {row.items} uses"
        draft = await self._sending.draft(relayer, self._chain.addresses["Settlement"], data, doing=doing)
        async with self._database.writing() as connection:
            transaction_id = await self._sending.store(connection, draft)
            await connection.execute(
                update(settlements)
                .where(settlements.c.id == row.id)
                .values(state="stored", transaction_id=transaction_id)
            )
        return transaction_id

    async def _unfinished(self) -> list[SettlementId]:
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(settlements.c.id)
                .where(settlements.c.state.in_(("frozen", "stored")))
                .order_by(settlements.c.created_at)
            )
            return [SettlementId(row.id) for row in rows]

    async def _row(self, settlement_id: SettlementId) -> Row[Any]:
        async with self._database.reading() as connection:
            return (
                await connection.execute(select(settlements).where(settlements.c.id == settlement_id))
            ).one()

    async def _set(self, settlement_id: SettlementId, **values: Any) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(settlements).where(settlements.c.id == settlement_id).values(**values)
            )

    # --- reading

    async def place(self, connection: AsyncConnection, invocation: Row[Any]) -> dict[str, Any] | None:
        """Where a use lies in its batch; None before the batch is mined."""
        if invocation.settlement_id is None:
            return None
        row = (
            await connection.execute(
                select(settlements, transactions.c.hash)
                .join(transactions, transactions.c.id == settlements.c.transaction_id)
                .where(settlements.c.id == invocation.settlement_id, settlements.c.state == "mined")
            )
        ).one_or_none()
        if row is None:
            return None
        leaves = list(
            await connection.scalars(
                select(invocations.c.leaf)
                .where(invocations.c.settlement_id == row.id)
                .order_by(invocations.c.channel, invocations.c.sequence)
            )
        )
        path = path_of([_bytes(leaf) for leaf in leaves], leaves.index(invocation.leaf))
        return {
            "settlement_id": row.id,
            "root": row.usage_root,
            "path": [_hex(step) for step in path],
            "tx_hash": row.hash,
        }

    async def listed(
        self, connection: AsyncConnection, *, limit: int, asset_ids: Sequence[AssetId] | None = None
    ) -> list[Settlement]:
        """Newest first; only those that paid one of `asset_ids`, when given."""
        query = (
            select(settlements, transactions.c.hash, transactions.c.state.label("sent"))
            .outerjoin(transactions, transactions.c.id == settlements.c.transaction_id)
            .order_by(settlements.c.created_at.desc())
            .limit(limit)
        )
        if asset_ids is not None:
            paying = select(invocations.c.settlement_id).where(invocations.c.asset_id.in_(asset_ids))
            query = query.where(settlements.c.id.in_(paying))
        return [_settlement(row) for row in await connection.execute(query)]


def _waiting() -> Any:
    return (
        (invocations.c.state == "charged")
        & invocations.c.settlement_id.is_(None)
        & (invocations.c.kind != "author")
    )


def _within(rows: Sequence[Row[Any]], most_items: int) -> list[Row[Any]]:
    """As many rows, in order, as make at most so many items."""
    items: set[tuple[str, int]] = set()
    taken = []
    for row in rows:
        if row.charge:
            items.add((row.channel, row.asset_id))
        if len(items) > most_items:
            break
        taken.append(row)
    return taken


def _moved(mined: Mined) -> int:
    """What a batch charged, by the chain's own word."""
    return sum(event.arguments["amount"] for event in mined.events if event.name == "BatchRedeemed")


def skipped(events: Sequence[Event]) -> list[Event]:
    """The items of a batch that moved nothing."""
    return [event for event in events if event.name == "ItemSkipped"]


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "asset_id": group.asset_id,
        "items": [
            [item.license_id, item.epoch, str(item.ceiling), str(item.claim), _hex(item.r), _hex(item.vs)]
            for item in group.items
        ],
    }


def _group_of(stored: dict[str, Any]) -> Group:
    items = tuple(
        Item(LicenseId(i[0]), i[1], int(i[2]), int(i[3]), _bytes(i[4]), _bytes(i[5])) for i in stored["items"]
    )
    return Group(AssetId(stored["asset_id"]), items)


def _settlement(row: Row[Any]) -> Settlement:
    state = "stored"
    if row.state == "mined":
        state = "final" if row.sent == "final" else "mined"
    elif row.sent == "sent":
        state = "sent"
    return Settlement(
        settlement_id=SettlementId(row.id),
        state=state,
        amount=row.asked if row.moved is None else row.moved,
        items=row.items,
        tx_hash=row.hash,
        usage_root=row.usage_root,
        at=moment_of(row.created_at),
    )


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
