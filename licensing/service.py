"""The one door to licensing: who may use an asset, what a use costs, who earns from it.

The backend builds one `Licensing`, starts it, and calls nothing else in this package (`siwe.py` and
`proof.verify_proof` aside, which are pure). What waits for SQL or the chain is `async`; what reads the
snapshot in memory is plain `def` and takes microseconds. Every error is one of `errors.py` and says in
words what to do next.

One call, in order: `check` -> `reserve` (committed before any model call) -> run -> `charge` (in the
transaction that stores the run) or `release`. A reservation that is neither charged nor released runs out
by itself.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.ports import Clock, Database, Sealer
from licensing.settings import LicensingSettings
from licensing.values import (
    Address,
    Asset,
    AssetId,
    Balance,
    ChainStatus,
    Charge,
    Claim,
    Earnings,
    License,
    LicenseId,
    Permission,
    PreparedTransaction,
    ProofId,
    ReceiptId,
    Reservation,
    ReservationId,
    SeriesId,
    Settlement,
    Share,
    SignedVoucher,
    Terms,
    TermsId,
    TermsOffer,
    Use,
)


class Licensing:
    """Licenses, metering, proofs and settlement over one chain."""

    def __init__(
        self, *, database: Database, sealer: Sealer, clock: Clock, settings: LicensingSettings
    ) -> None:
        """Touches nothing yet. `sealer` keeps the wallets' keys, the session keys and the server's own
        keys.
        """
        raise NotImplementedError

    # --- life

    async def start(self) -> None:
        """Start (or reach) the chain, deploy the contracts when there are none, and follow the chain's head.

        Returns when the snapshot in memory has reached the head. Transactions and settlements that a crash
        interrupted are resumed in the background.

        Raises:
            AnvilMissing: the local chain's program is not installed.
            ChainUnavailable: the chain named in the settings does not answer.
            ChainMismatch: it is not the chain that the records in the database belong to.
        """
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop following, make the local chain's state durable and end its process. Safe to call twice."""
        raise NotImplementedError

    def chain_status(self) -> ChainStatus:
        """How the chain does, for `/readyz` and `/api/session`. Never waits, never raises."""
        raise NotImplementedError

    # --- wallets

    async def create_wallet(self) -> Address:
        """Make a managed wallet: its key is sealed in SQL. It gets gas when it first needs some."""
        raise NotImplementedError

    async def balance(self, address: Address) -> Balance:
        """What `address` owns. Raises `ChainUnavailable`."""
        raise NotImplementedError

    async def use_faucet(self, address: Address) -> Balance:
        """Give `address` test currency (and gas) on the local chain; managed or not.

        Raises:
            FaucetRefused: not the local chain, or it owns enough already.
        """
        raise NotImplementedError

    # --- what is offered

    async def register_asset(
        self,
        *,
        author: Address,
        shares: Sequence[Share],
        content_digest: str,
        uri: str,
        series: SeriesId | None = None,
    ) -> Asset:
        """Register one published version on chain, with a receipt for each share; the author's wallet signs.

        `content_digest` is sha256 in hex (of the canonical graph). `series` None begins a new series; for a
        further version pass the first one's `Asset.series`, whose licenses then cover it too. Shares can
        never change.

        Raises:
            InvalidShares, WalletNotManaged, TransactionFailed, ChainUnavailable.
        """
        raise NotImplementedError

    async def offer_terms(self, *, author: Address, asset_id: AssetId, offer: TermsOffer) -> Terms:
        """Offer the series for sale. Terms are immutable: to change a price, stop them and offer others.

        Raises:
            InvalidTerms, NotTheHolder, WalletNotManaged, TransactionFailed, ChainUnavailable.
        """
        raise NotImplementedError

    async def stop_terms(self, *, author: Address, terms_id: TermsId) -> Terms:
        """Sell no more licenses under these terms. Those sold live on and can be renewed."""
        raise NotImplementedError

    async def prepare_register_asset(
        self,
        *,
        author: Address,
        shares: Sequence[Share],
        content_digest: str,
        uri: str,
        series: SeriesId | None = None,
    ) -> list[PreparedTransaction]:
        """As `register_asset`, unsigned, for an author with a wallet of their own; then
        `asset_registered_by`.
        """
        raise NotImplementedError

    async def prepare_offer_terms(
        self, *, author: Address, asset_id: AssetId, offer: TermsOffer
    ) -> list[PreparedTransaction]:
        """As `offer_terms`, unsigned."""
        raise NotImplementedError

    async def asset_registered_by(self, tx_hash: str) -> Asset:
        """The asset that a transaction registered; waits a few seconds for it to be mined. Raises
        `Unknown`.
        """
        raise NotImplementedError

    def get_asset(self, asset_id: AssetId) -> Asset:
        """Raises `Unknown`."""
        raise NotImplementedError

    def list_offers(self, asset_id: AssetId) -> list[Terms]:
        """The terms on sale for the asset's series, oldest first. Raises `Unknown`."""
        raise NotImplementedError

    def get_terms(self, terms_id: TermsId) -> Terms:
        """Raises `Unknown`."""
        raise NotImplementedError

    # --- licenses

    async def buy(self, *, holder: Address, terms_id: TermsId, deposit: int = 0) -> License:
        """Buy with a managed wallet. A metered license gets its session key here and `deposit` as its budget.

        Returns when the license can be used (or is `pending`, on a chain that confirms later).

        Raises:
            NotOffered, InvalidTerms, FundsMissing, WalletNotManaged, TransactionFailed, ChainUnavailable.
        """
        raise NotImplementedError

    async def prepare_buy(
        self, *, holder: Address, terms_id: TermsId, deposit: int = 0, signer: Address | None = None
    ) -> list[PreparedTransaction]:
        """As `buy`, unsigned, for a wallet of the holder's own; the license appears once the chain has it.

        `signer` is who will sign vouchers; None lets a session key kept here sign them, up to the deposit.
        """
        raise NotImplementedError

    async def renew(self, *, holder: Address, license_id: LicenseId) -> License:
        """Buy another period of a `time` license, from its end or from now, whichever is later."""
        raise NotImplementedError

    async def prepare_renew(self, *, holder: Address, license_id: LicenseId) -> list[PreparedTransaction]:
        raise NotImplementedError

    async def top_up(self, *, holder: Address, license_id: LicenseId, amount: int) -> License:
        """Add to the deposit of a metered license."""
        raise NotImplementedError

    async def prepare_top_up(
        self, *, holder: Address, license_id: LicenseId, amount: int
    ) -> list[PreparedTransaction]:
        raise NotImplementedError

    async def request_withdraw(self, *, holder: Address, license_id: LicenseId, amount: int) -> License:
        """Ask unspent deposit back. It leaves the budget at once and can be fetched after the chain's
        delay.
        """
        raise NotImplementedError

    async def withdraw(self, *, holder: Address, license_id: LicenseId) -> License:
        """Fetch what was asked back. Raises `TransactionFailed` before the delay is over."""
        raise NotImplementedError

    async def list_licenses(self, holder: Address) -> list[License]:
        """Newest first. Needs no chain: answers from memory and SQL."""
        raise NotImplementedError

    async def get_license(self, license_id: LicenseId) -> License:
        """Raises `Unknown`."""
        raise NotImplementedError

    # --- one use

    def check(self, holder: Address, asset_id: AssetId) -> Permission:
        """May `holder` use the asset now? In memory only, microseconds.

        The author may always use their own asset, for nothing. A valid `time` license wins over a metered
        one.

        Raises:
            NotPermitted: one of its kinds, with facts and the offers that would change it.
            ChainUnavailable: the chain has been silent for too long.
            Unknown: no such asset.
        """
        raise NotImplementedError

    async def reserve(
        self,
        permission: Permission,
        *,
        idempotency_key: str,
        request_digest: str,
        max_charge: int | None = None,
        voucher: SignedVoucher | None = None,
        connection: AsyncConnection | None = None,
    ) -> Reservation:
        """Set aside the most this call may cost; committed on return, unless `connection` is given.

        `max_charge` None takes the permission's. The holder's ceiling is signed by our session key, or must
        come as `voucher` where the holder kept the signing key. With a key used before by this holder, the
        first reservation is returned with `repeated=True` and nothing is reserved again.

        Raises:
            BudgetExhausted, LicenseExpired, LicenseFrozen, VoucherRefused (its kinds), ChainUnavailable.
            KeyReused: the idempotency key came with another `request_digest` or asset before.
        """
        raise NotImplementedError

    async def charge(self, connection: AsyncConnection, reservation_id: ReservationId, use: Use) -> Charge:
        """Charge a reservation, credit the receipts and sign the proof, all within the caller's transaction.

        Charging the same reservation again changes nothing and returns the first charge.

        Raises:
            ReservationGone: it was released or ran out; do not hand out the answer.
            ValueError: `use.amount` is negative or above the reservation.
        """
        raise NotImplementedError

    async def release(
        self, reservation_id: ReservationId, *, connection: AsyncConnection | None = None
    ) -> None:
        """Give back a reservation whose run failed or was cancelled. Twice is fine; a charged one stays
        charged.
        """
        raise NotImplementedError

    async def proof(self, proof_id: ProofId) -> dict[str, Any]:
        """The proof as the JSON document that `licensing.proof.verify_proof` reads.

        Once its batch is settled, with its place in the batch and the settling transaction. Raises `Unknown`.
        """
        raise NotImplementedError

    # --- money

    async def earnings(self, address: Address) -> Earnings:
        """What the receipts of `address` earned, claimed and may claim, and the settlements that paid
        them.
        """
        raise NotImplementedError

    async def claim(self, *, address: Address, receipt_ids: Sequence[ReceiptId] | None = None) -> Claim:
        """Move what is claimable to the receipts' payout addresses; None claims all receipts of `address`.

        Raises:
            NothingToClaim, NotTheHolder, Unknown, TransactionFailed, ChainUnavailable.
        """
        raise NotImplementedError

    async def settle(self) -> list[Settlement]:
        """Settle now everything charged so far, and wait until it is mined. Empty when nothing is waiting.

        Happens by itself too, by value and by age (`Limits`).
        """
        raise NotImplementedError

    async def list_settlements(self, *, limit: int = 50) -> list[Settlement]:
        """Newest first."""
        raise NotImplementedError
