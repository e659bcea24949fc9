"""A real PostgreSQL for tests: Debian's, in a folder of its own, on a socket that nobody else sees."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from scripts.prepare.postgres import find

MISSING = "PostgreSQL is not installed. Run `make prepare-test` (Debian: apt-get install postgresql), then test again."


@contextmanager
def running() -> Iterator["Postgres"]:
    """A server for the length of the block, with nothing in it."""
    initdb = find()
    assert initdb, MISSING
    where = Path(initdb).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="qanat-postgres-", dir="/tmp"))  # a socket's path must be short
    # PostgreSQL refuses to run as root: then it runs as its package's user.
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    as_whom = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    data = folder / "data"
    subprocess.run(
        [
            where / "initdb",
            "--pgdata",
            data,
            "--username=qanat",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **as_whom,
    )
    server = subprocess.Popen(
        [where / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
        cwd=folder,
        **as_whom,
    )
    try:
        ready = [where / "pg_isready", "--quiet", "--host", folder, "--username=qanat"]
        while subprocess.run(ready, check=False).returncode != 0:
            assert server.poll() is None, (folder / "log").read_text()
        yield Postgres(folder)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


class Postgres:
    """A server that is running, by the folder that its socket lies in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new_database(self) -> str:
        """The address of an empty database."""
        return self.database(f"qanat_{uuid4().hex[:12]}")

    def database(self, name: str, *, like: str = "template1") -> str:
        """The address of a database, made (as a copy of `like`) when it is first asked for."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                names = sql.Identifier(name), sql.Identifier(like)
                connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return self.address(name)

    def write_down(self) -> None:
        """Have everything that is in memory on the disk."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def address(self, database: str) -> str:
        return f"postgresql://qanat@/{database}?host={self.folder}"
