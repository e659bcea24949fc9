"""From a purchase to a claim, on a real chain."""

import itertools
from dataclasses import replace

from licensing.credit import CARRY
from licensing.proof import follows, verify_proof
from licensing.service import Licensing
from licensing.values import Limits, Share
from tests.licensing.world import World, a_sale, an_asset, an_offer, use_once


async def test_what_is_charged_arrives_to_the_last_unit(licensing: Licensing) -> None:
    author, helper = await licensing.create_wallet(), await licensing.create_wallet()
    shares = (Share(author, 6_667), Share(helper, 3_333, "data"))
    asset = await an_asset(licensing, author=author, shares=shares)
    sold = await a_sale(licensing, asset=asset)

    proofs = [await use_once(licensing, sold, f"call {n}", amount=997 + n) for n in range(20)]
    charged = sum(997 + n for n in range(20))
    [settlement] = await licensing.settle()
    assert (settlement.amount, settlement.items) == (charged, 20)

    claims = [await licensing.claim(address=wallet) for wallet in (author, helper)]
    balances = [(await licensing.balance(wallet)).currency for wallet in (author, helper)]
    assert balances == [claim.amount for claim in claims]
    fee = await licensing._chain.read("Settlement", "feeOf", asset.asset_id)
    async with licensing._database.reading() as connection:
        carried = await licensing._ledger.total(connection, f"{CARRY}:{asset.asset_id}")
        credited = [
            await licensing._ledger.total(connection, f"receipt:{receipt_id}")
            for receipt_id in asset.receipt_ids
        ]
    assert credited == balances
    assert sum(balances) + fee + carried == charged
    documents = [await licensing.proof(proof_id) for proof_id in proofs]
    for document in documents:
        assert all(statement.holds for statement in verify_proof(document)), verify_proof(document)
    assert all(follows(later, earlier).holds for earlier, later in itertools.pairwise(documents))


async def test_earnings_show_what_waits_what_is_settled_and_what_was_claimed(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    author = sold.asset.author
    await use_once(licensing, sold, "one")
    waiting = await licensing.earnings(author)
    assert (waiting.unsettled, waiting.earned, waiting.claimable) == (9_750, 0, 0)
    [settlement] = await licensing.settle()
    settled = await licensing.earnings(author)
    assert (settled.unsettled, settled.earned, settled.claimable) == (0, 9_750, 9_750)
    assert settled.settlements == (settlement,)
    claim = await licensing.claim(address=author)
    claimed = await licensing.earnings(author)
    assert (claim.amount, claimed.claimed, claimed.claimable) == (9_750, 9_750, 0)
    assert [receipt.uses for receipt in claimed.receipts] == [1]


async def test_a_sale_of_a_period_is_credited_once(world: World) -> None:
    async with world.running() as licensing:
        sold = await a_sale(licensing, an_offer("time"))
        await licensing.renew(holder=sold.holder, license_id=sold.license.license_id)
        assert (await licensing.earnings(sold.asset.author)).earned == 9_750_000
    async with world.running() as licensing:
        [receipt_id] = sold.asset.receipt_ids
        async with licensing._database.reading() as connection:
            assert await licensing._ledger.total(connection, f"receipt:{receipt_id}") == 9_750_000
        assert (await licensing.claim(address=sold.asset.author)).amount == 9_750_000


async def test_charges_are_settled_by_themselves_by_value_and_by_age(world: World) -> None:
    async with world.running(limits=Limits(settle_above=15_000, settle_after_s=100)) as licensing:
        sold = await a_sale(licensing)
        assert not await licensing._settler.due()
        await use_once(licensing, sold, "one")
        assert not await licensing._settler.due()
        await use_once(licensing, sold, "two")
        assert await licensing._settler.due()
        await licensing.settle()
        await use_once(licensing, sold, "three")
        assert not await licensing._settler.due()
        world.clock.advance(101)
        assert await licensing._settler.due()


async def test_one_license_used_for_two_versions_pays_each_its_own(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    helper = await licensing.create_wallet()
    newer = await licensing.register_asset(
        author=sold.asset.author,
        shares=[Share(helper, 10_000)],
        content_digest="12" * 32,
        uri="urn:2",
        series=sold.asset.series,
    )
    for key, asset in (("1", sold.asset), ("2", newer), ("3", sold.asset), ("4", newer), ("5", newer)):
        await use_once(licensing, replace(sold, asset=asset), key, amount=1_000)
    [settlement] = await licensing.settle()
    assert settlement.amount == 5_000
    assert (await licensing.claim(address=sold.asset.author)).amount == 1_950
    assert (await licensing.claim(address=helper)).amount == 2_925


async def test_a_batch_of_free_uses_is_committed_too(licensing: Licensing) -> None:
    sold = await a_sale(licensing, an_offer("time"))
    proof_id = await use_once(licensing, sold, "free")
    [settlement] = await licensing.settle()
    assert (settlement.amount, settlement.items) == (0, 1)
    proof = await licensing.proof(proof_id)
    assert proof["batch"]["tx_hash"] == settlement.tx_hash
    assert all(statement.holds for statement in verify_proof(proof))
