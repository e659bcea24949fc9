"""Keeps pages of the web up to date while the server runs. What is due is in SQL: a restart only comes late to it."""

import asyncio
import logging

from backend.ingestion import Ingestion
from knowledge_vault.values import Document, TenantId
from knowledge_vault.web_schedule import WebSchedule

log = logging.getLogger("qanat.vaults")

EVERY_S = 60.0


async def keep_following(schedule: WebSchedule, ingestion: Ingestion, *, every_s: float = EVERY_S) -> None:
    """Until cancelled."""

    async def begun(tenant_id: TenantId, document: Document) -> None:
        await ingestion.submit(tenant_id, document.id, job=document.job)

    while True:
        await asyncio.sleep(every_s)
        try:
            count = await schedule.run(begun)
        except Exception:  # whatever it was, the next round is another try
            log.exception("web_pages.round_broke")
        else:
            if count:
                log.info("web_pages.fetched count=%d", count)
