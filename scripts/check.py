"""`python -m scripts.check all|lint`: every check, each with its time; pytest and its closing line last.

A failing part does not hide the ones after it: all run, then the exit status and a list tell which failed.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

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
TESTS = (
    Part("front end: vitest", ("npm", "run", "--silent", "test"), FRONTEND, {"CI": "true"}),
    Part("contracts: forge", ("npm", "run", "--silent", "test"), CONTRACTS),
    Part(
        "pytest",
        # A file's tests stay together, in order: they share servers. Two at a time halve the wait on two cores.
        (PYTHON, "-m", "pytest", "--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile"),
        env={"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"},
    ),
)


def main(which: str) -> int:
    failed = [part.name for part in (LINT if which == "lint" else (*LINT, *TESTS)) if not run(part)]
    if failed:
        print(f"\nFailed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def run(part: Part) -> bool:
    print(f"── {part.name}", flush=True)
    began = time.monotonic()
    is_last = part is TESTS[-1]
    status = subprocess.run(
        [str(word) for word in part.command],
        cwd=part.cwd,
        env={**os.environ, **part.env},
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode
    # Nothing is printed below pytest's closing line: it carries its own time, and CI reads it.
    if not is_last:
        verdict = "passed" if status == 0 else f"FAILED with status {status}"
        print(f"   {part.name}: {verdict} in {in_words(time.monotonic() - began)}", flush=True)
    return status == 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["all"], ["lint"]):
        sys.exit("usage: python -m scripts.check all|lint")
    sys.exit(main(sys.argv[1]))
