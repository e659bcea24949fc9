"""From a purchase to a claim, on a real chain."""

import itertools

from licensing.credit import CARRY
from licensing.proof import follows, verify_proof
from licensing.service import Licensing
from licensing.values import Share
from tests.licensing.world import a_sale, an_asset, use_once


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
