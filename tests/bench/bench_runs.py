"""What the runtime itself costs: graphs without a model. Prints JSON; `python -m tests.bench.bench_runs`.

Runs of five steps go through `agent_runtime.service.run`, 16 at a time, with nothing kept and with sealed checkpoints
on a real SQLite file; and through the HTTP API of a server in a process of its own, with an API key, the license check,
the reservation, the charge and its proof.
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from agent_runtime import service
from agent_runtime.checkpoints import SealedCheckpoints
from agent_runtime.compiler import compile_graph, compiled
from agent_runtime.events import RunFinished
from agent_runtime.graph import Graph
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.tables import metadata
from backend.database import Database
from knowledge_vault.keys.tenants import Sealer
from knowledge_vault.values import TenantId
from tests.agent_runtime.making import a_graph, some_tools
from tests.product import Product

RUNS = 300
AT_ONCE = 16
STEPS = 5


def a_chain(steps: int) -> Graph:
    """Start, steps that make a value out of the one before, Answer."""
    names = [f"set{number}" for number in range(steps - 2)]
    one = {"values": [{"name": "asked", "value": "You asked: {{question}}"}]}
    sockets = ["start.question", *(f"{name}.values" for name in names)]
    return a_graph(
        {"start": ("start", {}), **dict.fromkeys(names, ("set_values", one)), "answer": ("answer", {})},
        list(zip(sockets, [*(f"{name}.value" for name in names), "answer.value"], strict=True)),
    )


async def run_times(checkpoints: SealedCheckpoints | None) -> tuple[float, list[float]]:
    """Runs a second, and the seconds of each run."""
    graph, tools = a_chain(STEPS), some_tools(ScriptedModel([]))
    compiled(graph)
    numbers, times = iter(range(RUNS)), []

    async def ask() -> None:
        for number in numbers:
            begun = time.perf_counter()
            events = [
                event
                async for event in service.run(
                    graph, "What?", tools, run_id=f"run-{number}", checkpoints=checkpoints
                )
            ]
            times.append(time.perf_counter() - begun)
            assert isinstance(events[-1], RunFinished), events[-1]

    begun = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return RUNS / (time.perf_counter() - begun), times


def through_http() -> tuple[float, list[float]]:
    """Runs a second, and the seconds of each run, as a program with a license asks for them."""
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder))
        product.start()
        try:
            slug, secret = _licensed(product)
            return asyncio.run(_asked(product, slug, secret))
        finally:
            product.stop()


def _licensed(product: Product) -> tuple[str, str]:
    """A published chain, and the API key of somebody with a license to it."""
    owner = product.owner()
    agent = owner.post("/api/agents", json={"name": "Chain"}).json()
    draft = {"graph": a_chain(STEPS).document(), "base_revision": agent["revision"]}
    owner.put(f"/api/agents/{agent['id']}/draft", json=draft).raise_for_status()
    terms = {"terms": [{"kind": "metered", "price": 10}]}
    slug: str = owner.post(f"/api/agents/{agent['id']}/publish", json=terms).json()["slug"]
    reader = httpx.Client(base_url=product.url, headers={"X-Qanat": "1"}, timeout=60)
    who = {"email": "reader@example.org", "password": "a long enough password", "name": "Reader"}
    reader.post("/api/session/register", json=who).raise_for_status()
    reader.post("/api/wallet/faucet")
    [offer] = reader.get(f"/api/catalogue/{slug}").json()["terms"]
    buying = {"terms_id": offer["terms_id"], "deposit": 1_000_000}
    reader.post("/api/licenses", json=buying).raise_for_status()
    return slug, reader.post("/api/keys", json={"name": "bench"}).json()["secret"]


async def _asked(product: Product, slug: str, secret: str) -> tuple[float, list[float]]:
    numbers = iter(range(-AT_ONCE, RUNS))
    times: list[tuple[float, float]] = []
    async with httpx.AsyncClient(
        base_url=product.url, headers={"Authorization": f"Bearer {secret}"}, timeout=60
    ) as client:

        async def ask() -> None:
            for number in numbers:
                begun = time.perf_counter()
                body = {"model": slug, "messages": [{"role": "user", "content": f"What is {number}?"}]}
                answered = await client.post("/v1/chat/completions", json=body)
                assert answered.status_code == 200, answered.text
                if number >= 0:  # the engine is imported by the first ones
                    times.append((begun, time.perf_counter()))

        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    took_s = max(end for _, end in times) - min(begun for begun, _ in times)
    return len(times) / took_s, [end - begun for begun, end in times]


async def measure() -> dict[str, Any]:
    large = a_chain(200)
    compile_graph(large)  # the engine's import is not part of it
    compiling = []
    for _ in range(10):
        begun = time.perf_counter()
        compile_graph(large)
        compiling.append(time.perf_counter() - begun)
    await run_times(None)
    figures = await _figures("nothing kept", None)
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at(Path(folder) / "records.db")
        async with database.writing() as connection:
            await connection.run_sync(metadata.create_all)
        saver = SealedCheckpoints(database, Sealer(b"s" * 32, TenantId("ada")), tenant_id="ada")
        figures += await _figures("sealed checkpoints", saver)
        await database.close()
    per_second, times = await asyncio.to_thread(through_http)
    figures += [
        {
            "what": "runs a second through the HTTP API, licensed and charged",
            "value": round(per_second, 1),
            "unit": "runs/s",
            "at_least": 100,
        },
        {
            "what": "one run through the HTTP API, p95",
            "value": round(sorted(times)[int(len(times) * 0.95)] * 1000, 1),
            "unit": "ms",
            "at_most": 150,
        },
    ]
    figures.append(
        {
            "what": "a graph of 200 steps compiled, p50",
            "value": round(statistics.median(compiling) * 1000, 1),
            "unit": "ms",
            "at_most": 100,
        }
    )
    notes = [
        f"{RUNS} runs of {STEPS} steps without a model, {AT_ONCE} at a time, in one process, through the runtime alone."
    ]
    return {"title": "Running graphs", "figures": figures, "notes": notes}


async def _figures(what: str, checkpoints: SealedCheckpoints | None) -> list[dict[str, Any]]:
    per_second, times = await run_times(checkpoints)
    ordered = sorted(times)
    step_ms = 1000 / per_second / STEPS
    return [
        {"what": f"runs a second, {what}", "value": round(per_second, 1), "unit": "runs/s"},
        {
            "what": f"one run, {what}, p95",
            "value": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
            "unit": "ms",
        },
        {"what": f"time per step, {what}, mean", "value": round(step_ms, 2), "unit": "ms", "at_most": 3},
    ]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure())))
