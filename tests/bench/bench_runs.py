"""What the runtime itself costs: graphs without a model. Prints JSON; `python -m tests.bench.bench_runs`.

Runs of five steps go through `agent_runtime.service.run`, 16 at a time, with nothing kept and with a sealed checkpoint
after every step on a real SQLite file, each synced to disk. Signing in, the license check and HTTP are not in it.
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

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
