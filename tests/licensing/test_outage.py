"""When the chain falls silent: those who were let in stay in for a while, and then nobody is served."""

import os
import signal

import pytest

from licensing.errors import BudgetExhausted, ChainUnavailable, LicenseExpired, LicenseMissing
from licensing.service import Licensing
from licensing.values import Freshness, Limits
from tests.licensing.world import (
    DIGEST,
    MovableClock,
    Sold,
    World,
    a_sale,
    a_use,
    an_offer,
    use_once,
)


def kill_chain(licensing: Licensing) -> None:
    local = licensing._local
    assert local is not None
    assert local.process_id is not None
    os.kill(local.process_id, signal.SIGKILL)
    while local.alive():
        pass


async def silent_for(licensing: Licensing, clock: MovableClock, seconds: float) -> None:
    clock.advance(seconds)
    with pytest.raises(ChainUnavailable):
        await licensing._indexer.step()


async def test_a_dead_chain_is_borne_for_a_while_and_then_nobody_is_served(world: World) -> None:
    limits = Limits(grace_cap=25_000)
    async with world.running(restart_local_chain=False, limits=limits) as licensing:
        sold = await a_sale(licensing)
        stranger = await licensing.create_wallet()
        kill_chain(licensing)
        await silent_for(licensing, world.clock, 20)
        assert licensing.chain_status().freshness is Freshness.STALE
        proof = await licensing.proof(await use_once(licensing, sold, "in grace"))
        assert proof["use"]["stale"] is True
        await use_once(licensing, sold, "still in grace")
        permission = licensing.check(sold.holder, sold.asset.asset_id)
        with pytest.raises(BudgetExhausted, match="chain does not answer"):
            await licensing.reserve(permission, idempotency_key="above the cap", request_digest=DIGEST)
        with pytest.raises(LicenseMissing):
            licensing.check(stranger, sold.asset.asset_id)

        await silent_for(licensing, world.clock, 600)
        with pytest.raises(ChainUnavailable) as refused:
            licensing.check(sold.holder, sold.asset.asset_id)
        assert refused.value.facts["retry_after_s"] > 0
        with pytest.raises(ChainUnavailable):
            await licensing.reserve(permission, idempotency_key="too late", request_digest=DIGEST)
        with pytest.raises(ChainUnavailable):
            licensing.check(sold.asset.author, sold.asset.asset_id)
        assert "no answer" in (licensing.chain_status().problem or "")
        assert [one.license_id for one in await licensing.list_licenses(sold.holder)]


async def test_a_call_that_began_before_the_silence_is_charged_after_it(world: World) -> None:
    async with world.running(restart_local_chain=False) as licensing:
        sold = await a_sale(licensing)
        permission = licensing.check(sold.holder, sold.asset.asset_id)
        reservation = await licensing.reserve(permission, idempotency_key="begun", request_digest=DIGEST)
        kill_chain(licensing)
        await silent_for(licensing, world.clock, 700)
        async with licensing._database.writing() as connection:
            charge = await licensing.charge(connection, reservation.reservation_id, a_use(5))
        assert charge.charge == 5


async def test_a_license_that_ends_during_the_silence_has_ended(world: World) -> None:
    async with world.running(restart_local_chain=False, limits=Limits(hard_age_s=10_000)) as licensing:
        sold = await a_sale(licensing, an_offer("time"))
        kill_chain(licensing)
        await silent_for(licensing, world.clock, 3_000)
        assert licensing.check(sold.holder, sold.asset.asset_id).freshness is Freshness.STALE
        await silent_for(licensing, world.clock, 700)
        with pytest.raises(LicenseExpired):
            licensing.check(sold.holder, sold.asset.asset_id)


async def test_a_chain_that_answers_but_stands_still_is_silent_too(world: World) -> None:
    async with world.running() as licensing:
        sold = await a_sale(licensing)
        await licensing._chain.rpc.call("evm_setAutomine", False)
        data = licensing._market.claim(sold.asset.receipt_ids)[0].data
        draft = await licensing._sending.draft(
            licensing._keys.server("relayer"),
            licensing._chain.addresses["Settlement"],
            bytes.fromhex(data[2:]),
            doing="wait in the pool",
        )
        async with licensing._database.writing() as connection:
            waiting = await licensing._sending.store(connection, draft)
        await licensing._sending._broadcast(await licensing._sending._row(waiting))
        licensing._sending._make_durable = None
        world.clock.advance(700)
        await licensing._indexer.step()
        with pytest.raises(ChainUnavailable):
            licensing.check(sold.holder, sold.asset.asset_id)
        await licensing._chain.rpc.call("evm_mine")
        await licensing._indexer.step()
        assert licensing.check(sold.holder, sold.asset.asset_id).freshness is Freshness.FRESH


async def test_the_local_chain_is_started_again_and_nothing_is_missing(world: World) -> None:
    async with world.running() as licensing:
        sold: Sold = await a_sale(licensing)
        await use_once(licensing, sold, "before")
        kill_chain(licensing)
        await licensing._keep_chain_alive()
        await licensing._indexer.step()
        assert licensing.check(sold.holder, sold.asset.asset_id).freshness is Freshness.FRESH
        [settlement] = await licensing.settle()
        assert settlement.amount == 10_000
