"""Documents that are cut anew by other sizes: what a stopped server had not got to, the next one does."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import select

from backend.services import Services
from backend.vaults.recutting import Recutting, to_be_cut
from knowledge_vault.values import ChunkSizes, Stage, TenantId, VaultId

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def one_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def waiting(services: Services) -> set[str]:
    async with services.database.reading() as connection:
        return set((await connection.execute(select(to_be_cut.c.vault_id))).scalars())


async def test_a_vault_that_was_not_cut_when_the_server_stopped_is_cut_after_its_start(
    services: Services,
) -> None:
    tenant, vault = TenantId(uuid4().hex), services.vault
    home = (await vault.create_vault(tenant, name="long")).id
    content = b"Bees dance all day long and sleep at night. " * 100
    added = await vault.add_document(tenant, home, name="bees.txt", content=one_piece(content))
    await vault.parse(tenant, added.document.id)
    await vault.index(tenant, added.document.id)
    before = (await vault.get_document(tenant, added.document.id)).chunk_count
    await vault.update_vault(
        tenant, home, chunking=ChunkSizes.chosen(characters=400, overlap=0, parent_characters=800)
    )

    stopped = Recutting(services.database, vault, services.ingestion)
    await stopped.begin(tenant, home)
    await stopped.stop()
    assert home in await waiting(services)
    assert (await vault.get_document(tenant, added.document.id)).version == 1

    started = Recutting(services.database, vault, services.ingestion)
    await started.start()
    async with asyncio.timeout(60):
        while home in await waiting(services) or (await started.progress(tenant, home)).is_under_way:
            await asyncio.sleep(0.05)
    document = await vault.get_document(tenant, added.document.id)
    assert (document.stage, document.version) == (Stage.ACTIVE, 2)
    assert document.chunk_count > before


async def test_a_vault_deleted_meanwhile_is_forgotten(services: Services) -> None:
    recutting = Recutting(services.database, services.vault, services.ingestion)
    gone = VaultId(uuid4().hex)
    await recutting.begin(TenantId(uuid4().hex), gone)
    async with asyncio.timeout(10):
        while gone in await waiting(services):
            await asyncio.sleep(0.01)
