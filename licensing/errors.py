"""What goes wrong in licensing.

LicensingError
├── NotPermitted             the holder may not use the asset now; `offers` would change it
│   ├── LicenseMissing           no license for this asset
│   ├── LicensePending           bought, not yet confirmed by the chain: repeat in a moment
│   ├── LicenseExpired           it ran out
│   ├── LicenseFrozen            the asset was taken down: no use and no sale
│   ├── BudgetExhausted          the deposit does not cover this call
│   └── VoucherRefused           a signature that allows nothing
│       ├── VoucherNeeded            the holder's own key must sign a higher ceiling first
│       ├── WrongSignature           not signed by the license's signer, or for something else
│       ├── VoucherReplayed          its ceiling is not above the one we have
│       └── VoucherAboveDeposit      its ceiling is more than the license has deposited
├── NotTheHolder             the license, wallet or receipt belongs to somebody else
├── Unknown                  no such asset, terms, license, reservation, proof or receipt
├── NotOffered               the author has stopped selling under these terms
├── InvalidShares            shares that do not add up, or more holders than a receipt set takes
├── InvalidTerms             a price, duration or deposit that cannot be used
├── ContractsTooOld          the chain's contracts were deployed before they knew what is asked
├── FundsMissing             the wallet owns too little currency or gas
├── KeyReused                the idempotency key belongs to another request
├── ReservationGone          released or run out: nothing can be charged to it
├── WalletNotManaged         we do not hold this wallet's key: the person signs in their own wallet
├── SignInRefused            a sign-in message that is not exactly what we asked for
├── FaucetRefused            not on this chain, or the wallet has enough
├── NothingToClaim           no receipt has anything settled to claim
├── TransactionFailed        the chain refused a transaction; `reason` says why
├── ChainUnavailable         the chain does not answer: repeating later may help
├── ChainMismatch            the chain is not the one the records belong to
└── AnvilMissing             the local chain's program is not installed
"""

from collections.abc import Sequence
from typing import Any


class LicensingError(Exception):
    """Base of all errors here. `facts` are JSON-ready and may be shown to the person."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts: dict[str, Any] = facts


class NotPermitted(LicensingError):
    """`offers` lists the terms (`Terms.facts`) that would change the answer."""

    def __init__(self, message: str, *, offers: Sequence[dict[str, Any]] = (), **facts: Any) -> None:
        super().__init__(message, offers=list(offers), **facts)
        self.offers = list(offers)


class LicenseMissing(NotPermitted):
    pass


class LicensePending(NotPermitted):
    pass


class LicenseExpired(NotPermitted):
    pass


class LicenseFrozen(NotPermitted):
    pass


class BudgetExhausted(NotPermitted):
    pass


class VoucherRefused(NotPermitted):
    pass


class VoucherNeeded(VoucherRefused):
    pass


class WrongSignature(VoucherRefused):
    pass


class VoucherReplayed(VoucherRefused):
    pass


class VoucherAboveDeposit(VoucherRefused):
    pass


class NotTheHolder(LicensingError):
    pass


class Unknown(LicensingError):
    def __init__(self, what: str, name: object) -> None:
        super().__init__(f"There is no {what} {name}.", what=what, id=str(name))


class NotOffered(LicensingError):
    pass


class InvalidShares(LicensingError):
    pass


class InvalidTerms(LicensingError):
    pass


class ContractsTooOld(LicensingError):
    pass


class FundsMissing(LicensingError):
    """`needed` and `owned` are in the facts."""


class KeyReused(LicensingError):
    pass


class ReservationGone(LicensingError):
    pass


class WalletNotManaged(LicensingError):
    pass


class SignInRefused(LicensingError):
    pass


class FaucetRefused(LicensingError):
    pass


class NothingToClaim(LicensingError):
    pass


class TransactionFailed(LicensingError):
    def __init__(self, doing: str, *, reason: str) -> None:
        super().__init__(f"The chain refused to {doing}: {reason}.", doing=doing, reason=reason)
        self.reason = reason


class ChainUnavailable(LicensingError):
    def __init__(self, problem: str, *, retry_after_s: int = 30) -> None:
        super().__init__(
            f"The chain cannot be reached ({problem}). Nothing was charged. "
            f"Try again in {retry_after_s} seconds.",
            problem=problem,
            retry_after_s=retry_after_s,
        )
        self.retry_after_s = retry_after_s


class ChainMismatch(LicensingError):
    pass


class AnvilMissing(LicensingError):
    pass
