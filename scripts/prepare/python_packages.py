"""Makes `.venv` and installs into it what the lock files pin, then this project itself, editable.

torch comes from where it is smallest: a wheel lying on this machine (`PIP_FIND_LINKS`), else the CPU build.
The ordinary index would bring 3 GB of CUDA libraries along; `QANAT_TORCH_BACKEND=auto` (or `cu130`, …) asks
for them.
"""

import os
import re
import sys
from pathlib import Path

from scripts.prepare.commands import run
from scripts.prepare.places import PYTHON, ROOT, UV, VENV
from scripts.prepare.progress import Report

UV_VERSION = "0.13.9"
TORCH_VERSION = "2.13.0"
_TORCH_ADVICE = (
    "PyTorch comes from an index of its own. Where that is not reached, put a wheel of torch "
    f"{TORCH_VERSION} into a folder and name the folder with PIP_FIND_LINKS."
)
_PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-test.lock"


def interpreter() -> str:
    """What the environment is made with; another one makes another environment."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {sys.base_prefix}"


def make_environment(report: Report) -> None:
    if PYTHON.exists() and UV.exists() and _runs_here():
        report.note("kept what was there")
    else:
        run(report.title, [sys.executable, "-m", "venv", "--clear", VENV])
    run(report.title, [PYTHON, "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"])


def _runs_here() -> bool:
    """Whether the environment was made by this Python at this place (a moved clone keeps the old paths)."""
    settings = (VENV / "pyvenv.cfg").read_text()
    version = re.search(r"^version\s*=\s*(\d+\.\d+)", settings, re.M)
    script = (VENV / "bin" / "pip").read_text(errors="replace") if (VENV / "bin" / "pip").exists() else ""
    return version is not None and version[1] == _PYTHON_VERSION and str(VENV) in script


def install_packages(report: Report) -> None:
    _install(report, LOCK)


def install_test_packages(report: Report) -> None:
    _install(report, TEST_LOCK)


def _install(report: Report, lock: Path) -> None:
    pinned = sum(1 for line in lock.read_text().splitlines() if re.match(r"[\w.-]+==", line))
    fetched = 0

    def count(line: str) -> None:
        nonlocal fetched
        # uv names each package twice: " Downloaded torch" for the large ones, " + torch==2.13.0" at the end.
        if re.match(r"\s*(Downloaded|Built|Prepared) ", line):
            fetched += 1
            report.progress(min(fetched, pinned), pinned * 2)

    run(
        report.title,
        [UV, "pip", "install", "--python", PYTHON, "--requirement", lock, *torch_options()],
        env={"UV_HTTP_TIMEOUT": "180", "UV_CONCURRENT_DOWNLOADS": "8"},
        on_line=count,
        advice=_TORCH_ADVICE if "--torch-backend" in torch_options() else "",
    )
    report.note(f"{pinned} pinned")


def install_project(report: Report) -> None:
    run(report.title, [UV, "pip", "install", "--python", PYTHON, "--no-deps", "--editable", ROOT])


def torch_options() -> list[str]:
    """How uv is to find torch; part of the digest of the stages that install it."""
    asked = os.environ.get("QANAT_TORCH_BACKEND", "")
    folder = os.environ.get("PIP_FIND_LINKS", "")
    if not asked and folder and _has_torch(Path(folder)):
        return ["--find-links", folder]
    return ["--torch-backend", asked or "cpu"]


def _has_torch(folder: Path) -> bool:
    python = "cp" + _PYTHON_VERSION.replace(".", "")
    return folder.is_dir() and any(folder.glob(f"torch-{TORCH_VERSION}*-{python}-*.whl"))
