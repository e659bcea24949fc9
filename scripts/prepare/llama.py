"""Builds llama-cpp-python once, for any machine of this kind, and keeps the wheel where all clones find it.

The compiler's native flags make code that dies with an illegal instruction on some virtual machines, so the
instruction set is named: x86-64-v3 (docs/decisions/llama-wheel.md). A build of your own is respected:

- `QANAT_LLAMA_WHEEL=/path/to.whl` installs that one, `QANAT_LLAMA_WHEEL=keep` leaves what is installed;
- `QANAT_LLAMA_CMAKE_ARGS="-DGGML_CUDA=ON"` adds flags to the build and keeps its wheel apart.
"""

import hashlib
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

from scripts.prepare.commands import StageFailed, run
from scripts.prepare.machine import check_compiler
from scripts.prepare.places import PYTHON, UV, WHEELS, locked
from scripts.prepare.progress import Report

VERSION = "0.3.36"
SOURCE_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"

_X86_64_V3 = ("AVX", "AVX2", "FMA", "F16C", "BMI2")
_LEFT_OUT = (
    "-DLLAVA_BUILD=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_TOOLS=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_CURL=OFF",
    "-DGGML_OPENMP=OFF",
)
_PIP_WHEEL = ("-m", "pip", "wheel", "--verbose", "--no-deps", "--no-binary", ":all:", "--no-cache-dir")
_STEP = re.compile(r"^\s*\[\s*(\d+)(?:/(\d+)|%)\]")
"""Ninja counts `[12/140]`, make `[ 12%]`."""


def flags() -> str:
    """The CMAKE_ARGS of this machine's build."""
    asked = os.environ.get("QANAT_LLAMA_CMAKE_ARGS", "").split()
    return " ".join(["-DGGML_NATIVE=OFF", *_instructions(), *_LEFT_OUT, *asked])


def _instructions() -> list[str]:
    if platform.machine() not in ("x86_64", "AMD64"):
        return []
    cpuinfo = Path("/proc/cpuinfo")
    known = set(cpuinfo.read_text().lower().split()) if cpuinfo.exists() else {"avx2"}
    state = "ON" if "avx2" in known else "OFF"
    return [f"-DGGML_{name}={state}" for name in _X86_64_V3]


def wheel_folder() -> Path:
    built_as = " ".join([VERSION, flags(), platform.system(), platform.machine(), *platform.libc_ver()])
    return WHEELS / f"llama-cpp-python-{VERSION}-{hashlib.sha256(built_as.encode()).hexdigest()[:12]}"


def is_given() -> bool:
    """Whether the user brings a build, so that none is looked for in the cache."""
    return bool(os.environ.get("QANAT_LLAMA_WHEEL"))


def choice() -> str:
    """What the stages depend on."""
    return os.environ.get("QANAT_LLAMA_WHEEL") or str(wheel_folder())


def make_wheel(report: Report) -> None:
    asked = os.environ.get("QANAT_LLAMA_WHEEL", "")
    if asked == "keep":
        report.note("keeping the build that is installed")
    elif asked:
        if not Path(asked).is_file():
            raise StageFailed(report.title, f"QANAT_LLAMA_WHEEL names {asked}, which is not a file.")
        report.note(f"given: {Path(asked).name}")
    else:
        with locked(wheel_folder() / "lock", report.say):
            if _cached_wheel():
                report.note("from the cache")
            else:
                _build(report)


def _cached_wheel() -> Path | None:
    return next(wheel_folder().glob("llama_cpp_python-*.whl"), None)


def _build(report: Report) -> None:
    check_compiler()

    def step(line: str) -> None:
        if found := _STEP.match(line):
            report.progress(int(found[1]), int(found[2] or 100))

    folder = wheel_folder()
    with tempfile.TemporaryDirectory(dir=folder, prefix="building-") as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(f"llama-cpp-python=={VERSION} --hash=sha256:{SOURCE_SHA256}\n")
        nice = ["nice", "-n", "10"] if shutil.which("nice") else []
        run(
            report.title,
            [*nice, PYTHON, *_PIP_WHEEL, "--wheel-dir", scratch, "--requirement", wanted],
            env={
                "CMAKE_ARGS": flags(),
                "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
                "TMPDIR": scratch,
            },
            on_line=step,
        )
        for wheel in Path(scratch).glob("llama_cpp_python-*.whl"):
            wheel.rename(folder / wheel.name)
    report.note(f"built with {' '.join(_instructions()) or 'no special instructions'}".replace("-DGGML_", ""))


def install(report: Report) -> None:
    """Without its dependencies: what it imports of them is pinned in requirements.lock."""
    asked = os.environ.get("QANAT_LLAMA_WHEEL", "")
    if asked == "keep":
        run(
            report.title,
            [PYTHON, "-c", "import importlib.util, sys; sys.exit(not importlib.util.find_spec('llama_cpp'))"],
            advice="QANAT_LLAMA_WHEEL=keep, but no llama-cpp-python is installed in .venv.",
        )
        return
    wheel = Path(asked) if asked else _cached_wheel()
    if not wheel:
        raise StageFailed(report.title, f"no wheel in {wheel_folder()}", advice="Run the same command again.")
    run(report.title, [UV, "pip", "install", "--python", PYTHON, "--no-deps", "--force-reinstall", wheel])
