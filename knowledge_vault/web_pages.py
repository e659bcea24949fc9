"""Pages of the web as documents: added by address, many by a site's map, and fetched again when they have changed.

What is fetched is an original like any other: sealed, read in the child process, searched. Its address and version are
sealed with it.
"""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from knowledge_vault.errors import DocumentRefused, NotFound, PageRefused, PageUnavailable
from knowledge_vault.fetching import Fetched, Fetcher, Freshness
from knowledge_vault.parsing.kinds import HEAD_BYTES, HTML, recognise
from knowledge_vault.values import Added, DocumentId, Origin, Period, TenantId, VaultId
from knowledge_vault.vault import KnowledgeVault

MOST_PAGES = 200
"""In one site map."""
_DEEPEST = 2
"""How many links away from the first page, and how many site maps inside site maps."""
_AT_ONCE = 4
ROBOT = "Qanat"
_MOST_LINKS = 2_000
_MOST_LOOKED_AT = 2_000_000
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,1000})</title", re.IGNORECASE)
_LINK = re.compile(rb"""<a\s[^>]{0,1000}?href\s*=\s*["']([^"'<>\s]{1,2000})["']""", re.IGNORECASE)
_PLACE = re.compile(rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]{1,2000})", re.IGNORECASE)


@dataclass(frozen=True)
class PageNotAdded:
    url: str
    title: str
    detail: str


@dataclass(frozen=True)
class SiteAdded:
    added: tuple[Added, ...]
    refused: tuple[PageNotAdded, ...]


class WebPages:
    def __init__(self, vault: KnowledgeVault, fetcher: Fetcher) -> None:
        self._vault = vault
        self._fetcher = fetcher

    async def add(
        self, tenant: TenantId, vault: VaultId, url: str, *, period: Period = Period.DAILY
    ) -> Added:
        """Fetch a page and add it under its title, else under its address. Then `parse` and `index`.

        `period`: how often it is fetched again by itself (`web_schedule.py`).

        Raises:
            PageRefused, PageUnavailable: it could not be fetched.
            DocumentRefused: what lies there is no document.
        """
        await self._vault.get_vault(tenant, vault)
        return await self._keep(tenant, vault, await self._fetched(url), period)

    async def add_site(
        self, tenant: TenantId, vault: VaultId, url: str, *, limit: int, period: Period = Period.DAILY
    ) -> SiteAdded:
        """Add the pages that a site map names, or, where there is none, that the page's links lead to.

        Only pages of the same host that the site's robots.txt allows, at most `limit` of them, at most two links away.

        Raises:
            PageRefused, PageUnavailable: the first page could not be fetched.
        """
        await self._vault.get_vault(tenant, vault)
        first = await self._fetched(url)
        robots = await self.robots(first.url)
        added: list[Added] = []
        refused: list[PageNotAdded] = []
        async for page in self._walk(first, robots, min(limit, MOST_PAGES), refused):
            try:
                added.append(await self._keep(tenant, vault, page, period))
            except DocumentRefused as error:
                refused.append(PageNotAdded(page.url, error.title, error.detail))
        return SiteAdded(tuple(added), tuple(refused))

    async def synchronize(
        self, tenant: TenantId, document: DocumentId, *, rules: RobotFileParser | None = None
    ) -> bool:
        """Fetch a page again and, if it has changed, begin to replace the document. Then `parse` and `index`.

        What came of it is remembered with the document. `rules`: the site's robots.txt, for a program that asks by
        itself; a person who asks is no robot.

        Raises:
            NotFound: no such document, or it did not come from the web.
            PageRefused, PageUnavailable: the page could not be fetched; the document stays as it is.
            DocumentRefused: what lies there now is no document; it stays as it is.
        """
        origin = await self._vault.origin(tenant, document)
        if origin is None:
            await self._vault.get_document(tenant, document)
            raise NotFound("web address of document", document)
        try:
            if rules is not None and not rules.can_fetch(ROBOT, origin.url):
                raise PageRefused(
                    origin.url, reason="its site's robots.txt asks programs to leave this page out"
                )
            has_changed = await self._replace_if_changed(tenant, document, origin)
        except (PageRefused, PageUnavailable, DocumentRefused) as error:
            await self._vault.note_not_fetched(tenant, document, error)
            raise
        await self._vault.web_sources.note_fetched(document, changed=has_changed)
        return has_changed

    async def _replace_if_changed(self, tenant: TenantId, document: DocumentId, origin: Origin) -> bool:
        page = await self._fetcher.fetch(origin.url, known=Freshness(origin.etag, origin.last_modified))
        if page is None:
            return False
        added = await self._vault.replace_document(
            tenant, document, content=_pieces(page.content), name=name_of(page), origin=_origin(page)
        )
        return not added.already_there

    async def _keep(self, tenant: TenantId, vault: VaultId, page: Fetched, period: Period) -> Added:
        added = await self._vault.add_document(
            tenant, vault, name=name_of(page), content=_pieces(page.content), origin=_origin(page)
        )
        if added.already_there or period is Period.DAILY:
            return added
        document = await self._vault.follow(tenant, added.document.id, period)
        return Added(document, already_there=False)

    async def _fetched(self, url: str) -> Fetched:
        page = await self._fetcher.fetch(url)
        assert page is not None  # only a known version can be unchanged
        return page

    async def robots(self, url: str) -> RobotFileParser:
        """The rules of the site that this page is of; a site that has none forbids nothing."""
        robots = RobotFileParser()
        try:
            page = await self._fetched(urljoin(url, "/robots.txt"))
            robots.parse(page.content[:500_000].decode("utf-8", "replace").splitlines())
        except (PageRefused, PageUnavailable):
            robots.parse([])  # a site without rules has none against us
        return robots

    async def _walk(
        self,
        first: Fetched,
        robots: RobotFileParser,
        limit: int,
        refused: list[PageNotAdded],
    ) -> AsyncIterator[Fetched]:
        """Pages, breadth first, each once."""
        seen = {first.url}
        given = 0
        level: list[Fetched] = [first]
        if not _is_map(first):
            listed = await self._first_map(first.url, robots)
            level = [*listed, first] if listed else [first]
        has_map = any(_is_map(page) for page in level)
        for depth in range(_DEEPEST + 1):
            following: list[str] = []
            for page in level:
                if not _is_map(page):
                    if not robots.can_fetch(ROBOT, page.url):
                        refused.append(_forbidden(page.url))
                        continue
                    yield page
                    given += 1
                    if given >= limit:
                        return
                if _is_map(page) or not has_map:
                    following += _leads_to(page)
            wanted: list[str] = []
            for url in following:
                url = url.partition("#")[0]
                if url in seen or urlsplit(url).netloc != urlsplit(first.url).netloc:
                    continue
                seen.add(url)
                if robots.can_fetch(ROBOT, url):
                    wanted.append(url)
                else:
                    refused.append(_forbidden(url))
            if depth == _DEEPEST or not wanted:
                return
            level = await self._fetch_all(wanted[: limit - given], refused)

    async def _first_map(self, url: str, robots: RobotFileParser) -> list[Fetched]:
        """The site map that robots.txt names, or that lies in its usual place."""
        host = urlsplit(url).netloc
        named = [each for each in robots.site_maps() or [] if urlsplit(each).netloc == host]
        for place in (*named[:3], urljoin(url, "/sitemap.xml")):
            try:
                page = await self._fetched(place)
            except (PageRefused, PageUnavailable):
                continue
            if _is_map(page):
                return [page]
        return []

    async def _fetch_all(self, urls: Sequence[str], refused: list[PageNotAdded]) -> list[Fetched]:
        turn = asyncio.Semaphore(_AT_ONCE)

        async def fetch(url: str) -> Fetched | None:
            async with turn:
                try:
                    return await self._fetched(url)
                except (PageRefused, PageUnavailable) as error:
                    refused.append(PageNotAdded(url, "Not fetched", str(error)))
                    return None

        return [page for page in await asyncio.gather(*map(fetch, urls)) if page is not None]


def name_of(page: Fetched) -> str:
    """The page's title, else its address; with an ending where it would be taken for another kind without."""
    parts = urlsplit(page.url)
    titled = (
        _TITLE.search(page.content[:200_000])
        if page.media_type in ("", HTML, "application/xhtml+xml")
        else None
    )
    title = " ".join(html.unescape(titled[1].decode("utf-8", "replace")).split()) if titled else ""
    name = title.replace("/", "-").replace("\\", "-").strip()
    if not name:
        last = unquote(parts.path.rstrip("/").rpartition("/")[2])
        name = last if "." in last else f"{parts.netloc}{parts.path}".rstrip("/").replace("/", " ")
    if page.media_type not in (HTML, "application/xhtml+xml"):
        return name
    try:
        is_told = recognise(name, page.content[:HEAD_BYTES]).media_type == HTML
    except DocumentRefused:
        is_told = False
    return name[:150] if is_told else f"{name[:150]}.html"


def _origin(page: Fetched) -> Origin:
    return Origin(page.url, page.freshness.etag, page.freshness.last_modified)


def _forbidden(url: str) -> PageNotAdded:
    return PageNotAdded(
        url, "Not allowed by the site", "Its robots.txt asks programs to leave this page out."
    )


def _is_map(page: Fetched) -> bool:
    head = page.content[:2000].lower()
    return b"<urlset" in head or b"<sitemapindex" in head


def _leads_to(page: Fetched) -> list[str]:
    """The addresses that a site map or a page names. Entities in them are ordinary text: nothing is expanded."""
    pattern = _PLACE if _is_map(page) else _LINK
    found = (
        match[1].decode("utf-8", "replace") for match in pattern.finditer(page.content[:_MOST_LOOKED_AT])
    )
    urls: list[str] = []
    for _, link in zip(range(_MOST_LINKS), found, strict=False):
        try:
            url = urljoin(page.url, html.unescape(link))
            if urlsplit(url).scheme in ("http", "https"):
                urls.append(url)
        except ValueError:
            continue
    return urls


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
