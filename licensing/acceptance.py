"""Whether a voucher that a holder signed themselves may be taken. Pure: the ledger takes it, or nobody
does.
"""

from typing import Any

from licensing.errors import VoucherAboveDeposit, VoucherNeeded, VoucherReplayed, WrongSignature
from licensing.state import LicenseRecord
from licensing.values import SignedVoucher
from licensing.voucher import Vouchers


def require_acceptable(
    voucher: SignedVoucher, record: LicenseRecord, *, vouchers: Vouchers, best: int, needed: int, deposit: int
) -> None:
    """Refuse a voucher that is not the signer's, adds nothing to `best`, passes the deposit, or falls short.

    Raises:
        WrongSignature, VoucherReplayed, VoucherAboveDeposit, VoucherNeeded.
    """
    known: dict[str, Any] = {
        "license_id": record.license_id,
        "epoch": record.epoch,
        "signer": record.signer,
    }
    try:
        signature = bytes.fromhex(voucher.signature.removeprefix("0x"))
    except ValueError:
        signature = b""
    signer = (
        vouchers.voucher_signer(record.license_id, record.epoch, voucher.cumulative, signature)
        if 0 <= voucher.cumulative < 2**128
        else None
    )
    if (voucher.license_id, voucher.epoch) != (
        record.license_id,
        record.epoch,
    ) or signer != record.signer:
        raise WrongSignature(
            f"The voucher is not signed by {record.signer} for license {record.license_id} in epoch "
            f"{record.epoch}. Sign it with that key, for this chain and contract.",
            **known,
        )
    if voucher.cumulative <= best:
        raise VoucherReplayed(
            f"A voucher for {best} is here already; one for {voucher.cumulative} adds nothing. "
            f"Sign a total of at least {max(needed, best + 1)}, or send no voucher.",
            ceiling=best,
            **known,
        )
    if voucher.cumulative > deposit:
        raise VoucherAboveDeposit(
            f"The voucher allows {voucher.cumulative}, and {deposit} are deposited. "
            "Sign no more than the deposit, or top it up.",
            deposited=deposit,
            **known,
        )
    if voucher.cumulative < needed:
        raise VoucherNeeded(
            f"The voucher allows {voucher.cumulative}, and this call needs a total of {needed}. Sign that.",
            ceiling=needed,
            **known,
        )
