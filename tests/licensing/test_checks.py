"""Who may use what: every refusal names its reason and the offers that would change it."""

from datetime import UTC, datetime, timedelta

import pytest

from licensing.abi import interface
from licensing.errors import (
    BudgetExhausted,
    FaucetRefused,
    FundsMissing,
    InvalidShares,
    InvalidTerms,
    LicenseExpired,
    LicenseFrozen,
    LicenseMissing,
    NothingToClaim,
    NotOffered,
    NotTheHolder,
    TransactionFailed,
    Unknown,
    WalletNotManaged,
)
from licensing.service import Licensing
from licensing.signing import address_of, new_signing_key
from licensing.values import (
    AssetId,
    LicenseId,
    LicenseState,
    ProofId,
    ReceiptId,
    Share,
    TermsId,
    TermsKind,
    TermsOffer,
)
from tests.licensing.world import (
    DIGEST,
    MovableClock,
    a_rich_wallet,
    a_sale,
    an_asset,
    an_offer,
    use_once,
)


async def test_without_a_license_the_offers_are_named(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    stranger = await licensing.create_wallet()
    with pytest.raises(LicenseMissing) as refused:
        licensing.check(stranger, sold.asset.asset_id)
    assert refused.value.offers == [sold.terms.facts()]
    with pytest.raises(Unknown):
        licensing.check(stranger, AssetId(99))


async def test_a_license_is_good_until_the_second_it_ends(licensing: Licensing, clock: MovableClock) -> None:
    """A moment before e it is valid, at e and e + 1 it is not: here as in the contract."""
    sold = await a_sale(licensing, an_offer("time"))
    ends_at = sold.license.expires_at
    assert ends_at is not None

    def at(offset_s: float) -> None:
        clock.stands_at = ends_at + timedelta(seconds=offset_s)
        licensing._view.alive()

    at(-0.001)
    assert licensing.check(sold.holder, sold.asset.asset_id).kind == "time"
    for offset in (0, 1):
        at(offset)
        with pytest.raises(LicenseExpired) as refused:
            licensing.check(sold.holder, sold.asset.asset_id)
        assert refused.value.offers
        assert refused.value.facts["expired_at"] == int(ends_at.timestamp())
    assert (await licensing.get_license(sold.license.license_id)).state == LicenseState.EXPIRED
    clock.stands_at = None
    renewed = await licensing.renew(holder=sold.holder, license_id=sold.license.license_id)
    assert renewed.expires_at is not None
    assert renewed.expires_at > ends_at


async def test_the_contract_ends_a_license_at_the_same_second(licensing: Licensing) -> None:
    sold = await a_sale(licensing, an_offer("time"))
    assert sold.license.expires_at is not None
    ends = int(sold.license.expires_at.timestamp())
    for offset, valid in ((-1, True), (0, False), (1, False)):
        await licensing._chain.rpc.call("evm_setNextBlockTimestamp", hex(ends + offset))
        await licensing._chain.rpc.call("evm_mine")
        answer = await licensing._chain.read(
            "Licenses",
            "isValid",
            sold.license.license_id,
            sold.holder,
            sold.asset.asset_id,
            block=hex(await licensing._chain.head_number()),
        )
        assert answer is valid


async def test_the_chains_own_time_counts_when_it_is_ahead_of_ours(licensing: Licensing) -> None:
    sold = await a_sale(licensing, an_offer("time"))
    assert sold.license.expires_at is not None
    ends = int(sold.license.expires_at.timestamp())
    await licensing._chain.rpc.call("evm_setNextBlockTimestamp", hex(ends))
    await licensing._chain.rpc.call("evm_mine")
    await licensing._indexer.step()
    assert datetime.now(UTC) < sold.license.expires_at
    with pytest.raises(LicenseExpired):
        licensing.check(sold.holder, sold.asset.asset_id)


async def test_a_license_covers_every_version_of_its_series_and_no_other(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    author = sold.asset.author
    newer = await licensing.register_asset(
        author=author,
        shares=[Share(author, 10_000)],
        content_digest="12" * 32,
        uri="urn:2",
        series=sold.asset.series,
    )
    other = await an_asset(licensing, author=author, digest="34" * 32)
    assert licensing.check(sold.holder, newer.asset_id).license_id == sold.license.license_id
    with pytest.raises(LicenseMissing):
        licensing.check(sold.holder, other.asset_id)


async def test_a_frozen_asset_is_used_and_sold_no_more_and_still_pays(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    await use_once(licensing, sold, "before")
    data = interface("AssetRegistry").call("setFrozen", sold.asset.asset_id, True)
    admin, registry = licensing._keys.server("admin"), licensing._chain.addresses["AssetRegistry"]
    await licensing._followed(await licensing._sending.send(admin, registry, data, doing="take down"))
    for wallet in (sold.holder, sold.asset.author):
        with pytest.raises(LicenseFrozen):
            licensing.check(wallet, sold.asset.asset_id)
    assert (await licensing.get_license(sold.license.license_id)).state == LicenseState.FROZEN
    with pytest.raises(TransactionFailed, match="AssetIsFrozen"):
        await licensing.buy(
            holder=await a_rich_wallet(licensing), terms_id=sold.terms.terms_id, deposit=10_000
        )
    await licensing.settle()
    assert (await licensing.claim(address=sold.asset.author)).amount == 9_750


async def test_a_paid_period_goes_before_a_metered_license(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    terms = await licensing.offer_terms(
        author=sold.asset.author, asset_id=sold.asset.asset_id, offer=an_offer("time")
    )
    await licensing.buy(holder=sold.holder, terms_id=terms.terms_id)
    assert licensing.check(sold.holder, sold.asset.asset_id).kind == "time"


async def test_a_metered_license_without_a_deposit_needs_one(licensing: Licensing) -> None:
    sold = await a_sale(licensing, deposit=0)
    with pytest.raises(BudgetExhausted):
        licensing.check(sold.holder, sold.asset.asset_id)
    topped = await licensing.top_up(holder=sold.holder, license_id=sold.license.license_id, amount=20_000)
    assert topped.budget is not None
    assert topped.budget.available == 20_000
    topped = await licensing.top_up(holder=sold.holder, license_id=sold.license.license_id, amount=5_000)
    assert topped.budget is not None
    assert topped.budget.available == 25_000


async def test_a_deposit_asked_back_counts_as_gone_at_once(licensing: Licensing) -> None:
    sold = await a_sale(licensing, deposit=30_000)
    await use_once(licensing, sold, "one")
    left = await licensing.request_withdraw(
        holder=sold.holder, license_id=sold.license.license_id, amount=15_000
    )
    assert left.budget is not None
    assert (left.budget.withdrawing, left.budget.available) == (15_000, 5_000)
    permission = licensing.check(sold.holder, sold.asset.asset_id)
    with pytest.raises(BudgetExhausted):
        await licensing.reserve(permission, idempotency_key="two", request_digest=DIGEST)
    assert await licensing._settler.due()
    with pytest.raises(TransactionFailed, match="StillThawing"):
        await licensing.withdraw(holder=sold.holder, license_id=sold.license.license_id)
    await licensing.settle()
    await licensing._chain.rpc.call("evm_increaseTime", 86_401)
    before = (await licensing.balance(sold.holder)).currency
    await licensing.withdraw(holder=sold.holder, license_id=sold.license.license_id)
    assert (await licensing.balance(sold.holder)).currency - before == 15_000


async def test_terms_no_longer_sold_are_neither_bought_nor_renewed(licensing: Licensing) -> None:
    sold = await a_sale(licensing, an_offer("time"))
    await licensing.stop_terms(author=sold.asset.author, terms_id=sold.terms.terms_id)
    assert licensing.list_offers(sold.asset.asset_id) == []
    with pytest.raises(NotOffered):
        await licensing.buy(holder=sold.holder, terms_id=sold.terms.terms_id)
    with pytest.raises(NotOffered):
        await licensing.renew(holder=sold.holder, license_id=sold.license.license_id)
    assert licensing.check(sold.holder, sold.asset.asset_id).kind == "time"


@pytest.mark.parametrize(
    ("shares_bps", "role"),
    [((), "author"), ((9_999,), "author"), ((10_001,), "author"), ((10_000, 0), "author")],
)
async def test_shares_that_cannot_be_are_refused(
    licensing: Licensing, shares_bps: tuple[int, ...], role: str
) -> None:
    author = await licensing.create_wallet()
    with pytest.raises(InvalidShares):
        await licensing.register_asset(
            author=author,
            shares=[Share(author, bps, role) for bps in shares_bps],
            content_digest=DIGEST,
            uri="urn:x",
        )


@pytest.mark.parametrize(
    "offer",
    [
        TermsOffer(TermsKind.METERED, price=0),
        TermsOffer(TermsKind.TIME, price=-1),
        TermsOffer(TermsKind.TIME, price=1, duration_s=0),
        TermsOffer(TermsKind.TIME, price=1, max_call_price=5),
        TermsOffer(TermsKind.TIME, price=10**18),
    ],
)
async def test_terms_that_cannot_be_are_refused(licensing: Licensing, offer: TermsOffer) -> None:
    asset = await an_asset(licensing)
    with pytest.raises(InvalidTerms):
        await licensing.offer_terms(author=asset.author, asset_id=asset.asset_id, offer=offer)


async def test_only_whose_it_is_may_act(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    stranger = await licensing.create_wallet()
    with pytest.raises(NotTheHolder):
        await licensing.top_up(holder=stranger, license_id=sold.license.license_id, amount=1)
    with pytest.raises(NotTheHolder):
        await licensing.offer_terms(author=stranger, asset_id=sold.asset.asset_id, offer=an_offer())
    with pytest.raises(NotTheHolder):
        await licensing.register_asset(
            author=stranger,
            shares=[Share(stranger, 10_000)],
            content_digest=DIGEST,
            uri="urn:x",
            series=sold.asset.series,
        )
    with pytest.raises(NotTheHolder):
        await licensing.claim(address=stranger, receipt_ids=sold.asset.receipt_ids)


async def test_what_does_not_exist_is_said_not_to(licensing: Licensing) -> None:
    wallet = await licensing.create_wallet()
    with pytest.raises(Unknown):
        licensing.get_asset(AssetId(5))
    with pytest.raises(Unknown):
        await licensing.buy(holder=wallet, terms_id=TermsId(5))
    with pytest.raises(Unknown):
        await licensing.get_license(LicenseId(5))
    with pytest.raises(Unknown):
        await licensing.proof(ProofId("none"))
    with pytest.raises(Unknown):
        await licensing.claim(address=wallet, receipt_ids=[ReceiptId("5")])
    with pytest.raises(NothingToClaim):
        await licensing.claim(address=wallet)


async def test_a_purchase_beyond_the_wallet_is_refused_with_the_sums(licensing: Licensing) -> None:
    sold = await a_sale(licensing, an_offer("time"))
    poor = await licensing.create_wallet()
    with pytest.raises(FundsMissing) as refused:
        await licensing.buy(holder=poor, terms_id=sold.terms.terms_id)
    assert (refused.value.facts["needed"], refused.value.facts["owned"]) == (5_000_000, 0)
    with pytest.raises(InvalidTerms):
        await licensing.buy(holder=poor, terms_id=sold.terms.terms_id, deposit=5)


async def test_the_faucet_gives_to_those_who_have_little(licensing: Licensing) -> None:
    wallet = await licensing.create_wallet()
    assert (await licensing.balance(wallet)).can_use_faucet
    filled = await licensing.use_faucet(wallet)
    assert (filled.currency, filled.can_use_faucet, filled.managed) == (100_000_000, False, True)
    assert filled.gas > 0
    with pytest.raises(FaucetRefused):
        await licensing.use_faucet(wallet)


async def test_we_sign_for_no_wallet_but_our_own(licensing: Licensing) -> None:
    sold = await a_sale(licensing, an_offer("time"))
    theirs = address_of(new_signing_key())
    await licensing.use_faucet(theirs)
    with pytest.raises(WalletNotManaged):
        await licensing.buy(holder=theirs, terms_id=sold.terms.terms_id)
    steps = await licensing.prepare_buy(holder=theirs, terms_id=sold.terms.terms_id)
    assert [step.description for step in steps] == ["Allow the payment of 5000000", "Buy the license"]
