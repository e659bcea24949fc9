"""What receipts earned: settled by the chain's own sums, waiting by our ledger, claimed to the
holder's address.
"""

from collections.abc import Sequence

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.errors import NothingToClaim, NotTheHolder, Unknown
from licensing.settler import Settler
from licensing.state import ReceiptRecord, earned_of
from licensing.tables import asset_totals, invocations, settlements
from licensing.values import Address, AssetId, Earnings, ReceiptEarnings, ReceiptId
from licensing.view import View

_SETTLEMENTS_SHOWN = 50


class EarningsReader:
    """Adds up earnings; changes nothing."""

    def __init__(self, view: View, settler: Settler) -> None:
        self._view, self._settler = view, settler

    async def of(self, connection: AsyncConnection, address: Address) -> Earnings:
        """Everything `address` holds receipts for."""
        head = self._view.head
        records = [head.receipts[r] for r in head.receipts_of.get(address, ())]
        asset_ids = sorted({record.asset_id for record in records})
        waiting = await _waiting_by_asset(connection, asset_ids)
        uses = await _uses_by_asset(connection, asset_ids)
        receipts = tuple(
            self._receipt(record, waiting.get(record.asset_id, 0), uses.get(record.asset_id, 0))
            for record in records
        )
        listed = await self._settler.listed(connection, limit=_SETTLEMENTS_SHOWN, asset_ids=asset_ids)
        return Earnings(
            receipts=receipts,
            settlements=tuple(listed),
            earned=sum(r.earned for r in receipts),
            claimed=sum(r.claimed for r in receipts),
            claimable=sum(r.claimable for r in receipts),
            unsettled=sum(r.unsettled for r in receipts),
        )

    def claimable(self, address: Address, receipt_ids: Sequence[ReceiptId] | None) -> list[ReceiptId]:
        """The receipts of `address` that have something to claim, of those asked for.

        Raises:
            Unknown, NotTheHolder, NothingToClaim.
        """
        head = self._view.head
        wanted = head.receipts_of.get(address, ()) if receipt_ids is None else receipt_ids
        ready = []
        for receipt_id in dict.fromkeys(wanted):
            record = head.receipts.get(receipt_id)
            if record is None:
                raise Unknown("receipt", receipt_id)
            if record.holder != address:
                raise NotTheHolder("This receipt belongs to somebody else.", receipt_id=receipt_id)
            if self._receipt(record, 0, 0).claimable:
                ready.append(receipt_id)
        if not ready:
            raise NothingToClaim(
                "There is nothing to claim yet: what was earned must first be settled on the chain."
            )
        return ready

    def royalties_to_pull(self, receipt_ids: Sequence[ReceiptId]) -> list[AssetId]:
        """The forks whose royalties must be given before these receipts can claim all they have earned."""
        head = self._view.head
        assets = {head.receipts[receipt_id].asset_id for receipt_id in receipt_ids}
        return sorted({fork for asset_id in assets for fork in head.royalties_due(asset_id)})

    def _receipt(self, record: ReceiptRecord, waiting: int, uses: int) -> ReceiptEarnings:
        head = self._view.head
        gross = head.gross.get(record.asset_id, 0)
        asset = head.assets[record.asset_id]
        royalty_in = head.royalty_in.get(record.asset_id, 0) + sum(
            head.royalties_due(record.asset_id).values()
        )

        def of(total: int) -> int:
            return earned_of(total, record.share_bps, royalty_bps=asset.royalty_bps, royalty_in=royalty_in)

        earned, claimed = of(gross), head.paid.get(record.receipt_id, 0)
        return ReceiptEarnings(
            receipt_id=record.receipt_id,
            asset_id=record.asset_id,
            series=asset.series,
            holder=record.holder,
            role=record.role,
            share_bps=record.share_bps,
            earned=earned,
            claimed=claimed,
            claimable=earned - claimed,
            unsettled=of(gross + waiting) - earned,
            uses=uses,
        )


async def _waiting_by_asset(connection: AsyncConnection, asset_ids: Sequence[AssetId]) -> dict[int, int]:
    """Charges that no mined settlement holds yet."""
    rows = await connection.execute(
        select(invocations.c.asset_id, cast(func.sum(invocations.c.charge), BigInteger))
        .outerjoin(settlements, settlements.c.id == invocations.c.settlement_id)
        .where(
            invocations.c.asset_id.in_(asset_ids),
            invocations.c.state == "charged",
            invocations.c.charge > 0,
            settlements.c.state.is_(None) | settlements.c.state.in_(("frozen", "stored")),
        )
        .group_by(invocations.c.asset_id)
    )
    return {row[0]: int(row[1]) for row in rows}


async def _uses_by_asset(connection: AsyncConnection, asset_ids: Sequence[AssetId]) -> dict[int, int]:
    rows = await connection.execute(
        select(asset_totals.c.asset_id, asset_totals.c.uses).where(asset_totals.c.asset_id.in_(asset_ids))
    )
    return {row[0]: row[1] for row in rows}
