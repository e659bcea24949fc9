"""Runs other programs for a stage, keeps what they print in a log, and turns their failures into advice."""

import errno
import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scripts.prepare.places import LOGS, ROOT

_FIRST_ERRORS = 6
_LAST_LINES = 8

_ADVICE = (
    (
        re.compile(r"No space left on device|ENOSPC|Disk quota exceeded", re.I),
        "The disk is full: free some space (4 GB is enough), then run the same command again.",
    ),
    (
        re.compile(
            r"name resolution|Name or service not known|Network is unreachable|ENOTFOUND|EAI_AGAIN|ETIMEDOUT"
            r"|ECONNREFUSED|ECONNRESET|dns error|Connection (?:refused|timed out)"
            r"|error sending request|Could not resolve|Max retries exceeded"
            r"|NewConnectionError|Read timed out",
            re.I,
        ),
        "A package registry could not be reached: check the network and any proxy settings (HTTPS_PROXY), "
        "then run the same command again; what is already fetched is kept.",
    ),
    (
        re.compile(r"Permission denied|EACCES|Operation not permitted", re.I),
        "Something may not be written: check who owns this folder and the cache folder.",
    ),
)


class StageFailed(Exception):
    """A stage could not be done; the message says what happened and what to do."""

    def __init__(
        self, title: str, reason: str, *, advice: str = "", log: Path | None = None, tail: str = ""
    ) -> None:
        lines = [f"{title}: {reason}"]
        if tail:
            lines += ["", *(f"    {line}" for line in tail.splitlines()), ""]
        if advice:
            lines.append(advice)
        if log:
            lines.append(f"Everything it printed: {log}")
        super().__init__("\n".join(lines))

    @classmethod
    def from_os_error(cls, title: str, error: OSError) -> "StageFailed":
        if error.errno == errno.ENOSPC:
            return cls(title, "the disk is full.", advice=_ADVICE[0][1])
        return cls(title, str(error), advice=advice_for(str(error)))


class Told:
    """What to show of a failed program's output: its first errors and its last lines."""

    def __init__(self) -> None:
        self._errors: list[str] = []
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    def add(self, line: str) -> None:
        line = line.rstrip()[:300]
        if not line:
            return
        if len(self._last) == _LAST_LINES:
            leaving = self._last[0]
            if len(self._errors) < _FIRST_ERRORS and re.search(r"\berror\b", leaving, re.I):
                self._errors.append(leaving)
        self._last.append(line)

    def words(self) -> str:
        return "\n".join([*self._errors, *self._last])


def advice_for(output: str) -> str:
    return next((advice for pattern, advice in _ADVICE if pattern.search(output)), "")


def run(
    title: str,
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    advice: str = "",
) -> str:
    """Run `command` to its end and return what it printed; its standard input is closed.

    Raises:
        StageFailed: the program is not there, or ended with another status than 0.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / (re.sub(r"\W+", "-", title.lower()).strip("-") + ".log")
    printed: list[str] = []
    told = Told()
    try:
        with (
            log.open("a", encoding="utf-8") as file,
            subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            ) as child,
        ):
            assert child.stdout is not None
            file.write(f"$ {' '.join(str(part) for part in command)}\n")
            for line in child.stdout:
                file.write(line)
                printed.append(line)
                told.add(line)
                if on_line:
                    on_line(line)
    except FileNotFoundError as error:
        raise StageFailed(title, f"{error.filename} is not on this machine.", advice=advice) from error
    output = "".join(printed)
    if child.returncode != 0:
        raise StageFailed(
            title,
            f"{Path(str(command[0])).name} ended with status {child.returncode}.",
            advice="\n".join(filter(None, (advice_for(output), advice))),
            log=log,
            tail=told.words(),
        )
    return output
