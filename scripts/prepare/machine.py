"""Checks what must be on the machine before anything is fetched, and says how to get what is missing."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from scripts.prepare.commands import StageFailed
from scripts.prepare.places import CACHE, ROOT, VENV
from scripts.prepare.progress import Report

_TITLE = "Machine"
_NODE_MAJOR = 20
_FREE_BYTES = 4_000_000_000
"""A first preparation takes about 3 GB: Python packages 1.7 GB, npm packages 0.8 GB, models 0.4 GB."""


def check(report: Report) -> None:
    """Raises StageFailed with everything that is missing, not only the first."""
    missing = [problem for problem in (missing_venv(VENV), _node(), _space()) if problem]
    if missing:
        raise StageFailed(_TITLE, "something is missing.", advice="\n".join(f"- {line}" for line in missing))
    report.note(f"node {node_version()}, {shutil.disk_usage(ROOT).free // 1_000_000_000} GB free")


def check_compiler() -> None:
    """Only when a wheel has to be built."""
    missing = [name for name in ("cc", "c++", "cmake") if not shutil.which(name)]
    if missing:
        raise StageFailed(
            "llama.cpp",
            f"{', '.join(missing)} not found; llama-cpp-python is compiled once on this machine.",
            advice="Debian: apt-get install build-essential cmake. "
            "macOS: xcode-select --install; brew install cmake.\n"
            "Or name a finished wheel: QANAT_LLAMA_WHEEL=/path/to/llama_cpp_python-….whl make run",
        )


def missing_venv(venv: Path) -> str:
    """What to do where no environment is at `venv` and none can be made; nothing when all is well."""
    if (venv / "bin" / "python").exists():
        return ""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return ""
    return "This Python cannot make virtual environments. Debian: apt-get install python3-venv"


def node_version() -> str:
    node = shutil.which("node")
    if not node:
        return ""
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()


def _node() -> str:
    version = node_version()
    found = re.match(r"v(\d+)", version)
    if not found:
        return f"Node.js {_NODE_MAJOR} or newer is not here. Debian: apt-get install nodejs npm"
    if int(found[1]) < _NODE_MAJOR:
        return f"Node.js {_NODE_MAJOR} or newer is needed; this is {version}."
    if not shutil.which("npm"):
        return "npm is not here. Debian: apt-get install npm"
    return ""


def _space() -> str:
    for place in (ROOT, CACHE):
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free
        if free < _FREE_BYTES and not VENV.exists():
            return (
                f"{place} has {free / 1e9:.1f} GB free; a first preparation takes about 3 GB. "
                "Free some space, or put the cache elsewhere with XDG_CACHE_HOME."
            )
    return ""
