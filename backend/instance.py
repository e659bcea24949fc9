"""One process per data folder, and how the command line finds it.

The running server holds a lock on `lock` and describes itself in `server.json`; the lock goes with the process,
however it ends, so a stale description is recognised.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process has this data folder open."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"Another Qanat has {data_dir} open. Stop it first, or give this one its own QANAT_DATA_DIR."
        )


@dataclass(frozen=True)
class Instance:
    """The server that has the data folder open."""

    url: str
    boot_id: str
    """New with every start; the owner's command line signs in with a token bound to it."""
    pid: int


@contextmanager
def only_instance(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for the length of the block.

    Raises:
        AlreadyRunning: somebody else holds it.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(data_dir) from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def announced(data_dir: Path, *, url: str, boot_id: str) -> Iterator[None]:
    """Tell the command line where the server is, for the length of the block."""
    path = data_dir / "server.json"
    path.write_text(json.dumps({"url": url, "boot_id": boot_id, "pid": os.getpid()}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find_instance(data_dir: Path) -> Instance | None:
    """The server that has the data folder open and has announced itself, if there is one."""
    try:
        with only_instance(data_dir):
            return None
    except AlreadyRunning:
        try:
            return Instance(**json.loads((data_dir / "server.json").read_text()))
        except FileNotFoundError:
            raise AlreadyRunning(data_dir) from None
