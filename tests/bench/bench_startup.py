"""How long `qanat serve` takes to be ready, and what it holds when idle: a second start on prepared data."""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]  # it ships no types

from tests.product import Product

MB = 1_000_000


def main() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="qanat-bench-") as folder:
        product = Product(Path(folder), settings={"QANAT_LOAD_SAMPLE": "true"})
        try:
            first_s = start(product)
            product.stop()
            second_s = start(product)
            time.sleep(5)
            idle_bytes, chain_bytes = memory(product)
            began = time.monotonic()
            product.run_json("ask", "sample", "How deep is the mother well?")
            answered_s = time.monotonic() - began
            time.sleep(2)
            asked_bytes, _ = memory(product)
        finally:
            product.stop()
    return {
        "title": "Starting, and memory when idle",
        "figures": [
            {"what": "first start to ready (sample vault loaded)", "value": round(first_s, 1), "unit": "s"},
            {"what": "second start to ready", "value": round(second_s, 1), "unit": "s", "at_most": 10},
            {
                "what": "memory of the server, idle after its start",
                "value": round(idle_bytes / MB),
                "unit": "MB",
                "at_most": 900,
            },
            {
                "what": "memory of the server after a question (model loaded)",
                "value": round(asked_bytes / MB),
                "unit": "MB",
                "at_most": 1200,
            },
            {"what": "memory of the local chain beside it", "value": round(chain_bytes / MB), "unit": "MB"},
            {"what": "`qanat ask`, the first question", "value": round(answered_s, 1), "unit": "s"},
        ],
        "notes": [
            "Memory is resident set size; the server's includes its helper processes, not the chain's."
        ],
    }


def start(product: Product) -> float:
    """Seconds until /readyz says that every part can serve."""
    began = time.monotonic()
    product.start(timeout_s=300)
    while httpx.get(f"{product.url}/readyz", timeout=10).status_code != 200:
        if time.monotonic() - began > 300:
            raise SystemExit("not ready after 300 s")
        time.sleep(0.05)
    return time.monotonic() - began


def memory(product: Product) -> tuple[int, int]:
    """Resident bytes of the server with its helpers, and of the chain."""
    assert product.process is not None
    server = psutil.Process(product.process.pid)
    family = [server, *server.children(recursive=True)]
    chain = sum(process.memory_info().rss for process in family if "anvil" in process.name())
    return sum(process.memory_info().rss for process in family) - chain, chain


if __name__ == "__main__":
    print(json.dumps(main(), ensure_ascii=False))
