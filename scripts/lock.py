"""`python3 -m scripts.lock`: pin every Python package again, from pyproject.toml into the two lock files.

torch is written without a digest and without what only its CUDA build needs: which build is installed is
settled by scripts/prepare on each machine. Every other package is pinned by version and digest, for Linux and
macOS and Python 3.11 and newer. No registry is named: each machine uses its own.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.prepare.places import ROOT, UV

_HEADER = """\
# Made by `make lock` from pyproject.toml{extra}; do not edit.
# Why it looks so: docs/decisions/python-packages.md
"""
_CUDA_ONLY = re.compile(r"^(nvidia-|cuda-|triton\b)")
_TORCH = re.compile(r"^torch==(\d+(?:\.\d+)*)")


def main() -> None:
    write(ROOT / "requirements.lock", extra=None)
    # The second is resolved around the first, so that a package both hold has one version.
    write(ROOT / "requirements-test.lock", extra="test", around=ROOT / "requirements.lock")


def write(path: Path, *, extra: str | None, around: Path | None = None) -> None:
    """Resolve pyproject.toml with `extra` and write `path`."""
    command = [str(UV), "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-annotate", "--no-header", "--quiet", "--upgrade"]
    if extra:
        command += ["--extra", extra]
    if folder := os.environ.get("PIP_FIND_LINKS"):
        command += ["--find-links", folder]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
        if around:
            pins.write("\n".join(_pins(around.read_text())) + "\n")
            pins.flush()
            command += ["--constraint", pins.name]
        resolved = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    head = _HEADER.format(extra=f" with its extra `{extra}`" if extra else "")
    path.write_text(head + "\n".join(_without_cuda(resolved)) + "\n")
    print(f"{path.name}: {sum(1 for _ in _pins(path.read_text()))} packages", file=sys.stderr)


def _without_cuda(resolved: str) -> list[str]:
    kept: list[str] = []
    torch = ""
    for entry in re.split(r"\n(?=\S)", resolved.strip()):
        if version := _TORCH.match(entry):
            if not torch:
                torch = f"torch=={version[1]}"
                kept.append(torch)
        elif not _CUDA_ONLY.match(entry) and "sys_platform == 'win32'" not in entry.splitlines()[0]:
            kept.append(entry)
    return kept


def _pins(lock: str) -> list[str]:
    return [line.removesuffix("\\").strip() for line in lock.splitlines() if re.match(r"[\w.-]+==", line)]


if __name__ == "__main__":
    main()
