"""The words of licensing as frozen values: what goes in and comes out of `service.Licensing`.

No chain, no storage, no clock. Money is an `int` of the currency's smallest unit (6 decimals), times are
aware UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

Address = NewType("Address", str)
"""An account on chain, `0x…`, in its checksummed spelling."""
AssetId = NewType("AssetId", int)
"""One published version. Small and counted from 1."""
SeriesId = NewType("SeriesId", int)
"""What all versions of one agent share on chain: the id of the first of them."""
TermsId = NewType("TermsId", int)
LicenseId = NewType("LicenseId", int)
ReceiptId = NewType("ReceiptId", str)
"""Decimal digits of a number beyond what JavaScript can count: asset << 64 | index."""
ReservationId = NewType("ReservationId", str)
ProofId = NewType("ProofId", str)
SettlementId = NewType("SettlementId", str)

BPS = 10_000
"""One whole, in basis points."""
FOREVER = 2**64 - 1
"""`expires_at` on chain of a license that never ends."""


class TermsKind(StrEnum):
    TIME = "time"
    METERED = "metered"


class LicenseState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    FROZEN = "frozen"


class Freshness(StrEnum):
    """How well we know the chain at this moment."""

    FRESH = "fresh"
    STALE = "stale"
    """The head has not moved for a while: known licenses may still be used, up to the grace cap."""
    LOST = "lost"
    """For too long: nobody is served until the chain answers again."""


@dataclass(frozen=True, slots=True)
class Share:
    """One contributor's part in what an asset earns, fixed for good when the asset is registered."""

    address: Address
    share_bps: int
    """1 to 10000; the shares of one asset add up to 10000."""
    role: str = "author"
    """`author`, `data` or `model`."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A work that an asset was forked from, and what it earns of it."""

    asset_id: AssetId
    royalty_bps: int
    """In ten-thousandths of what the fork earns after the fee."""


@dataclass(frozen=True, slots=True)
class Asset:
    asset_id: AssetId
    series: SeriesId
    author: Address
    shares: tuple[Share, ...]
    receipt_ids: tuple[ReceiptId, ...]
    """In the order of `shares`."""
    content_digest: str
    """`0x…` of 32 bytes."""
    frozen: bool
    tx_hash: str
    ancestors: tuple[Ancestor, ...] = ()
    """The oldest first, the parent last; none where the work is nobody's fork."""

    @property
    def royalty_bps(self) -> int:
        """What all ancestors together earn of it after the fee."""
        return sum(ancestor.royalty_bps for ancestor in self.ancestors)


@dataclass(frozen=True, slots=True)
class TermsOffer:
    """What an author asks for; see `Terms` for what it becomes."""

    kind: TermsKind
    price: int
    """Paid at purchase: for a period when `time`, once when `metered` (often 0)."""
    duration_s: int | None = None
    """How long a `time` license runs; None is for ever. A `metered` one never runs out unless this is set."""
    max_call_price: int = 0
    """The most that one call may cost a `metered` license."""
    fork_royalty_bps: int | None = None
    """What the author earns of a holder's forks after the fee, 0 to 4000; None where holders may not fork."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of sale as they stand on chain. Immutable except for `active`."""

    terms_id: TermsId
    series: SeriesId
    kind: TermsKind
    price: int
    duration_s: int | None
    max_call_price: int
    active: bool
    """False once the author has stopped selling; licenses already sold live on."""
    fork_royalty_bps: int | None = None
    """As in `TermsOffer`."""

    def facts(self) -> dict[str, Any]:
        """What an error shows as an offer."""
        return {
            "terms_id": self.terms_id,
            "kind": str(self.kind),
            "price": self.price,
            "duration_s": self.duration_s,
            "max_call_price": self.max_call_price,
        }


@dataclass(frozen=True, slots=True)
class Budget:
    """The money of one metered license.

    `available = deposited - charged - reserved - withdrawing`, never negative.
    """

    deposited: int
    """Everything ever deposited and not withdrawn."""
    charged: int
    reserved: int
    """What calls in flight may still cost."""
    withdrawing: int
    """Asked back by the holder: counts as gone at once."""
    available: int


@dataclass(frozen=True, slots=True)
class License:
    license_id: LicenseId
    holder: Address
    series: SeriesId
    terms: Terms
    state: LicenseState
    expires_at: datetime | None
    """None when it never ends."""
    epoch: int
    """Counts changes of hands; vouchers of an earlier epoch are void."""
    signer: Address
    """Who signs vouchers: our session key, or one of the holder's own."""
    signer_is_ours: bool
    budget: Budget | None
    """None for a `time` license."""


@dataclass(frozen=True, slots=True)
class Block:
    number: int
    hash: str
    timestamp: int
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Permission:
    """The answer of `check`: who may use what, under which license, and what we knew of the chain then."""

    holder: Address
    asset_id: AssetId
    kind: str
    """`author` (their own asset, free), `time` or `metered`."""
    license_id: LicenseId | None
    max_charge: int
    """The most this call may cost."""
    freshness: Freshness
    block: Block
    """The newest block the decision rests on."""


@dataclass(frozen=True, slots=True)
class SignedVoucher:
    """A holder's signature under "you may charge license `license_id` up to `cumulative` in all"."""

    license_id: LicenseId
    epoch: int
    cumulative: int
    signature: str
    """65 bytes as `0x…` (r, s, v), s in the lower half."""


@dataclass(frozen=True, slots=True)
class Reservation:
    reservation_id: ReservationId
    permission: Permission
    max_charge: int
    state: str
    """`reserved`, `charged` or `released`."""
    repeated: bool
    """True when this idempotency key was used before: answer from what is stored instead of running again."""
    proof_id: ProofId | None
    """Set when `state` is `charged`."""
    charge: int
    """What was charged; 0 until then."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Use:
    """What one run did, as digests: no text ever reaches licensing."""

    amount: int | None
    """What to charge, at most the reservation. None takes all of it. Ignored for `time` and `author` (0)."""
    request_digest: str
    """sha256 of the question as the backend canonicalises it, hex."""
    answer_digest: str
    """sha256 of the answer text in UTF-8, hex."""
    citations: Sequence[Mapping[str, str | int | None]] = ()
    """One flat mapping per citation in the order of the answer; their Merkle root goes into the proof."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """Counts to be proved, such as `prompt_tokens`."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one use cost and the proof that was signed for it."""

    reservation_id: ReservationId
    proof_id: ProofId
    charge: int
    cumulative: int
    """All that was ever charged to this license and epoch, this use included."""
    sequence: int
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    """An unsigned transaction for a wallet we do not hold; send them in the order given."""

    to: Address
    data: str
    value: int
    description: str


@dataclass(frozen=True, slots=True)
class Balance:
    address: Address
    currency: int
    gas: int
    """In wei."""
    can_use_faucet: bool
    managed: bool
    """True when its key is kept here, sealed."""


@dataclass(frozen=True, slots=True)
class ReceiptEarnings:
    receipt_id: ReceiptId
    asset_id: AssetId
    series: SeriesId
    holder: Address
    role: str
    share_bps: int
    earned: int
    """Settled on chain so far, claimed or not."""
    claimed: int
    claimable: int
    unsettled: int
    """Charged already, not yet settled."""
    uses: int
    """Answers that this receipt's asset gave, free ones included."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """Many charges paid in one chain transaction."""

    settlement_id: SettlementId
    state: str
    """`stored` (not yet sent), `sent`, `mined` or `final`."""
    amount: int
    """What the chain really moved once `mined`; before that, what we asked for."""
    items: int
    tx_hash: str | None
    usage_root: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Earnings:
    receipts: tuple[ReceiptEarnings, ...]
    settlements: tuple[Settlement, ...]
    """Newest first, those that paid one of `receipts`."""
    earned: int
    claimed: int
    claimable: int
    unsettled: int


@dataclass(frozen=True, slots=True)
class Claim:
    tx_hash: str
    amount: int
    receipt_ids: tuple[ReceiptId, ...]


@dataclass(frozen=True, slots=True)
class ChainStatus:
    chain_id: int
    local: bool
    freshness: Freshness
    head: Block | None
    head_age_s: float
    contracts: Mapping[str, Address]
    currency_symbol: str
    currency_decimals: int
    currency_name: str
    operator: Address
    """Who signs proofs and settlements."""
    fee_bps: int
    rpc_url: str
    problem: str | None
    """In words, when `freshness` is not fresh."""
    contracts_version: int
    """See `deploy.CONTRACTS_VERSION`."""
    contracts_lack: str | None
    """In words, what contracts deployed by an earlier Qanat cannot do; None where they are this one's."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is allowed while the chain is silent, how long a reservation holds, when to settle."""

    soft_age_s: float = 15.0
    """Silence up to here is normal."""
    hard_age_s: float = 600.0
    """From here on nobody is served."""
    grace_cap: int = 1_000_000
    """The most one license may be charged during one silence."""
    reservation_ttl_s: float = 900.0
    settle_above: int = 5_000_000
    """Settle as soon as this much is charged and not settled."""
    settle_after_s: float = 6 * 3600
    """Settle whatever there is when the oldest charge is this old."""
    faucet_amount: int = 100_000_000
    """What the faucet of the local chain gives: 100 test dollars."""
    faucet_below: int = 50_000_000
    """The faucet gives only to those who own less than this."""
