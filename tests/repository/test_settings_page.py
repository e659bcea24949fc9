"""What can be set is written down, and what is written down can be set."""

import re

from backend.settings import Settings
from tests.repository.sources import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_every_setting_has_a_line_on_the_settings_page() -> None:
    assert [name for name in Settings.model_fields if f"| `QANAT_{name.upper()}` |" not in PAGE] == []


def test_the_settings_page_promises_no_setting_that_is_gone() -> None:
    server = PAGE.split("## Preparing")[0]
    documented = {name.lower() for name in re.findall(r"^\| `QANAT_(\w+)` \|", server, re.M)}
    assert documented - set(Settings.model_fields) == set()
