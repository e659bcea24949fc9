"""`make bench`: run every `tests/bench/bench_*.py` here and write what they found into docs/performance.md.

A bench is a program of its own. Its last line is JSON: `{"title", "figures": [{"what", "value", "unit",
"at_most" or "at_least", "baseline"}], "notes": []}`, or `{"title", "skipped": why}` when what it needs is not there.
A figure that misses its bound is marked, and the exit status is then 1.
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.prepare.places import PYTHON, ROOT
from scripts.prepare.progress import in_words

PAGE = ROOT / "docs" / "performance.md"
BENCHES = ROOT / "tests" / "bench"
_BEGIN, _END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"


def main(wanted: list[str]) -> int:
    sections: list[str] = []
    missed = 0
    for path in sorted(BENCHES.glob("bench_*.py")):
        if wanted and path.stem.removeprefix("bench_") not in wanted:
            continue
        print(f"── {path.stem}", flush=True)
        began = time.monotonic()
        result = run(path)
        lines = list(section(result))
        missed += sum("**missed**" in line for line in lines) + ("failed" in result)
        print("\n".join(lines) + f"\n   {in_words(time.monotonic() - began)}\n", flush=True)
        sections += lines
    if not wanted:
        write("\n".join([f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {machine()}.", "", *sections]))
        print(f"Written to {PAGE.relative_to(ROOT)}")
    return 1 if missed else 0


def run(path: Path) -> dict[str, Any]:
    """What the bench printed last; `failed` with its last lines where that is no JSON."""
    ended = subprocess.run(
        [PYTHON, "-m", f"tests.bench.{path.stem}"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    last = (ended.stdout.strip().splitlines() or [""])[-1]
    try:
        found = json.loads(last)
    except ValueError:
        found = None
    if ended.returncode != 0 or not isinstance(found, dict):
        return {"title": path.stem, "failed": f"status {ended.returncode}: {last[:300]}"}
    return found


def section(result: dict[str, Any]) -> Iterator[str]:
    """The Markdown of one bench."""
    yield f"### {result.get('title', 'Untitled')}"
    yield ""
    for key in ("skipped", "failed"):
        if key in result:
            yield f"{key.capitalize()}: {result[key]}"
            yield ""
            return
    figures = result.get("figures", [])
    has_baseline = any("baseline" in figure for figure in figures)
    yield "| what | measured | target |" + (" baseline |" if has_baseline else "")
    yield "| --- | --- | --- |" + (" --- |" if has_baseline else "")
    for figure in figures:
        unit = figure.get("unit", "")
        line = f"| {figure['what']} | {_number(figure['value'])} {unit} | {_target(figure)} |"
        if has_baseline:
            line += f" {_number(figure['baseline'])} |" if "baseline" in figure else " |"
        yield line.replace("  ", " ")
    yield ""
    yield from (f"- {note}" for note in result.get("notes", []))
    if result.get("notes"):
        yield ""


def _target(figure: dict[str, Any]) -> str:
    if "at_most" in figure:
        kept = figure["value"] <= figure["at_most"]
        return f"≤ {_number(figure['at_most'])}: {'kept' if kept else '**missed**'}"
    if "at_least" in figure:
        kept = figure["value"] >= figure["at_least"]
        return f"≥ {_number(figure['at_least'])}: {'kept' if kept else '**missed**'}"
    return ""


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def machine() -> str:
    """What the figures were measured on, in words."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB memory, "
        f"{platform.system()} {platform.release()}, "
        f"Python {platform.python_version()} (load before: {load:.1f})"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.M) if cpuinfo.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def write(figures: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n{figures.rstrip()}\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
