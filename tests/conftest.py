"""What holds for every test: files that take long by themselves begin first, and none of them is waited for last."""

import pytest

BEGIN_FIRST = (
    "tests/promises/",
    "tests/browser/",
    "tests/knowledge_vault/test_resuming.py",
    "tests/knowledge_vault/test_damage.py",
    "tests/knowledge_vault/test_rotation.py",
    "tests/licensing/test_surviving.py",
)
"""Half a minute each and more, most of it waiting for servers and processes that are killed."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(BEGIN_FIRST))
