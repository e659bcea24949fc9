"""Installs the npm packages and builds the pages that the server hands out."""

import os
from collections.abc import Iterator
from pathlib import Path

from scripts.prepare.commands import run
from scripts.prepare.places import CONTRACTS, FRONTEND
from scripts.prepare.progress import Report

_GENERATED = {"node_modules", "dist", "coverage", ".vite", "test-results"}
_QUIET = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=warn"]


def install_chain(report: Report) -> None:
    """anvil, the local chain that the product starts."""
    run(report.title, ["npm", "ci", "--omit=dev", *_QUIET], cwd=CONTRACTS)


def install_chain_tools(report: Report) -> None:
    """anvil, and forge and solc with it, which only the contracts' tests need."""
    run(report.title, ["npm", "ci", *_QUIET], cwd=CONTRACTS)


def install_frontend(report: Report) -> None:
    run(report.title, ["npm", "ci", *_QUIET], cwd=FRONTEND, env={"CI": "true"})


def build_frontend(report: Report) -> None:
    run(report.title, ["npm", "run", "build"], cwd=FRONTEND, env={"NO_COLOR": "1"})


def frontend_inputs() -> Iterator[Path | str]:
    """Every file the build reads, by name and content."""
    for folder, folders, files in os.walk(FRONTEND):
        folders[:] = sorted(set(folders) - _GENERATED)
        for name in sorted(files):
            path = Path(folder) / name
            yield str(path.relative_to(FRONTEND))
            yield path
