"""Finds tesseract, which reads scanned pages, or installs Debian's. Without it its tests are skipped, nothing else."""

import os
import shutil

from scripts.prepare.commands import StageFailed, run
from scripts.prepare.progress import Report


def find() -> str:
    """Where it is, or nothing."""
    return shutil.which("tesseract") or ""


def install(report: Report) -> None:
    apt = shutil.which("apt-get")
    if not find() and apt:
        command = [apt] if os.geteuid() == 0 else ["sudo", "--non-interactive", apt]
        wanted = ["install", "--yes", "--no-install-recommends", "tesseract-ocr", "tesseract-ocr-eng"]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run(report.title, [*command, "update"], env=quiet)
            run(report.title, [*command, *wanted], env=quiet)
        except StageFailed:
            report.note("not to be had: scanned pages are not tested")
            return
    report.note(find() or "not on this machine: scanned pages are not tested")
