"""Runs stages, those that do not wait for each other side by side, and skips what is already there.

A stage is skipped when its stamp carries the digest of its inputs and its outputs exist. Nothing here knows
what any stage does.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from scripts.prepare.commands import StageFailed
from scripts.prepare.progress import Report, Screen, in_words


@dataclass(frozen=True)
class Stage:
    """One thing that must be there. `work` runs only when it is not."""

    name: str
    title: str
    stamp: Path
    inputs: Callable[[], Iterable[Path | str]]
    """What the outcome depends on: files and folders by content, strings as they are."""
    outputs: tuple[Path, ...]
    work: Callable[[Report], None]
    needs: tuple[str, ...] = ()
    """Names of the stages that must be done before."""

    def is_done(self, digest: str) -> bool:
        if not all(path.exists() for path in self.outputs):
            return False
        return self.stamp.is_file() and self.stamp.read_text() == digest


def run_all(stages: Sequence[Stage], screen: Screen) -> int:
    """Bring every stage about; the exit status. After a failure nothing new begins."""
    began = time.monotonic()
    waiting = {stage.name: stage for stage in stages}
    done: set[str] = set()
    failed: list[str] = []
    worked = False
    running: dict[Future[bool], Stage] = {}
    with ThreadPoolExecutor(max_workers=4) as pool:
        while True:
            for stage in list(waiting.values()):
                if not failed and set(stage.needs) <= done:
                    del waiting[stage.name]
                    running[pool.submit(_bring_about, stage, screen)] = stage
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                stage = running.pop(future)
                try:
                    worked |= future.result()
                    done.add(stage.name)
                except StageFailed as error:
                    failed.append(stage.title)
                    screen.say(f"\n{error}\n")
                    if running:
                        others = ", ".join(other.title for other in running.values())
                        screen.say(f"  Waiting for what is under way to be kept: {others} (Ctrl-C stops it)")
    if failed:
        screen.say(f"Not prepared: {', '.join(failed)}. Mend that; the same command goes on from here.")
        return 1
    screen.say(f"{'Prepared' if worked else 'All prepared already'} ({in_words(time.monotonic() - began)})")
    return 0


def _bring_about(stage: Stage, screen: Screen) -> bool:
    """Whether there was anything to do."""
    digest = digest_of(stage.inputs())
    if stage.is_done(digest):
        return False
    report = screen.begin(stage.title)
    stage.stamp.unlink(missing_ok=True)
    try:
        stage.work(report)
    except OSError as error:
        screen.end(report, "✗", f"failed after {report.took()}")
        raise StageFailed.from_os_error(stage.title, error) from error
    except BaseException:
        screen.end(report, "✗", f"failed after {report.took()}")
        raise
    missing = [path for path in stage.outputs if not path.exists()]
    if missing:
        screen.end(report, "✗", f"failed after {report.took()}")
        raise StageFailed(stage.title, f"it ended well, but {missing[0]} is not there")
    # The inputs are read again: a stage before this one, or this one, may have settled them.
    stage.stamp.parent.mkdir(parents=True, exist_ok=True)
    stage.stamp.write_text(digest_of(stage.inputs()))
    screen.end(report, "✓", f"{report.took():>12}  {report.outcome}".rstrip())
    return True


def digest_of(inputs: Iterable[Path | str]) -> str:
    digest = hashlib.sha256()
    for item in inputs:
        if isinstance(item, str):
            digest.update(b"text\0" + item.encode() + b"\0")
            continue
        for file in sorted(item.rglob("*")) if item.is_dir() else [item]:
            if file.is_file():
                digest.update(b"file\0" + str(file.relative_to(item)).encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
