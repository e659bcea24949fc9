"""A real local chain with the real contracts, deployed once and copied for each test."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from licensing.anvil import find_anvil
from licensing.errors import AnvilMissing
from licensing.service import Licensing
from tests.databases import copied
from tests.licensing.world import MovableClock, World


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder where the contracts are deployed and nothing else happened."""
    try:
        find_anvil()
    except AnvilMissing:
        pytest.fail("the local chain's program is not installed: run `make prepare`")
    folder = tmp_path_factory.mktemp("deployed")
    async with World(folder).running():
        pass
    return folder


@pytest.fixture
def world(deployed: Path, tmp_path: Path) -> World:
    folder = tmp_path / "data"
    shutil.copytree(deployed, folder)
    copied(deployed / "qanat.db", folder / "qanat.db")
    return World(folder)


@pytest_asyncio.fixture
async def licensing(world: World) -> AsyncIterator[Licensing]:
    async with world.running() as running:
        yield running


@pytest.fixture
def clock(world: World) -> MovableClock:
    return world.clock
