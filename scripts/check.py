"""`python -m scripts.check all|lint`: every check, each with its time; pytest and its closing line last.

pytest waits for servers and chains much of its time, so it begins first and runs beside the others; what it says is
shown after them. A failing part does not hide the ones after it: all run, then the exit status and a list tell which
failed.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from scripts.prepare.places import CONTRACTS, FRONTEND, PYTHON, ROOT
from scripts.prepare.progress import in_words


@dataclass(frozen=True)
class Part:
    name: str
    command: tuple[str | Path, ...]
    cwd: Path = ROOT
    env: dict[str, str] = field(default_factory=dict)


LINT = (
    Part("ruff check", (PYTHON, "-m", "ruff", "check", ".")),
    Part("ruff format", (PYTHON, "-m", "ruff", "format", "--check", "--quiet", ".")),
    Part("mypy, strict", (PYTHON, "-m", "mypy")),
    Part("mypy, scripts", (PYTHON, "-m", "mypy", "-p", "scripts")),
    Part("front end: types and eslint", ("npm", "run", "--silent", "check"), FRONTEND),
)
OVER_POSTGRES = (
    "agent_runtime/test_checkpoints.py",
    "licensing/test_ledger.py",
    "knowledge_vault/test_vault.py",
)
"""What `make test` runs a second time over PostgreSQL; `make test-postgres` runs much more."""
OTHER_TESTS = (
    Part(
        "pytest over PostgreSQL",
        (PYTHON, "-m", "pytest", "-q", *(f"tests/{path}" for path in OVER_POSTGRES)),
        env={"OMP_NUM_THREADS": "1", "QANAT_TEST_DATABASE": "postgres"},
    ),
    Part("front end: vitest", ("npm", "run", "--silent", "test"), FRONTEND, {"CI": "true"}),
    Part("contracts: forge", ("npm", "run", "--silent", "test"), CONTRACTS),
)
FILE_BY_FILE = ("--dist", "loadfile", "--no-loadscope-reorder")
"""In the order of tests/conftest.py: the long ones first."""
PYTEST = Part(
    "pytest",
    # A file's tests stay together, in order: they share servers. Two at a time halve the wait on two cores.
    (PYTHON, "-m", "pytest", "--numprocesses", "auto", "--maxprocesses", "4", *FILE_BY_FILE),
    env={"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
)


def main(which: str) -> int:
    if which == "lint":
        return _verdict([part.name for part in LINT if not run(part)])
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        pytest = begin(PYTEST, said)
        try:
            failed = [part.name for part in (*LINT, *OTHER_TESTS) if not run(part)]
            print(f"── {PYTEST.name}, begun beside the others", flush=True)
            follow(pytest, said)
        finally:
            if pytest.poll() is None:
                pytest.terminate()
                pytest.wait()
    # Nothing is printed below pytest's closing line: it carries its own time, and CI reads it.
    if pytest.returncode != 0:
        return 1 if not failed else _verdict([*failed, PYTEST.name])
    return _verdict(failed)


def _verdict(failed: list[str]) -> int:
    if failed:
        print(f"\nFailed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def begin(part: Part, output: IO[str]) -> subprocess.Popen[bytes]:
    """Start a part that says everything to a file."""
    return subprocess.Popen(
        [str(word) for word in part.command],
        cwd=part.cwd,
        env={**os.environ, **part.env},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def follow(process: subprocess.Popen[bytes], output: IO[str]) -> None:
    """Print what it has said so far, and what it says until it ends."""
    read_to = 0
    while True:
        has_ended = process.poll() is not None
        text = os.pread(output.fileno(), 1 << 20, read_to)
        read_to += len(text)
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
        if not text and has_ended:
            return
        if not text:
            time.sleep(0.2)


def run(part: Part) -> bool:
    print(f"── {part.name}", flush=True)
    began = time.monotonic()
    status = subprocess.run(
        [str(word) for word in part.command],
        cwd=part.cwd,
        env={**os.environ, **part.env},
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode
    verdict = "passed" if status == 0 else f"FAILED with status {status}"
    print(f"   {part.name}: {verdict} in {in_words(time.monotonic() - began)}", flush=True)
    return status == 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["all"], ["lint"]):
        sys.exit("usage: python -m scripts.check all|lint")
    sys.exit(main(sys.argv[1]))
