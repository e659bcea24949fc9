"""Fetches pages of the web again when their time has come, politely: one after the other of each site, by its rules."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from knowledge_vault.errors import (
    DiskFull,
    DocumentRefused,
    NotFound,
    PageRefused,
    PageUnavailable,
    SealBroken,
    VaultLocked,
)
from knowledge_vault.values import Document, DocumentId, TenantId
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.web_pages import ROBOT, WebPages

log = logging.getLogger(__name__)

_MOST = 100
"""In one round; what is left waits for the next."""
_SITES_AT_ONCE = 4
_LONGEST_DELAY_S = 30.0
"""Between two pages of a site that asks for more patience than we have."""
_LATER = timedelta(minutes=15)
"""When the vault is locked, or the document is still being taken in."""

Begun = Callable[[TenantId, Document], Awaitable[None]]
"""Told of each document whose new content is sealed and waits to be read."""


@dataclass(frozen=True)
class _Due:
    tenant: TenantId
    document: DocumentId
    url: str


class WebSchedule:
    def __init__(self, vault: KnowledgeVault, pages: WebPages, *, pause_s: float = 1.0) -> None:
        """`pause_s`: between two pages of one site, at the least."""
        self._vault = vault
        self._pages = pages
        self._pause_s = pause_s

    async def run(self, begun: Begun) -> int:
        """Fetch what is due; how many pages were asked for. One that fails is noted with its document."""
        sites: dict[str, list[_Due]] = {}
        for tenant, document in await self._vault.web_sources.due(most=_MOST):
            if found := await self._look(tenant, document):
                sites.setdefault(urlsplit(found.url).netloc.casefold(), []).append(found)
        turn = asyncio.Semaphore(_SITES_AT_ONCE)

        async def visit(pages: Sequence[_Due]) -> None:
            async with turn:
                await self._visit(pages, begun)

        async with asyncio.TaskGroup() as group:
            for pages in sites.values():
                group.create_task(visit(pages))
        return sum(map(len, sites.values()))

    async def _look(self, tenant: TenantId, document: DocumentId) -> _Due | None:
        """The page, where it can be fetched now."""
        try:
            known = await self._vault.get_document(tenant, document)
        except NotFound:  # deleted since it was found due
            return None
        except (VaultLocked, SealBroken):
            await self._vault.web_sources.postpone(document, _LATER)
            return None
        is_moving = not (known.replacement or known).stage.is_final
        if known.web_source is None or is_moving:
            await self._vault.web_sources.postpone(document, _LATER)
            return None
        return _Due(tenant, document, known.web_source.url)

    async def _visit(self, pages: Sequence[_Due], begun: Begun) -> None:
        rules = await self._pages.robots(pages[0].url)
        delay = rules.crawl_delay(ROBOT)
        pause_s = max(self._pause_s, min(float(delay or 0), _LONGEST_DELAY_S))
        for page in pages:
            await asyncio.sleep(pause_s)
            try:
                if await self._pages.synchronize(page.tenant, page.document, rules=rules):
                    await begun(page.tenant, await self._vault.get_document(page.tenant, page.document))
            except (PageRefused, PageUnavailable, DocumentRefused) as error:  # noted with the document
                log.info("web_page.not_fetched document=%s error=%s", page.document, type(error).__name__)
            except NotFound:  # deleted meanwhile
                continue
            except (VaultLocked, DiskFull, SealBroken) as error:
                log.info("web_page.postponed document=%s error=%s", page.document, type(error).__name__)
                await self._vault.web_sources.postpone(page.document, _LATER)
