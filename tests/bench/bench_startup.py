"""How long `qanat serve` takes to be ready, and what it holds when idle: a second start on prepared data."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types

ROOT = Path(__file__).resolve().parent.parent.parent
QANAT = ROOT / ".venv" / "bin" / "qanat"
MB = 1_000_000


def main() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="qanat-bench-") as folder:
        settings = {
            **os.environ,
            "QANAT_DATA_DIR": f"{folder}/data",
            "QANAT_ROOT_KEY_FILE": f"{folder}/keys/root.key",
            "QANAT_PORT": str(free_port()),
        }
        address = f"http://127.0.0.1:{settings['QANAT_PORT']}"
        with serving(settings) as (_, began):
            first_s = wait_until_ready(address, began, 300)
        with serving(settings) as (server, began):
            second_s = wait_until_ready(address, began, 120)
            time.sleep(5)
            idle_bytes, chain_bytes = memory(server.pid)
            answered_s = ask(settings)
            time.sleep(2)
            asked_bytes, _ = memory(server.pid)
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


@contextlib.contextmanager
def serving(settings: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A server process and when it was started; stopped as Ctrl-C stops it."""
    began = time.monotonic()
    with subprocess.Popen(
        [QANAT, "serve"], cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as server:
        try:
            yield server, began
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_until_ready(address: str, began: float, at_most_s: float) -> float:
    """Seconds from `began` until /readyz says so."""
    while True:
        took = time.monotonic() - began
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2) as response:
                if response.status == 200:
                    return took
        except (urllib.error.URLError, OSError):
            if took > at_most_s:
                raise SystemExit(f"not ready after {at_most_s:.0f} s") from None
        time.sleep(0.05)


def memory(pid: int) -> tuple[int, int]:
    """Resident bytes of the server with its helpers, and of the chain."""
    server = psutil.Process(pid)
    family = [server, *server.children(recursive=True)]
    chain = sum(process.memory_info().rss for process in family if "anvil" in process.name())
    return sum(process.memory_info().rss for process in family) - chain, chain


def ask(settings: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run(
        [QANAT, "ask", "sample", "How deep is the mother well?", "--json"],
        cwd=ROOT,
        env=settings,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    print(json.dumps(main(), ensure_ascii=False))
