"""Transactions and keys: stored before they leave, one nonce each, and no key readable at rest."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from licensing.abi import interface
from licensing.errors import ChainUnavailable, TransactionFailed, WalletNotManaged
from licensing.service import Licensing
from licensing.signing import address_of, new_signing_key
from licensing.tables import signing_keys, transactions
from tests.licensing.world import World, a_sale, use_once


async def test_many_senders_at_once_get_a_nonce_each(licensing: Licensing) -> None:
    wallets = await asyncio.gather(*(licensing.create_wallet() for _ in range(8)))
    filled = await asyncio.gather(*(licensing.use_faucet(wallet) for wallet in wallets))
    assert [balance.currency for balance in filled] == [100_000_000] * 8
    relayer = licensing._keys.server("relayer")
    async with licensing._database.reading() as connection:
        rows = await connection.execute(transactions.select().where(transactions.c.sender == relayer))
        nonces = sorted(row.nonce for row in rows)
    assert nonces == list(range(len(nonces)))


async def test_a_gap_that_a_refused_transaction_left_is_filled(licensing: Licensing) -> None:
    wallet = await licensing.create_wallet()
    await licensing._sending.ensure_gas(wallet)
    to = licensing._keys.server("admin")
    draft = await licensing._sending.draft(wallet, to, b"", doing="a test")
    async with licensing._database.writing() as connection:
        first = await licensing._sending.store(connection, draft)
        second = await licensing._sending.store(connection, draft)
    await licensing._sending._mark(first, state="dropped")
    await licensing._sending._broadcast(await licensing._sending._row(second))
    third = await licensing._sending.send(wallet, to, b"", doing="fill the gap")
    assert (await licensing._sending._row(third.transaction_id)).nonce == 0
    await licensing._sending.deliver(second)
    assert (await licensing._sending._row(second)).nonce == 1


async def test_what_would_fail_is_refused_in_the_contracts_words(licensing: Licensing) -> None:
    wallet = await licensing.create_wallet()
    await licensing._sending.ensure_gas(wallet)
    data = interface("Licenses").call("renew", 99)
    with pytest.raises(TransactionFailed, match="ERC721NonexistentToken"):
        await licensing._sending.send(wallet, licensing._chain.addresses["Licenses"], data, doing="renew")
    with pytest.raises(WalletNotManaged):
        await licensing._sending.send(address_of(new_signing_key()), wallet, b"", doing="steal")


async def test_no_signing_key_is_readable_in_the_data_folder(world: World) -> None:
    async with world.running() as licensing:
        sold = await a_sale(licensing)
        await use_once(licensing, sold, "one")
        await licensing.settle()
        async with licensing._database.reading() as connection:
            addresses = [row.address for row in await connection.execute(signing_keys.select())]
        keys = [await licensing._keys.key(address) for address in addresses]
    assert len(keys) >= 6
    for path, content in everything_under(world.folder):
        for key in keys:
            assert key not in content, path
            assert key.hex().encode() not in content, path


async def test_two_processes_never_share_one_chain_folder(world: World) -> None:
    async with world.running():
        with pytest.raises(ChainUnavailable, match="another Qanat process"):
            async with world.running():
                pass
    async with world.running() as again:
        assert again.chain_status().head is not None


def everything_under(folder: Path) -> list[tuple[Path, bytes]]:
    return [(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


async def test_no_page_of_another_origin_may_speak_to_the_local_chain(licensing: Licensing) -> None:
    """Otherwise any page that a person visits could act on the chain with anvil's own commands."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "anvil_mine", "params": []}
    headers = {"Origin": "https://elsewhere.example"}
    async with httpx.AsyncClient(trust_env=False) as browser:
        url = licensing._chain.rpc.url
        asked_first = await browser.options(url, headers={**headers, "Access-Control-Request-Method": "POST"})
        assert "access-control-allow-origin" not in asked_first.headers
        unasked = await browser.post(
            url, content=json.dumps(request), headers={**headers, "Content-Type": "text/plain"}
        )
        assert "result" not in unasked.json()
