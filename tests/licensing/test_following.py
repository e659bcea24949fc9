"""Following a chain that is not ours: confirmations, vanishing blocks, and a start from nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from licensing.abi import interface
from licensing.anvil import LocalChain, find_anvil
from licensing.chain import Chain
from licensing.errors import ChainMismatch, ChainUnavailable, LicenseFrozen, LicenseMissing, LicensePending
from licensing.keys import KeyRing
from licensing.rpc import Rpc
from licensing.service import Licensing
from licensing.tables import metadata
from licensing.values import Address, LicenseState
from tests.databases import database_at
from tests.licensing.world import FixedSealer, Sold, World, a_sale, an_asset, an_offer, use_once

ETHER = 10**18


@pytest_asyncio.fixture
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalChain]:
    """Somebody else's chain: we reach it by its address only."""
    chain = LocalChain(tmp_path_factory.mktemp("node"), program=find_anvil(), options=[])
    await chain.start()
    yield chain
    await chain.stop()


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("data"))


@asynccontextmanager
async def following(
    world: World, node: LocalChain, *, confirmations: int = 0, finality_depth: int = 5
) -> AsyncIterator[Licensing]:
    database = database_at(world.folder / "qanat.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    keys = KeyRing(database, FixedSealer(), world.clock)
    await keys.start()
    for purpose in ("admin", "relayer"):
        await node.fund(keys.server(purpose), 100 * ETHER)
    await database.close()
    async with world.running(
        rpc_url=node.url, confirmations=confirmations, finality_depth=finality_depth
    ) as licensing:
        yield licensing


async def rich(licensing: Licensing) -> Address:
    wallet = await licensing.create_wallet()
    data = interface("TestCurrency").call("faucet", wallet, 10_000_000)
    relayer, currency = licensing._keys.server("relayer"), licensing._chain.addresses["TestCurrency"]
    await licensing._sending.send(relayer, currency, data, doing="give test currency")
    return wallet


async def sale(licensing: Licensing) -> Sold:
    asset = await an_asset(licensing)
    terms = await licensing.offer_terms(author=asset.author, asset_id=asset.asset_id, offer=an_offer())
    holder = await rich(licensing)
    bought = await licensing.buy(holder=holder, terms_id=terms.terms_id, deposit=100_000)
    return Sold(asset, terms, bought, holder)


async def test_a_purchase_counts_when_it_is_confirmed(empty: World, node: LocalChain) -> None:
    async with following(empty, node, confirmations=2) as licensing:
        sold = await sale(licensing)
        assert sold.license.state is LicenseState.PENDING
        with pytest.raises(LicensePending):
            licensing.check(sold.holder, sold.asset.asset_id)
        await node.rpc.call("anvil_mine", "0x2")
        await licensing._indexer.step()
        assert licensing.check(sold.holder, sold.asset.asset_id).license_id == sold.license.license_id


async def test_what_denies_counts_at_once(empty: World, node: LocalChain) -> None:
    async with following(empty, node, confirmations=3) as licensing:
        sold = await sale(licensing)
        await node.rpc.call("anvil_mine", "0x3")
        await licensing._indexer.step()
        licensing.check(sold.holder, sold.asset.asset_id)
        data = interface("AssetRegistry").call("setFrozen", sold.asset.asset_id, True)
        registry = licensing._chain.addresses["AssetRegistry"]
        await licensing._followed(
            await licensing._sending.send(licensing._keys.server("admin"), registry, data, doing="take down")
        )
        with pytest.raises(LicenseFrozen):
            licensing.check(sold.holder, sold.asset.asset_id)


async def test_a_purchase_in_a_block_that_vanished_never_was(empty: World, node: LocalChain) -> None:
    async with following(empty, node) as licensing:
        sold = await sale(licensing)
        licensing.check(sold.holder, sold.asset.asset_id)
        before = licensing._view.head.block
        await node.rpc.call("anvil_reorg", 1, [])
        await node.rpc.call("evm_mine")
        await licensing._indexer.step()
        assert licensing._view.head.block.number == before.number + 1
        with pytest.raises(LicenseMissing):
            licensing.check(sold.holder, sold.asset.asset_id)
        assert await licensing.list_licenses(sold.holder) == []

        await licensing._sending.resume()  # the same bytes go out again, and the purchase is back
        await licensing._indexer.step()
        assert licensing.check(sold.holder, sold.asset.asset_id).license_id == sold.license.license_id


async def test_a_vanished_block_leaves_no_trace_after_a_restart(empty: World, node: LocalChain) -> None:
    async with following(empty, node) as licensing:
        sold = await sale(licensing)
        known = licensing._view.head.block.number
    await node.rpc.call("anvil_reorg", 1, [])
    await node.rpc.call("evm_mine")
    async with empty.running(rpc_url=node.url, finality_depth=5) as again:
        assert again._view.head.block.number >= known
        while (await again._chain.header("latest")).block.hash != again._view.head.block.hash:  # type: ignore[union-attr]  # it has blocks
            await again._indexer.step()
        assert again.check(sold.holder, sold.asset.asset_id).license_id == sold.license.license_id


async def test_a_settlement_in_a_block_that_vanished_is_sent_again_and_paid_once(
    empty: World, node: LocalChain
) -> None:
    async with following(empty, node) as licensing:
        sold = await sale(licensing)
        await use_once(licensing, sold, "one")
        [settlement] = await licensing.settle()
        assert settlement.state == "mined"
        await node.rpc.call("anvil_reorg", 1, [])
        assert await licensing._chain.read("Settlement", "batchNo") == 0
        await licensing._sending.resume()
        await licensing.settle()
        assert await licensing._chain.read("Settlement", "batchNo") == 1
        await node.rpc.call("anvil_mine", "0x6")
        await licensing._indexer.step()
        await licensing._sending.resume()
        await node.rpc.call("anvil_mine", "0x1")
        await licensing._indexer.step()
        [settlement] = await licensing.list_settlements()
        assert (settlement.state, settlement.amount) == ("final", 10_000)


async def test_a_chain_that_denies_what_was_final_is_not_believed(empty: World, node: LocalChain) -> None:
    async with following(empty, node, finality_depth=0) as licensing:
        asset = await an_asset(licensing)
        licensing.check(asset.author, asset.asset_id)
        await node.rpc.call("anvil_reorg", 3, [])
        empty.clock.advance(20)
        with pytest.raises(ChainUnavailable, match="denies block"):
            await licensing._indexer.step()
        empty.clock.advance(600)
        with pytest.raises(ChainUnavailable):
            licensing.check(asset.author, asset.asset_id)


async def test_another_chain_under_the_same_records_is_refused(empty: World, node: LocalChain) -> None:
    async with following(empty, node):
        pass
    other = LocalChain(empty.folder / "other", program=find_anvil())
    await other.start()
    try:
        with pytest.raises(ChainMismatch, match="no contract"):
            async with empty.running(rpc_url=other.url):
                pass
    finally:
        await other.stop()


async def test_a_start_from_nothing_reads_the_same_state(empty: World, node: LocalChain) -> None:
    """What is folded from the chain anew is what was folded block by block."""
    async with following(empty, node, finality_depth=2) as licensing:
        sold = await sale(licensing)
        await use_once(licensing, sold, "one")
        await licensing.settle()
        await licensing.claim(address=sold.asset.author)
        await node.rpc.call("anvil_mine", hex(1_200))
        await licensing._indexer.step()
        seen = licensing._view.head
        async with licensing._database.writing() as connection:
            for table in ("chain_block", "chain_log"):
                await connection.exec_driver_sql(f"DELETE FROM {table}")
    async with empty.running(rpc_url=node.url, finality_depth=2) as again:
        anew = again._view.head
        for name in ("assets", "terms", "licenses", "held", "channels", "gross", "paid", "usage_head"):
            assert getattr(anew, name) == getattr(seen, name), name


async def test_the_folded_state_agrees_with_the_contracts(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    await use_once(licensing, sold, "one", amount=777)
    await licensing.settle()
    head, chain = licensing._view.head, licensing._chain
    channel = head.channels[sold.license.license_id, 0]
    truth = await chain.read("Settlement", "getChannel", sold.license.license_id, 0)
    assert [channel.deposited, channel.redeemed, channel.signer] == [
        truth[name] for name in ("deposited", "redeemed", "signer")
    ]
    assert head.gross[sold.asset.asset_id] == await chain.read("Settlement", "grossOf", sold.asset.asset_id)
    assert head.usage_head == await chain.read("Settlement", "usageHead")
    [receipt] = (await licensing.earnings(sold.asset.author)).receipts
    assert receipt.claimable == await chain.read("Settlement", "claimable", int(receipt.receipt_id))
    assert await chain.read("Licenses", "isValid", sold.license.license_id, sold.holder, sold.asset.asset_id)


async def test_a_node_that_is_no_node_is_said_to_be_none(empty: World) -> None:
    with pytest.raises(ChainUnavailable):
        await Chain(Rpc("http://127.0.0.1:9")).connect()
