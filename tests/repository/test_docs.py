"""The documentation leads somewhere: its links, its index, and the commands it names."""

import re
from collections.abc import Iterator

import pytest
from typer import Typer

from backend.cli import app
from tests.repository.sources import ROOT, files

PAGES = [str(path.relative_to(ROOT)) for path in files("*.md") if "sources" not in path.parts]
DECISIONS = ROOT / "docs" / "decisions"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_every_page_is_in_an_index() -> None:
    listed = "".join(
        (ROOT / "docs" / name).read_text("utf-8") for name in ("README.md", "decisions/README.md")
    )
    pages = [path for path in files("docs/*.md") if path.name != "README.md"]
    assert [path.name for path in pages if f"({path.name})" not in listed] == []


def test_every_decision_says_what_was_turned_down() -> None:
    for path in DECISIONS.glob("*.md"):
        if path.name != "README.md":
            assert re.search(r"turned down", path.read_text(encoding="utf-8"), re.I), path.name


def test_the_make_targets_that_the_readme_names_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {target for target in named if not re.search(rf"^{target}:", makefile, re.M)} == set()
    assert {"run", "test"} <= named


def test_every_command_is_in_the_api_guide() -> None:
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    named = list(commands(app, "qanat"))
    assert "qanat ask" in named
    assert [command for command in named if f"| `{command}" not in guide] == []


def commands(group: Typer, path: str) -> Iterator[str]:
    for command in group.registered_commands:
        yield f"{path} {command.name}"
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, f"{path} {inner.name}")
