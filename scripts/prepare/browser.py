"""Finds the browser that the browser tests drive, or installs Debian's."""

import os
import shutil

from scripts.prepare.commands import StageFailed, run
from scripts.prepare.progress import Report

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_BY_HAND = "Install Chromium (Debian: apt-get install chromium), then run the same command again."


def find() -> str:
    """The browser's path, or nothing."""
    return next((found for name in _NAMES if (found := shutil.which(name))), "")


def install(report: Report) -> None:
    if find():
        report.note(find())
        return
    apt = shutil.which("apt-get")
    if not apt:
        raise StageFailed(report.title, "no Chromium on this machine.", advice=_BY_HAND)
    command = [apt] if os.geteuid() == 0 else ["sudo", "--non-interactive", apt]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(report.title, [*command, "update"], env=quiet, advice=_BY_HAND)
    run(
        report.title,
        [*command, "install", "--yes", "--no-install-recommends", "chromium"],
        env=quiet,
        advice=_BY_HAND,
    )
    report.note(find())
