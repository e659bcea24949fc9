"""`kill -9` at any point: what was told is there, once; what was not is as if it never began."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from licensing.anvil import LocalChain, find_anvil
from licensing.errors import ChainUnavailable
from licensing.proof import verify_proof
from licensing.tables import transactions
from licensing.values import Address, AssetId, LicenseId, LicenseState, ProofId
from tests.licensing.world import DIGEST, World


def crash(world: World, point: str) -> dict[str, Any]:
    """Run a child that dies at `point`; what it was told before."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.licensing.crashing", str(world.folder), point],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert child.returncode == -9, child.stderr.decode()[-2000:]
    told: dict[str, Any] = json.loads(child.stdout)
    return told


def test_the_chain_dies_with_its_parent(world: World) -> None:
    told = crash(world, "bought")
    deadline = time.monotonic() + 10
    while psutil.pid_exists(told["anvil"]):
        assert psutil.Process(told["anvil"]).status() == psutil.STATUS_ZOMBIE or time.monotonic() < deadline
        time.sleep(0.05)


async def test_a_license_that_was_bought_is_still_there(world: World) -> None:
    told = crash(world, "bought")
    async with world.running() as licensing:
        found = await licensing.get_license(LicenseId(told["license_id"]))
        assert (found.holder, found.state) == (told["holder"], LicenseState.ACTIVE)
        assert licensing.check(found.holder, AssetId(told["asset_id"])).license_id == found.license_id


@pytest.mark.parametrize("point", ["reserved", "charging"])
async def test_a_call_that_died_costs_nothing_once_its_reservation_ran_out(world: World, point: str) -> None:
    told = crash(world, point)
    async with world.running() as licensing:
        held = (await licensing.get_license(LicenseId(told["license_id"]))).budget
        assert held is not None
        assert (held.charged, held.reserved) == (0, 10_000)
        world.clock.advance(901)
        await licensing._ledger.expire_all()
        freed = (await licensing.get_license(LicenseId(told["license_id"]))).budget
        assert freed is not None
        assert (freed.charged, freed.reserved) == (0, 0)
        assert await licensing.settle() == []


async def test_a_charge_is_found_again_by_its_idempotency_key(world: World) -> None:
    told = crash(world, "charged")
    async with world.running() as licensing:
        permission = licensing.check(Address(told["holder"]), AssetId(told["asset_id"]))
        again = await licensing.reserve(permission, idempotency_key="call", request_digest=DIGEST)
        assert (again.repeated, again.charge, again.proof_id) == (True, 7_000, told["proof_id"])
        proof = await licensing.proof(ProofId(told["proof_id"]))
        assert all(statement.holds for statement in verify_proof(proof))


@pytest.mark.parametrize("point", ["frozen", "stored", "broadcast", "delivered"])
async def test_a_settlement_that_was_cut_off_is_finished_once(world: World, point: str) -> None:
    told = crash(world, point)
    async with world.running() as licensing:
        await licensing.settle()
        assert await licensing.settle() == []
        await licensing._sending.resume()
        channel = await licensing._chain.read("Settlement", "getChannel", told["license_id"], 0)
        assert channel["redeemed"] == 7_500
        assert await licensing._chain.read("Settlement", "batchNo") == 1
        [settlement] = await licensing.list_settlements()
        assert (settlement.state, settlement.amount, settlement.items) == ("final", 7_500, 2)
        claimed = await licensing.claim(address=Address(told["author"]))
        assert claimed.amount == 7_500 - 7_500 * 250 // 10_000
        proof = await licensing.proof(ProofId(told["proof_id"]))
        assert proof["batch"]["tx_hash"] == settlement.tx_hash
        assert all(statement.holds for statement in verify_proof(proof))


async def test_every_transaction_keeps_its_nonce_and_its_bytes(world: World) -> None:
    crash(world, "broadcast")
    async with world.running() as licensing:
        await licensing.settle()
        await licensing._sending.resume()
        async with licensing._database.reading() as connection:
            rows = list(await connection.execute(transactions.select()))
        taken = [(row.sender, row.nonce) for row in rows]
        assert len(taken) == len(set(taken))
        assert {row.state for row in rows} == {"final"}


async def test_a_state_that_was_cut_off_half_written_is_never_loaded(world: World) -> None:
    """What is written aside is not the state until it is whole."""
    state = world.folder / "chain" / "anvil-state.gz"
    (world.folder / "chain" / "anvil-state.new").write_bytes(state.read_bytes()[:100])
    async with world.running() as licensing:
        assert await licensing._chain.has_code(licensing._chain.addresses["Settlement"])


async def test_a_chain_that_does_not_start_says_why(tmp_path: Path) -> None:
    chain = LocalChain(tmp_path, program=find_anvil(), options=["--no-such-option"])
    with pytest.raises(ChainUnavailable, match="no-such-option"):
        await chain.start()
