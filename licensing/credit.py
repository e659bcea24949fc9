"""Divide what an asset earns among the platform's fee, its ancestors and its receipts. Pure arithmetic.

Fee, royalties and shares are rounded down on everything the asset ever earned, never on a single use, so that what is
credited here use by use comes to the very sums the Settlement contract pays: nobody gains by many small
charges. What rounding leaves (less than one unit for each receipt) stays in the asset's `carry` and joins
later credits.
"""

from collections.abc import Mapping

from licensing.state import earned_of, fee_of, royalty_of
from licensing.values import AssetId, ReceiptId

FEE = "fee"
CARRY = "carry"


def credits_of(
    gross_before: int,
    amount: int,
    shares_bps: Mapping[ReceiptId, int],
    royalties_bps: Mapping[AssetId, int] | None = None,
) -> dict[str, int]:
    """What each account gains when an asset that earned `gross_before` earns `amount` more.

    Accounts are `fee`, `carry`, `royalty:<ancestor>` and `receipt:<id>`; they add up to `amount` exactly. A carry may
    shrink (when it makes a whole unit for somebody), nothing else does. Accounts that do not change are left out.

    Raises:
        ValueError: the amount is negative, or the shares do not add up to 10000.
    """
    if amount < 0 or gross_before < 0:
        raise ValueError("an asset earns nothing negative")
    if sum(shares_bps.values()) != 10_000:
        raise ValueError("the shares of an asset add up to 10000")
    gross = gross_before + amount
    gains = {FEE: fee_of(gross) - fee_of(gross_before)}
    royalties = royalties_bps or {}
    for asset_id, bps in royalties.items():
        gains[f"royalty:{asset_id}"] = royalty_of(gross, bps) - royalty_of(gross_before, bps)
    owed_bps = sum(royalties.values())
    for receipt_id, share_bps in shares_bps.items():
        before = earned_of(gross_before, share_bps, royalty_bps=owed_bps)
        gains[f"receipt:{receipt_id}"] = earned_of(gross, share_bps, royalty_bps=owed_bps) - before
    gains[CARRY] = amount - sum(gains.values())
    return {account: gain for account, gain in gains.items() if gain != 0}
