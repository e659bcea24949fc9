"""The repository as the tests about it read it: tracked and new files, nothing generated."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("agent_runtime", "knowledge_vault", "licensing", "backend")


def files(*patterns: str) -> list[Path]:
    """Files of the repository that match one of the git patterns, ignored ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = [ROOT / line for line in listed.splitlines()]
    return sorted(path for path in set(found) if path.is_file())
