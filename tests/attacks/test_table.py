"""The table of attacks is complete, names tests that exist, and is what the docs show."""

import ast
import re

import pytest

from tests.attacks.known import ATTACKS, Attack, table
from tests.repository.sources import ROOT, files

FROM_THE_STUDY = """
CVE-2025-3248 CVE-2026-33017 CVE-2025-34291 CVE-2026-33497 CVE-2025-59528 CVE-2026-40933 CVE-2026-56274 CVE-2026-41276
CVE-2026-46444 CVE-2025-56520 CVE-2026-41947 CVE-2026-41949 CVE-2026-41950 CVE-2026-28288 CVE-2025-69286 CVE-2026-21858
CVE-2025-68613 CVE-2026-1470 CVE-2025-68668 CVE-2026-21877 CVE-2026-45349 CVE-2026-45671 CVE-2026-45339 CVE-2026-32717
"""
"""The table of the peer study (design/peers.md, section 2)."""


def test_every_attack_of_the_peer_study_is_tried() -> None:
    assert set(FROM_THE_STUDY.split()) <= {attack.name for attack in ATTACKS}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name[:40])
def test_each_attack_names_tests_that_exist(attack: Attack) -> None:
    for test in attack.tests:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        defined = (
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        assert name in {each.name for each in defined}
    assert attack.tests


def test_every_test_of_the_suite_names_the_attack_that_it_mirrors_and_stands_in_the_table() -> None:
    listed = {test for attack in ATTACKS for test in attack.tests}
    for path in files("tests/attacks/test_*.py", "tests/backend/test_attacks_over_http.py"):
        if path.name == "test_table.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                said = ast.get_docstring(node) or ""
                assert re.search(r"CVE-\d{4}-\d+|[Ii]ssue 4", said) or "tored scripts" in said, node.name
                assert f"{path.relative_to(ROOT)}::{node.name}" in listed, node.name


def test_the_page_shows_this_table() -> None:
    page = (ROOT / "docs" / "decisions" / "attacks.md").read_text(encoding="utf-8")
    assert table() in page, "write it anew: python -m tests.attacks"
