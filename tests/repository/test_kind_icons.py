"""Every kind of step has a picture of its own in the editor."""

import re

from agent_runtime.node_kinds import ALL
from tests.repository.sources import ROOT

ICONS = ROOT / "frontend" / "src" / "features" / "graphs" / "components" / "kind-icon.tsx"


def test_every_kind_of_step_has_a_picture_of_its_own() -> None:
    pictures = dict(re.findall(r"^ {2}(\w+): (Icon\w+),$", ICONS.read_text(), re.M))
    assert ALL.keys() <= pictures.keys(), "add an icon to kind-icon.tsx for each"
    assert len(set(pictures.values())) == len(pictures), "no two kinds look the same"
