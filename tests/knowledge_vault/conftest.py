from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from knowledge_vault.values import VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, open_vault


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[KnowledgeVault]:
    async with open_vault(tmp_path) as opened:
        yield opened


@pytest.fixture
async def home(vault: KnowledgeVault) -> VaultId:
    """A vault of Alice's."""
    return (await vault.create_vault(ALICE, name="Bees", description="All about bees")).id
