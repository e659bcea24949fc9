"""What the chain's events add up to: assets, terms, licenses, channels, earnings. Pure.

Records are immutable and replaced, never changed, so that copying a `State` copies only its dictionaries.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from licensing.abi import Event
from licensing.values import (
    Address,
    Ancestor,
    Asset,
    AssetId,
    Block,
    LicenseId,
    ReceiptId,
    SeriesId,
    Share,
    Terms,
    TermsId,
    TermsKind,
)

NOBODY = Address("0x" + "00" * 20)
_KINDS = (TermsKind.TIME, TermsKind.TIME, TermsKind.METERED)
"""By the contract's numbers: a FULL license is a time license without end."""
_ROLES = ("author", "data", "model")
FEE_BPS = 250


@dataclass(frozen=True, slots=True)
class LicenseRecord:
    license_id: LicenseId
    terms_id: TermsId
    kind: TermsKind
    series: SeriesId
    holder: Address
    expires_at: int
    """Unix seconds; `FOREVER` for no end."""
    epoch: int
    signer: Address
    max_call_price: int


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    deposited: int
    redeemed: int
    thawing: int
    payer: Address
    signer: Address

    @property
    def usable(self) -> int:
        """The highest total that may be charged: what is thawing counts as gone."""
        return self.deposited - min(self.thawing, self.deposited - self.redeemed)


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    receipt_id: ReceiptId
    asset_id: AssetId
    holder: Address
    payout: Address
    share_bps: int
    role: str


@dataclass(slots=True)
class State:
    """Everything known at one block."""

    block: Block
    assets: dict[AssetId, Asset] = field(default_factory=dict)
    receipts: dict[ReceiptId, ReceiptRecord] = field(default_factory=dict)
    receipts_of: dict[Address, tuple[ReceiptId, ...]] = field(default_factory=dict)
    terms: dict[TermsId, Terms] = field(default_factory=dict)
    terms_asset: dict[TermsId, AssetId] = field(default_factory=dict)
    terms_of: dict[SeriesId, tuple[TermsId, ...]] = field(default_factory=dict)
    licenses: dict[LicenseId, LicenseRecord] = field(default_factory=dict)
    held: dict[tuple[Address, SeriesId], tuple[LicenseId, ...]] = field(default_factory=dict)
    """Newest last."""
    holdings: dict[Address, tuple[LicenseId, ...]] = field(default_factory=dict)
    channels: dict[tuple[LicenseId, int], ChannelRecord] = field(default_factory=dict)
    pool_bps: dict[AssetId, int] = field(default_factory=dict)
    """Only of assets that give a part of each charge to what their answers cite."""
    gross: dict[AssetId, int] = field(default_factory=dict)
    paid: dict[ReceiptId, int] = field(default_factory=dict)
    fork_royalties: dict[TermsId, int] = field(default_factory=dict)
    descendants: dict[AssetId, tuple[AssetId, ...]] = field(default_factory=dict)
    """Every asset that owes an asset a part of its earnings."""
    royalty_in: dict[AssetId, int] = field(default_factory=dict)
    """What assets were given as ancestors of others."""
    pulled: dict[tuple[AssetId, AssetId], int] = field(default_factory=dict)
    """The same by (descendant, ancestor)."""
    usage_head: str = "0x" + "00" * 32
    batches: int = 0

    def copy(self) -> "State":
        twin = State(self.block)
        for name in self.__slots__:
            value = getattr(self, name)
            setattr(twin, name, dict(value) if isinstance(value, dict) else value)
        return twin

    def royalties_due(self, ancestor_id: AssetId) -> dict[AssetId, int]:
        """What each descendant has earned for an asset and not yet given it; only those that have."""
        due = {}
        for asset_id in self.descendants.get(ancestor_id, ()):
            [bps] = [a.royalty_bps for a in self.assets[asset_id].ancestors if a.asset_id == ancestor_id]
            earned = royalty_of(self.gross.get(asset_id, 0), bps)
            if amount := earned - self.pulled.get((asset_id, ancestor_id), 0):
                due[asset_id] = amount
        return due

    def apply(self, event: Event) -> None:
        """Take one event into account; one that means nothing here is passed over."""
        handler = _HANDLERS.get((event.contract, event.name))
        if handler is not None:
            handler(self, event.arguments, event)


def fee_of(gross: int) -> int:
    """The platform's part of everything an asset earned, rounded down on the whole sum."""
    return gross * FEE_BPS // 10_000


def royalty_of(gross: int, royalty_bps: int) -> int:
    """The part of everything an asset earned that goes to an ancestor, or to all; rounded down on the whole sum."""
    return (gross - fee_of(gross)) * royalty_bps // 10_000


def earned_of(gross: int, share_bps: int, *, royalty_bps: int = 0, royalty_in: int = 0) -> int:
    """A receipt's part of everything its asset earned, rounded down on the whole sum.

    `royalty_bps` is what the asset owes all its ancestors, `royalty_in` what it was given as one itself.
    """
    kept = gross - fee_of(gross) - royalty_of(gross, royalty_bps)
    return (kept + royalty_in) * share_bps // 10_000


def _asset_registered(state: State, a: Any, event: Event) -> None:
    asset_id = AssetId(a["assetId"])
    state.assets[asset_id] = Asset(
        asset_id=asset_id,
        series=SeriesId(a["series"]),
        author=Address(a["author"]),
        shares=(),
        receipt_ids=(),
        content_digest=a["contentCommit"],
        frozen=False,
        tx_hash=event.transaction_hash,
    )
    if a["poolBps"]:
        state.pool_bps[asset_id] = a["poolBps"]
    first = state.assets[AssetId(a["series"])]
    if first.ancestors:  # every version owes what the first one owes
        _descend(state, asset_id, first.ancestors)


def _forked(state: State, a: Any, _event: Event) -> None:
    ancestors = tuple(Ancestor(AssetId(asset_id), bps) for asset_id, bps in a["ancestors"])
    _descend(state, AssetId(a["assetId"]), ancestors)


def _descend(state: State, asset_id: AssetId, ancestors: tuple[Ancestor, ...]) -> None:
    state.assets[asset_id] = replace(state.assets[asset_id], ancestors=ancestors)
    for ancestor in ancestors:
        known = state.descendants.get(ancestor.asset_id, ())
        state.descendants[ancestor.asset_id] = (*known, asset_id)


def _asset_frozen(state: State, a: Any, _event: Event) -> None:
    asset_id = AssetId(a["assetId"])
    state.assets[asset_id] = replace(state.assets[asset_id], frozen=a["frozen"])


def _receipt_minted(state: State, a: Any, _event: Event) -> None:
    receipt_id, asset_id, holder = ReceiptId(str(a["receiptId"])), AssetId(a["assetId"]), Address(a["holder"])
    role = _ROLES[a["role"]]
    state.receipts[receipt_id] = ReceiptRecord(receipt_id, asset_id, holder, holder, a["shareBps"], role)
    state.receipts_of[holder] = (*state.receipts_of.get(holder, ()), receipt_id)
    asset = state.assets.get(asset_id)
    if asset is not None:  # the registry mints before or after it announces: both orders are read
        _join(state, asset, receipt_id, Share(holder, a["shareBps"], role))


def _join(state: State, asset: Asset, receipt_id: ReceiptId, share: Share) -> None:
    state.assets[asset.asset_id] = replace(
        asset, shares=(*asset.shares, share), receipt_ids=(*asset.receipt_ids, receipt_id)
    )


def _payout_changed(state: State, a: Any, _event: Event) -> None:
    receipt_id = ReceiptId(str(a["receiptId"]))
    state.receipts[receipt_id] = replace(state.receipts[receipt_id], payout=Address(a["payout"]))


def _terms_offered(state: State, a: Any, _event: Event) -> None:
    terms_id, series, offered = TermsId(a["termsId"]), SeriesId(a["series"]), a["terms"]
    state.terms[terms_id] = Terms(
        terms_id=terms_id,
        series=series,
        kind=_KINDS[offered["kind"]],
        price=offered["price"],
        duration_s=offered["duration"] or None,
        max_call_price=offered["maxCallPrice"],
        active=offered["active"],
        fork_royalty_bps=state.fork_royalties.get(terms_id),
    )
    state.terms_asset[terms_id] = AssetId(a["assetId"])
    state.terms_of[series] = (*state.terms_of.get(series, ()), terms_id)


def _forks_allowed(state: State, a: Any, _event: Event) -> None:
    state.fork_royalties[TermsId(a["termsId"])] = a["royaltyBps"]


def _terms_activity(state: State, a: Any, _event: Event) -> None:
    terms_id = TermsId(a["termsId"])
    state.terms[terms_id] = replace(state.terms[terms_id], active=a["active"])


def _license_bought(state: State, a: Any, _event: Event) -> None:
    terms = state.terms[TermsId(a["termsId"])]
    record = LicenseRecord(
        license_id=LicenseId(a["licenseId"]),
        terms_id=terms.terms_id,
        kind=terms.kind,
        series=terms.series,
        holder=Address(a["holder"]),
        expires_at=a["expiresAt"],
        epoch=0,
        signer=Address(a["voucherSigner"]),
        max_call_price=terms.max_call_price,
    )
    state.licenses[record.license_id] = record
    _hold(state, record)


def _license_renewed(state: State, a: Any, _event: Event) -> None:
    _change_license(state, a["licenseId"], expires_at=a["expiresAt"])


def _license_signer(state: State, a: Any, _event: Event) -> None:
    _change_license(state, a["licenseId"], signer=Address(a["voucherSigner"]))


def _epoch_begun(state: State, a: Any, _event: Event) -> None:
    _let_go(state, state.licenses[LicenseId(a["licenseId"])])
    _change_license(state, a["licenseId"], epoch=a["epoch"], holder=Address(a["holder"]), signer=NOBODY)
    _hold(state, state.licenses[LicenseId(a["licenseId"])])


def _channel_opened(state: State, a: Any, _event: Event) -> None:
    state.channels[LicenseId(a["licenseId"]), a["epoch"]] = ChannelRecord(
        deposited=a["deposited"],
        redeemed=0,
        thawing=0,
        payer=Address(a["payer"]),
        signer=Address(a["signer"]),
    )


def _topped_up(state: State, a: Any, _event: Event) -> None:
    _change_channel(state, a, deposited=a["deposited"], thawing=a["thawing"])


def _channel_signer(state: State, a: Any, _event: Event) -> None:
    _change_channel(state, a, signer=Address(a["signer"]))


def _withdraw_requested(state: State, a: Any, _event: Event) -> None:
    _change_channel(state, a, thawing=a["amount"])


def _withdraw_cancelled(state: State, a: Any, _event: Event) -> None:
    _change_channel(state, a, thawing=0)


def _withdrawn(state: State, a: Any, _event: Event) -> None:
    _change_channel(state, a, deposited=a["deposited"], thawing=0)


def _item_redeemed(state: State, a: Any, _event: Event) -> None:
    asset_id, redeemed = AssetId(a["assetId"]), a["redeemed"]
    _change_channel(state, a, redeemed=redeemed)
    pool_bps = state.pool_bps.get(asset_id, 0)
    pooled = redeemed * pool_bps // 10_000 - (redeemed - a["amount"]) * pool_bps // 10_000
    _earn(state, asset_id, a["amount"] - pooled)


def _pool_shared(state: State, a: Any, _event: Event) -> None:
    _earn(state, AssetId(a["toAssetId"]), a["amount"])


def _sale_recorded(state: State, a: Any, _event: Event) -> None:
    _earn(state, AssetId(a["assetId"]), a["amount"])


def _batch_redeemed(state: State, a: Any, _event: Event) -> None:
    state.usage_head, state.batches = a["head"], a["batchNo"]


def _claimed(state: State, a: Any, _event: Event) -> None:
    state.paid[ReceiptId(str(a["receiptId"]))] = a["paid"]


def _royalty_pulled(state: State, a: Any, _event: Event) -> None:
    asset_id, ancestor_id = AssetId(a["assetId"]), AssetId(a["ancestorId"])
    state.royalty_in[ancestor_id] = state.royalty_in.get(ancestor_id, 0) + a["amount"]
    state.pulled[asset_id, ancestor_id] = a["pulled"]


def _earn(state: State, asset_id: AssetId, amount: int) -> None:
    state.gross[asset_id] = state.gross.get(asset_id, 0) + amount


def _change_license(state: State, license_id: int, **changes: Any) -> None:
    record = state.licenses[LicenseId(license_id)]
    state.licenses[record.license_id] = replace(record, **changes)


def _change_channel(state: State, a: Any, **changes: Any) -> None:
    key = (LicenseId(a["licenseId"]), a["epoch"])
    state.channels[key] = replace(state.channels[key], **changes)


def _hold(state: State, record: LicenseRecord) -> None:
    key = (record.holder, record.series)
    state.held[key] = (*state.held.get(key, ()), record.license_id)
    state.holdings[record.holder] = (*state.holdings.get(record.holder, ()), record.license_id)


def _let_go(state: State, record: LicenseRecord) -> None:
    key = (record.holder, record.series)
    state.held[key] = tuple(i for i in state.held.get(key, ()) if i != record.license_id)
    state.holdings[record.holder] = tuple(
        i for i in state.holdings.get(record.holder, ()) if i != record.license_id
    )


_HANDLERS: dict[tuple[str, str], Callable[[State, Any, Event], None]] = {
    ("AssetRegistry", "AssetRegistered"): _asset_registered,
    ("AssetRegistry", "Forked"): _forked,
    ("AssetRegistry", "AssetFrozen"): _asset_frozen,
    ("Receipts", "ReceiptMinted"): _receipt_minted,
    ("Receipts", "PayoutChanged"): _payout_changed,
    ("Licenses", "ForksAllowed"): _forks_allowed,
    ("Licenses", "TermsOffered"): _terms_offered,
    ("Licenses", "TermsActivityChanged"): _terms_activity,
    ("Licenses", "LicenseBought"): _license_bought,
    ("Licenses", "LicenseRenewed"): _license_renewed,
    ("Licenses", "VoucherSignerChanged"): _license_signer,
    ("Licenses", "EpochBegun"): _epoch_begun,
    ("Settlement", "ChannelOpened"): _channel_opened,
    ("Settlement", "ToppedUp"): _topped_up,
    ("Settlement", "ChannelSignerChanged"): _channel_signer,
    ("Settlement", "WithdrawRequested"): _withdraw_requested,
    ("Settlement", "WithdrawCancelled"): _withdraw_cancelled,
    ("Settlement", "Withdrawn"): _withdrawn,
    ("Settlement", "ItemRedeemed"): _item_redeemed,
    ("Settlement", "PoolShared"): _pool_shared,
    ("Settlement", "SaleRecorded"): _sale_recorded,
    ("Settlement", "BatchRedeemed"): _batch_redeemed,
    ("Settlement", "Claimed"): _claimed,
    ("Settlement", "RoyaltyPulled"): _royalty_pulled,
}
