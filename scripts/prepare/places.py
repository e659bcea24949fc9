"""Where things are put: inside the clone, and in the user's cache that all clones share."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PREPARED = ROOT / "build" / "prepared"
LOGS = PREPARED / "logs"

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"

FRONTEND = ROOT / "frontend"
CONTRACTS = ROOT / "licensing" / "contracts"

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qanat"
WHEELS = CACHE / "wheels"
MODELS = Path(os.environ.get("QANAT_MODELS_DIR") or CACHE / "models")
"""The same folder as the setting `models_dir` of the server."""


@contextmanager
def locked(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keep two preparations from writing the same place: the second waits for the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another preparation that holds {path} …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
