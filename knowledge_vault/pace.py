"""How fast chunks are embedded, from what the last ones took: to say how long the rest will take."""

from collections import deque

_REMEMBERED = 64
"""Batches; older ones tell of another load of the machine."""


class Pace:
    def __init__(self) -> None:
        self._batches: deque[tuple[int, float]] = deque(maxlen=_REMEMBERED)

    def note(self, chunks: int, seconds: float) -> None:
        """A batch of so many chunks took so long."""
        self._batches.append((chunks, seconds))

    def seconds_for(self, chunks: float) -> float | None:
        """How long so many chunks will take; None while no pace is known."""
        known = sum(count for count, _ in self._batches)
        return chunks * sum(seconds for _, seconds in self._batches) / known if known else None
