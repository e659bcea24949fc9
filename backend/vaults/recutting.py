"""Cuts a vault's documents anew after its sizes were changed: one after the other, behind everything else.

What is under way when the server stops goes on by itself; documents whose turn had not come keep their old passages,
which stay right, until the sizes are saved again.
"""

import asyncio
import logging

from backend.ingestion import Ingestion
from knowledge_vault.errors import VaultError
from knowledge_vault.values import TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault

log = logging.getLogger("qanat.vaults")


class Recutting:
    def __init__(self, vault: KnowledgeVault, ingestion: Ingestion) -> None:
        self._vault = vault
        self._ingestion = ingestion
        self._running: dict[VaultId, asyncio.Task[None]] = {}

    def begin(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        """Begin with the vault, or begin again with it by its newest sizes."""
        if earlier := self._running.get(vault_id):
            earlier.cancel()
        task = asyncio.create_task(self._cut(tenant_id, vault_id), name=f"recut-{vault_id}")
        self._running[vault_id] = task
        task.add_done_callback(lambda done: self._forget(vault_id, done))

    async def stop(self) -> None:
        for task in list(self._running.values()):
            task.cancel()
            await asyncio.wait({task})

    async def _cut(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        try:
            for document in await self._vault.list_documents(tenant_id, vault_id):
                if await self._vault.cut_anew(tenant_id, document.id):
                    begun = await self._vault.get_document(tenant_id, document.id)
                    await self._ingestion.submit(tenant_id, document.id, job=begun.job)
        except VaultError as error:  # deleted or locked meanwhile
            log.warning("vault.recutting_ended vault=%s error=%s", vault_id, type(error).__name__)

    def _forget(self, vault_id: VaultId, done: asyncio.Task[None]) -> None:
        if self._running.get(vault_id) is done:
            del self._running[vault_id]
