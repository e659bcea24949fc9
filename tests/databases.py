"""The database of a test: a SQLite file, or the same on PostgreSQL where the suite runs over that.

`QANAT_TEST_DATABASE=postgres` starts a server for the run (`conftest.py`); child processes of tests find it too.
"""

import hashlib
import os
from pathlib import Path

from backend.database import Database
from tests.postgres import Postgres

CHOICE = "QANAT_TEST_DATABASE"
SERVER = "QANAT_TEST_POSTGRES"
"""The folder of the server that is running for these tests; set by `conftest.py`."""


def is_on_server() -> bool:
    return SERVER in os.environ


def database_at(path: Path) -> Database:
    """The same database whenever the same path is named."""
    return Database.on_server(_server().database(_name(path))) if is_on_server() else Database.at(path)


def copied(source: Path, target: Path) -> None:
    """After the folder was copied: the database that is at `source`, which nobody has open, is at `target` too."""
    if is_on_server():
        _server().database(_name(target), like=_name(source))


def every_byte(path: Path) -> bytes:
    """What lies on the disk of the database at `path`: of the whole server, where it is on one."""
    if not is_on_server():
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    server = _server()
    server.write_down()
    return b"".join(each.read_bytes() for each in server.folder.rglob("*") if each.is_file())


def _name(path: Path) -> str:
    return f"at_{hashlib.sha256(str(path).encode()).hexdigest()[:24]}"


def _server() -> Postgres:
    return Postgres(Path(os.environ[SERVER]))
