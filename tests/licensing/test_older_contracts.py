"""A chain whose contracts an earlier Qanat deployed goes on as it was, and says what it cannot do.

`first_contracts/` is a data folder that the first contracts made: two licenses, a settled use, one that waits.
Its records are kept as JSON, so that they are read into the tables of today.
"""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert

from backend.database import Database
from licensing.deploy import CONTRACTS_VERSION
from licensing.errors import ContractsTooOld
from licensing.proof import verify_proof
from licensing.tables import facts, metadata
from licensing.values import Address, AssetId, LicenseId, Share
from tests.licensing.world import DIGEST, Sold, World, an_asset, an_offer, use_once

KEPT = Path(__file__).with_name("first_contracts")


def _value(kept: Any) -> Any:
    return bytes.fromhex(kept["hex"]) if isinstance(kept, dict) else kept


@pytest_asyncio.fixture
async def old_world(tmp_path: Path) -> World:
    (tmp_path / "chain").mkdir()
    shutil.copy(KEPT / "anvil-state.gz", tmp_path / "chain")
    records = json.loads(gzip.decompress((KEPT / "records.json.gz").read_bytes()))
    database = Database.at(tmp_path / "qanat.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
        for table in metadata.sorted_tables:
            rows = [{name: _value(v) for name, v in row.items()} for row in records.get(table.name, [])]
            if rows:
                await connection.execute(insert(table), rows)
    await database.close()
    return World(tmp_path)


async def test_licenses_deposits_and_earnings_of_older_contracts_live_on(old_world: World) -> None:
    async with old_world.running() as licensing:
        status = licensing.chain_status()
        assert status.contracts_version == 1
        assert "forks" in str(status.contracts_lack)

        asset = licensing.get_asset(AssetId(1))
        license_ = await licensing.get_license(LicenseId(1))
        assert license_.budget is not None
        assert (license_.budget.deposited, license_.budget.charged) == (1_000_000, 8_888)
        sold = Sold(asset, license_.terms, license_, license_.holder)
        proof = await use_once(licensing, sold, "four", amount=2_222)
        [settlement] = await licensing.settle()
        assert settlement.amount == 1_111 + 2_222
        assert all(statement.holds for statement in verify_proof(await licensing.proof(proof)))

        timed = await licensing.get_license(LicenseId(2))
        await licensing.renew(holder=timed.holder, license_id=timed.license_id)
        gross = 2 * 5_000_000 + 11_110
        net = gross - gross * 250 // 10_000
        for wallet, share_bps in ((asset.author, 7_000), (asset.shares[1].address, 3_000)):
            claim = await licensing.claim(address=wallet)
            assert (await licensing.balance(wallet)).currency == claim.amount == net * share_bps // 10_000
        further = await an_asset(licensing, author=asset.author)
        assert further.asset_id == 2


async def test_older_contracts_refuse_forks_in_words(old_world: World) -> None:
    async with old_world.running() as licensing:
        author = licensing.get_asset(AssetId(1)).author
        with pytest.raises(ContractsTooOld, match="new data folder"):
            await licensing.offer_terms(
                author=author, asset_id=AssetId(1), offer=an_offer(fork_royalty_bps=1_000)
            )
        with pytest.raises(ContractsTooOld):
            await licensing.fork_asset(
                author=author,
                license_id=LicenseId(1),
                parent_id=AssetId(1),
                shares=(Share(Address(author), 10_000),),
                content_digest=DIGEST,
                uri="urn:qanat:agent:fork",
            )


async def test_contracts_that_an_earlier_qanat_began_to_deploy_are_begun_anew(tmp_path: Path) -> None:
    """It stopped after its registry, which no later Settlement could read."""
    world = World(tmp_path)
    async with world.running() as licensing:
        first = licensing.chain_status().contracts
    database = Database.at(tmp_path / "qanat.db")
    async with database.writing() as connection:
        begun = ("AccessManager", "TestCurrency", "AssetRegistry", "chain_id", "first_block")
        await connection.execute(facts.delete().where(facts.c.name.not_in(begun)))
    await database.close()
    async with world.running() as licensing:
        second = licensing.chain_status()
        assert second.contracts_version == CONTRACTS_VERSION
        assert second.contracts_lack is None
        assert not set(second.contracts.values()) & set(first.values())
        await an_asset(licensing)
