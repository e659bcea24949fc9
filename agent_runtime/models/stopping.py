"""Stop a text at the first of some marks, though it arrives in pieces and a mark may span two of them."""

from collections.abc import Sequence


class StopWatch:
    """Passes text on as soon as it cannot be the beginning of a mark."""

    def __init__(self, marks: Sequence[str]) -> None:
        self._marks = [mark for mark in marks if mark]
        self._held = ""
        self.stopped = False
        """Whether a mark was met; it and what follows it are dropped."""

    def pass_on(self, piece: str) -> str:
        """What may be shown now that this piece has arrived; may be empty."""
        if self.stopped:
            return ""
        self._held += piece
        met = [place for mark in self._marks if (place := self._held.find(mark)) >= 0]
        if met:
            self.stopped = True
            shown, self._held = self._held[: min(met)], ""
            return shown
        keep = max((_overlap(self._held, mark) for mark in self._marks), default=0)
        shown, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return shown

    def rest(self, piece: str = "") -> str:
        """What is left when nothing more will come."""
        shown = self.pass_on(piece) + self._held
        self._held = ""
        return shown


def _overlap(text: str, mark: str) -> int:
    """How many characters at the end of the text could be the beginning of the mark."""
    for size in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:size]):
            return size
    return 0
