"""Does one thing in a data folder and dies of `kill -9` at a named point. Run as a child by test_surviving.py."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from licensing.service import Licensing
from tests.licensing.world import DIGEST, World, a_sale, a_use, use_once


def die(**told: object) -> None:
    """Tell the parent what was acknowledged so far, and be gone."""
    print(json.dumps(told), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


async def go(licensing: Licensing, point: str) -> None:
    sold = await a_sale(licensing)
    told = {
        "license_id": sold.license.license_id,
        "holder": sold.holder,
        "asset_id": sold.asset.asset_id,
        "author": sold.asset.author,
        "anvil": licensing._local.process_id if licensing._local else None,
    }
    if point == "bought":
        die(**told)
    permission = licensing.check(sold.holder, sold.asset.asset_id)
    reservation = await licensing.reserve(permission, idempotency_key="call", request_digest=DIGEST)
    if point == "reserved":
        die(**told)
    async with licensing._database.writing() as connection:
        charge = await licensing.charge(connection, reservation.reservation_id, a_use(7_000))
        if point == "charging":
            die(**told)
    told["proof_id"] = charge.proof_id
    if point == "charged":
        die(**told)
    await use_once(licensing, sold, "another call", amount=500)
    settler = licensing._settler
    settlement_id = await settler._freeze()
    assert settlement_id is not None
    if point == "frozen":
        die(**told)
    transaction_id = await settler._store(await settler._row(settlement_id))
    if point == "stored":
        die(**told)
    if point == "broadcast":
        await licensing._sending._broadcast(await licensing._sending._row(transaction_id))
        die(**told)
    await licensing._sending.deliver(transaction_id)
    die(**told)


async def main(folder: str, point: str) -> None:
    async with World(Path(folder)).running() as licensing:
        await go(licensing, point)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
