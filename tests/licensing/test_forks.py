"""Works made from works: every ancestor earns its absolute part, on chain as by an oracle that knows no contract."""

from fractions import Fraction

import pytest

from licensing.errors import InvalidTerms, NothingToClaim
from licensing.service import Licensing
from licensing.values import Asset, LicenseId, Share
from tests.licensing.world import DIGEST, a_rich_wallet, a_sale, an_asset, an_offer, use_once


async def _a_fork_license(licensing: Licensing, parent: Asset, royalty_bps: int) -> tuple[str, LicenseId]:
    offer = an_offer("time", price=0, duration_s=None, fork_royalty_bps=royalty_bps)
    sold = await a_sale(licensing, offer, asset=parent)
    return sold.holder, sold.license.license_id


async def _a_fork(licensing: Licensing, parent: Asset, royalty_bps: int) -> Asset:
    author, license_id = await _a_fork_license(licensing, parent, royalty_bps)
    return await licensing.fork_asset(
        author=author,  # type: ignore[arg-type]  # an address as read back
        license_id=license_id,
        parent_id=parent.asset_id,
        shares=(Share(author, 10_000),),  # type: ignore[arg-type]
        content_digest=DIGEST,
        uri="urn:qanat:agent:fork",
    )


async def test_three_levels_of_forks_pay_what_an_independent_oracle_says(licensing: Licensing) -> None:
    root = await an_asset(licensing)
    child = await _a_fork(licensing, root, 1_000)
    grandchild = await _a_fork(licensing, child, 2_333)
    assert [a.asset_id for a in grandchild.ancestors] == [root.asset_id, child.asset_id]

    charges = (9_999, 1, 4_321)
    works = (root, child, grandchild)
    for work in works:
        sold = await a_sale(licensing, asset=work)
        for number, amount in enumerate(charges):
            await use_once(licensing, sold, f"{work.asset_id}: {number}", amount=amount)
    await licensing.settle()

    net = Fraction(sum(charges)) * 975 / 1000
    owed = {  # of each work, what it keeps and what it gives, in exact fractions
        root.asset_id: net + net / 10 + net / 10,
        child.asset_id: net * 9 / 10 + net * 2333 / 10_000,
        grandchild.asset_id: net * (1 - Fraction(1, 10) - Fraction(2333, 10_000)),
    }
    claimed = 0
    for work in works:
        before = (await licensing.balance(work.author)).currency
        claimable = (await licensing.earnings(work.author)).claimable
        claim = await licensing.claim(address=work.author)
        assert (await licensing.balance(work.author)).currency - before == claim.amount == claimable
        assert (
            abs(owed[work.asset_id] - claim.amount) < 3
        )  # the fee, the royalties, the share: each less than a unit
        claimed += claim.amount
        with pytest.raises(NothingToClaim):
            await licensing.claim(address=work.author)
    fees = 3 * (sum(charges) * 25 // 1000)
    assert 0 <= 3 * sum(charges) - claimed - fees < 6  # nothing is paid twice, and dust stays

    held = await licensing._chain.read("Settlement", "royaltyInOf", root.asset_id)
    assert held == 2 * (int(net) // 10)

    async with licensing._database.reading() as connection:
        promised = [
            await licensing._ledger.total(connection, f"royalty:{root.asset_id}:{work.asset_id}")
            for work in (child, grandchild)
        ]
    assert sum(promised) == held


async def test_a_new_version_of_a_fork_owes_what_the_first_one_owes(licensing: Licensing) -> None:
    root = await an_asset(licensing)
    fork = await _a_fork(licensing, root, 1_500)
    version = await licensing.register_asset(
        author=fork.author,
        shares=(Share(fork.author, 10_000),),
        content_digest="ef" * 32,
        uri="urn:qanat:agent:fork",
        series=fork.series,
    )
    assert version.ancestors == fork.ancestors
    assert version.royalty_bps == 1_500
    onchain = await licensing._chain.read("AssetRegistry", "splitOf", version.asset_id)
    assert onchain == (fork.series, 0, 1_500)


async def test_what_forks_may_not_do_is_refused_in_words_before_any_gas(licensing: Licensing) -> None:
    root = await an_asset(licensing)
    author, plain = await a_rich_wallet(licensing), await a_sale(licensing, asset=root)
    with pytest.raises(InvalidTerms, match="does not allow to fork"):
        await licensing.fork_asset(
            author=plain.holder,
            license_id=plain.license.license_id,
            parent_id=root.asset_id,
            shares=(Share(author, 10_000),),
            content_digest=DIGEST,
            uri="urn:qanat:agent:fork",
        )
    with pytest.raises(InvalidTerms, match="outlive"):
        await licensing.offer_terms(
            author=root.author, asset_id=root.asset_id, offer=an_offer("time", fork_royalty_bps=0)
        )
    fork = await _a_fork(licensing, root, 2_500)
    with pytest.raises(InvalidTerms, match=r"40\.0 %"):
        await _a_fork(licensing, fork, 1_501)
