"""How much memory there is for models: the machine's, or what a container of it may use."""

from pathlib import Path

import psutil

_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
_CONTAINER_USE = Path("/sys/fs/cgroup/memory.current")


def total_bytes() -> int:
    """All the memory that this process could ever have."""
    return min(int(psutil.virtual_memory().total), _read(_CONTAINER_LIMIT) or 2**63)


def free_bytes() -> int:
    """What could be taken now without anything being written to disk."""
    limit, used = _read(_CONTAINER_LIMIT), _read(_CONTAINER_USE)
    left = max(0, limit - used) if limit and used else 2**63
    return min(int(psutil.virtual_memory().available), left)


def _read(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
