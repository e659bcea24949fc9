"""What can be set is written down, and what is written down can be set."""

import re

from backend.settings import Settings
from tests.repository.sources import ROOT, files

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_setting_has_a_line_on_the_settings_page() -> None:
    assert [name for name in Settings.model_fields if f"| `QANAT_{name.upper()}` |" not in PAGE] == []


def test_the_settings_page_promises_no_setting_that_is_gone() -> None:
    server = PAGE.split("## Preparing")[0]
    documented = {name.lower() for name in re.findall(r"^\| `QANAT_(\w+)` \|", server, re.M)}
    assert documented - set(Settings.model_fields) == set()


def test_no_setting_is_named_that_the_page_does_not_explain() -> None:
    places = files("*.md", "docker/*", "docker-compose.yml", "Makefile", "scripts/*.py", "backend/cli/*.py")
    named = {
        (name, str(path.relative_to(ROOT)))
        for path in places
        for name in re.findall(r"\bQANAT_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert {(name, path) for name, path in named if f"| `{name}` |" not in PAGE} == set()
