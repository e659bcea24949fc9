"""What holds for every test: files that take long by themselves begin first, and none of them is waited for last."""

import os
from collections.abc import Iterator

import pytest

from tests import postgres
from tests.databases import CHOICE, SERVER

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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """A real PostgreSQL; started for the first test that asks for it."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _over_postgres_where_chosen(request: pytest.FixtureRequest) -> Iterator[None]:
    if os.environ.get(CHOICE) != "postgres":
        yield
        return
    server: postgres.Postgres = request.getfixturevalue("postgres_server")
    os.environ[SERVER] = str(server.folder)
    yield
    del os.environ[SERVER]
