"""Shows what is being prepared: a line per finished stage, a live one for those under way."""

import itertools
import shutil
import threading
import time
from types import TracebackType
from typing import Self, TextIO

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_REDRAW_S = 0.12
_PLAIN_STEP = 0.1
"""Without a terminal a percentage is printed each time it passes another tenth."""


class Screen:
    """Lines that stay, and below them (on a terminal) one that is redrawn."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._lock = threading.RLock()
        self._under_way: dict[str, Report] = {}
        self._stop = threading.Event()
        self._painter = threading.Thread(target=self._paint, daemon=True)

    def __enter__(self) -> Self:
        if self._live:
            self._painter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._live:
            self._painter.join()
            self._clear()

    def say(self, line: str) -> None:
        with self._lock:
            self._clear()
            self._out.write(line + "\n")
            self._out.flush()

    def begin(self, title: str) -> "Report":
        report = Report(self, title)
        with self._lock:
            self._under_way[title] = report
        if not self._live:
            self.say(f"  … {title}")
        return report

    def end(self, report: "Report", mark: str, words: str) -> None:
        with self._lock:
            self._under_way.pop(report.title, None)
            self.say(f"  {mark} {report.title:<26} {words}")

    def stepped(self, report: "Report") -> None:
        """A tenth more is done: worth a line where nothing is redrawn."""
        if not self._live:
            self.say(f"  … {report.title:<26} {report.fraction:4.0%} after {report.took()}")

    def _clear(self) -> None:
        if self._live:
            self._out.write("\r\x1b[2K")

    def _paint(self) -> None:
        for frame in itertools.cycle(_SPINNER):
            if self._stop.wait(_REDRAW_S):
                return
            with self._lock:
                if self._under_way:
                    line = "   ".join(report.words() for report in self._under_way.values())
                    width = shutil.get_terminal_size().columns - 1
                    self._out.write("\r\x1b[2K" + f"  {frame} {line}"[:width])
                    self._out.flush()


class Report:
    """What one stage tells while it works."""

    def __init__(self, screen: Screen, title: str) -> None:
        self._screen = screen
        self.title = title
        self.fraction = 0.0
        self.outcome = ""
        self._began = time.monotonic()
        self._next_line = _PLAIN_STEP

    def progress(self, done: int, of: int) -> None:
        self.fraction = max(self.fraction, done / of) if of else self.fraction
        if self.fraction >= self._next_line:
            self._next_line = (self.fraction // _PLAIN_STEP + 1) * _PLAIN_STEP
            self._screen.stepped(self)

    def note(self, outcome: str) -> None:
        """Words that stand beside the time when the stage is done: what was chosen, or where it came from."""
        self.outcome = outcome

    def say(self, line: str) -> None:
        self._screen.say(f"    {line}")

    def took(self) -> str:
        return in_words(time.monotonic() - self._began)

    def words(self) -> str:
        return f"{self.title} {self.fraction:.0%}" if self.fraction else f"{self.title} {self.took()}"


def in_words(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02} s"
