"""Go on with documents that are under way: at the start, when a vault is unlocked, and now and again for the rest."""

import asyncio
import logging

from backend.ingestion import Ingestion
from knowledge_vault.vault import KnowledgeVault

log = logging.getLogger("qanat.ingestion")

EVERY_S = 60.0


async def submit_unfinished(vault: KnowledgeVault, ingestion: Ingestion) -> None:
    """Queue every document that is neither found nor ended; one that waits or runs already is left alone."""
    for tenant_id, document_id in await vault.unfinished():
        document = await vault.find_open_document(tenant_id, document_id)
        if document is not None:  # deleted meanwhile, or in a locked vault: those go on once it is unlocked
            await ingestion.submit(tenant_id, document_id, job=document.job)


async def keep_submitting(vault: KnowledgeVault, ingestion: Ingestion, *, every_s: float = EVERY_S) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await submit_unfinished(vault, ingestion)
        except Exception:  # a full disk, most likely: the next time may do
            log.exception("ingestion.not_resumed")
