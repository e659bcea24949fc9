"""What a step that does several things notes down as it goes, so that none is done twice when it begins anew."""

from typing import Any, Protocol


class Journal(Protocol):
    """Notes of one visit of one step. They outlive a try that failed and, where runs are kept, a restart."""

    async def recall(self, name: str) -> Any:
        """What was noted under this name; None where nothing was."""

    async def note(self, name: str, value: Any) -> None:
        """Keep a value of a sort that `plain_json` knows, durably where the run is kept."""


class InMemory:
    """For runs that are not kept."""

    def __init__(self) -> None:
        self._notes: dict[str, Any] = {}

    async def recall(self, name: str) -> Any:
        return self._notes.get(name)

    async def note(self, name: str, value: Any) -> None:
        self._notes[name] = value
