"""Finds the PostgreSQL that tests run over, or installs Debian's. Tests start servers of their own from it."""

import os
import shutil
from pathlib import Path

from scripts.prepare.commands import StageFailed, run
from scripts.prepare.progress import Report

_BY_HAND = "Install PostgreSQL (Debian: apt-get install postgresql), then run the same command again."


def find() -> str:
    """Its `initdb`, the newest version's, or nothing."""
    debians = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return str(debians[-1]) if debians else shutil.which("initdb") or ""


def install(report: Report) -> None:
    if not find():
        apt = shutil.which("apt-get")
        if not apt:
            raise StageFailed(report.title, "no PostgreSQL on this machine.", advice=_BY_HAND)
        command = [apt] if os.geteuid() == 0 else ["sudo", "--non-interactive", apt]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(report.title, [*command, "update"], env=quiet, advice=_BY_HAND)
        run(
            report.title,
            [*command, "install", "--yes", "--no-install-recommends", "postgresql"],
            env=quiet,
            advice=_BY_HAND,
        )
    report.note(find())
