"""How long the license check and one paid use take. Prints JSON; `python -m tests.bench.bench_licensing`.

The check runs over 100,000 licenses in memory; reserve, charge and sign run on a real SQLite file with every commit
synced to disk, after a real purchase on a local chain.
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from licensing.abi import Event
from licensing.service import Licensing
from licensing.values import Address, AssetId, Block, Limits
from licensing.view import OverlayBlock, View
from tests.licensing.world import DIGEST, MovableClock, World, a_sale, a_use

LICENSES = 100_000
CHECKS = 20_000
USES = 300


def check_times() -> list[float]:
    """Seconds for each of many checks by many holders."""
    view = View(MovableClock(), Limits(), confirmations=0)
    view.load_final(Block(0, "0x00", 0), [])
    now = int(time.time())
    events = [
        _event("AssetRegistry", "AssetRegistered", _asset()),
        _event("Licenses", "TermsOffered", _terms()),
    ]
    events += [
        _event("Licenses", "LicenseBought", _bought(number, now + 3600)) for number in range(1, LICENSES + 1)
    ]
    view.extend([OverlayBlock(Block(1, "0x01", now), tuple(events))])
    view.finalize(1)
    view.alive()
    holders = [_address(1 + (number * 7919) % LICENSES) for number in range(CHECKS)]
    times = []
    for holder in holders:
        begun = time.perf_counter()
        view.check(holder, AssetId(1))
        times.append(time.perf_counter() - begun)
    return times


async def use_times(licensing: Licensing) -> dict[str, list[float]]:
    """Seconds for the steps of many uses, one after the other, under one metered license."""
    sold = await a_sale(licensing, deposit=50_000_000)
    times: dict[str, list[float]] = {"check": [], "reserve": [], "charge_and_sign": [], "together": []}
    for number in range(USES):
        begun = time.perf_counter()
        permission = licensing.check(sold.holder, sold.asset.asset_id)
        checked = time.perf_counter()
        reservation = await licensing.reserve(
            permission, idempotency_key=f"use {number}", request_digest=DIGEST
        )
        reserved = time.perf_counter()
        async with licensing._database.writing() as connection:
            await licensing.charge(connection, reservation.reservation_id, a_use(9_000))
        charged = time.perf_counter()
        times["check"].append(checked - begun)
        times["reserve"].append(reserved - checked)
        times["charge_and_sign"].append(charged - reserved)
        times["together"].append(charged - begun)
    return times


async def measure() -> dict[str, Any]:
    checks = check_times()
    with tempfile.TemporaryDirectory() as folder:
        async with World(Path(folder)).running() as licensing:
            uses = await use_times(licensing)
    figures = _figures(f"license check among {LICENSES:,}", checks, p50_at_most_ms=0.05)
    for name, values in uses.items():
        bound = 5.0 if name == "together" else None
        figures += _figures(f"one use, {name.replace('_', ' ')}", values, p50_at_most_ms=bound)
    notes = [
        f"{CHECKS:,} checks by many holders; {USES} uses one after the other, every commit synced to disk."
    ]
    return {"title": "License check, and one paid use", "figures": figures, "notes": notes}


def _figures(what: str, seconds: list[float], *, p50_at_most_ms: float | None) -> list[dict[str, Any]]:
    ordered = sorted(seconds)
    bound = {} if p50_at_most_ms is None else {"at_most": p50_at_most_ms}
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return [
        {"what": f"{what}, p50", "value": round(p50 * 1000, 4), "unit": "ms", **bound},
        {"what": f"{what}, p99", "value": round(p99 * 1000, 4), "unit": "ms"},
    ]


def _event(contract: str, name: str, arguments: dict[str, Any]) -> Event:
    return Event(contract, name, arguments, 1, "0x01", 0, "0x")


def _address(number: int) -> Address:
    return Address(f"0x{number:040x}")


def _asset() -> dict[str, Any]:
    return {"assetId": 1, "series": 1, "author": _address(0), "contentCommit": "0x", "poolBps": 0}


def _terms() -> dict[str, Any]:
    offered = {"kind": 0, "price": 1, "duration": 3600, "maxCallPrice": 0, "active": True}
    return {"termsId": 1, "series": 1, "assetId": 1, "terms": offered}


def _bought(number: int, expires_at: int) -> dict[str, Any]:
    return {
        "licenseId": number,
        "termsId": 1,
        "holder": _address(number),
        "expiresAt": expires_at,
        "voucherSigner": _address(0),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure())))
