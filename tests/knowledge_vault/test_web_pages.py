"""Pages of the web become documents under their titles, and are replaced when, and only when, they have changed."""

from collections.abc import Mapping

import pytest

from knowledge_vault.errors import DocumentKindUnknown, NotFound, PageUnavailable
from knowledge_vault.values import DocumentId, Stage, VaultId
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.web_pages import WebPages
from tests.knowledge_vault.making import ALICE, BOB, take_in
from tests.knowledge_vault.test_fetching import a_server, only_here, page

BEES = "<!doctype html><html><head><title>All about/bees</title></head><body><h2>Sleep</h2><p>{}</p></body></html>"


class Site:
    """What a web server has at each path; it tells versions by an etag."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = dict(pages)

    def __call__(self, path: str, headers: dict[str, str]) -> bytes:
        body = self.pages.get(path)
        if body is None:
            return page(b"nothing here", status="404 Not Found")
        etag = f'"{hash(body)}"'
        if headers.get("if-none-match") == etag:
            return page(b"", status="304 Not Modified")
        kind = "text/plain" if path.endswith(".txt") else "text/html"
        kind = "application/xml" if path.endswith(".xml") else kind
        return page(body.encode(), Content_Type=kind, ETag=etag)


async def finish(vault: KnowledgeVault, document: DocumentId) -> None:
    await vault.parse(ALICE, document)
    await vault.index(ALICE, document)


async def test_a_page_is_added_under_its_title_and_replaced_only_when_it_changed(
    vault: KnowledgeVault, home: VaultId
) -> None:
    menu = "<nav>" + "<a href='/x'>Shop and login</a>" * 9 + "</nav>"
    site = Site({"/bees": BEES.format("Bees sleep at night. " * 20 + menu)})
    async with a_server(site) as (port, asked):
        pages = WebPages(vault, only_here(port))
        url = f"http://127.0.0.1:{port}/bees"
        added = await pages.add(ALICE, home, url)
        document = added.document.id
        await finish(vault, document)
        assert added.document.name == "All about-bees"
        [passage] = (await vault.search(ALICE, [home], "when do bees sleep")).passages
        assert "Bees sleep at night." in passage.text
        assert "Shop" not in passage.text
        read = await vault.document_text(ALICE, document)
        assert read.text[passage.start : passage.end] == passage.text
        assert (await pages.add(ALICE, home, url)).already_there

        assert not await pages.synchronize(ALICE, document)
        site.pages["/bees"] = BEES.format("Bees rest by day.")
        assert await pages.synchronize(ALICE, document)
        assert "at night" in (await vault.search(ALICE, [home], "bees")).passages[0].text
        await finish(vault, document)
        [passage] = (await vault.search(ALICE, [home], "bees")).passages
        assert "Bees rest by day." in passage.text
        assert passage.document_id == document
        assert not await pages.synchronize(ALICE, document)
        origin = await vault.origin(ALICE, document)
        assert origin is not None
        assert origin.url == url
        assert len(asked) == 5

        del site.pages["/bees"]
        with pytest.raises(PageUnavailable, match="status 404"):
            await pages.synchronize(ALICE, document)
        site.pages["/bees"] = "\x00\x01\x02"
        with pytest.raises(DocumentKindUnknown):
            await pages.synchronize(ALICE, document)
        assert (await vault.get_document(ALICE, document)).stage is Stage.ACTIVE
        assert (await vault.search(ALICE, [home], "bees")).passages


async def test_only_ones_own_pages_can_be_fetched_again(vault: KnowledgeVault, home: VaultId) -> None:
    file = await take_in(vault, home, "bees.txt", "Bees.")
    async with a_server(Site({"/a": "<html>Bees."})) as (port, asked):
        pages = WebPages(vault, only_here(port))
        with pytest.raises(NotFound):
            await pages.synchronize(ALICE, file.id)
        with pytest.raises(NotFound):
            await pages.add(BOB, home, f"http://127.0.0.1:{port}/a")
        assert asked == []
        added = await pages.add(ALICE, home, f"http://127.0.0.1:{port}/a")
        with pytest.raises(NotFound):
            await pages.synchronize(BOB, added.document.id)


async def test_a_page_cut_anew_still_knows_where_it_came_from(vault: KnowledgeVault, home: VaultId) -> None:
    async with a_server(Site({"/a.txt": "Bees dance. " * 200})) as (port, _):
        pages = WebPages(vault, only_here(port))
        added = await pages.add(ALICE, home, f"http://127.0.0.1:{port}/a.txt")
        assert added.document.name == "a.txt"
        await finish(vault, added.document.id)
        before = await vault.origin(ALICE, added.document.id)
        sizes = (await vault.get_vault(ALICE, home)).chunking.chosen(
            characters=400, overlap=0, parent_characters=800
        )
        await vault.update_vault(ALICE, home, chunking=sizes)
        assert await vault.cut_anew(ALICE, added.document.id)
        await finish(vault, added.document.id)
        assert await vault.origin(ALICE, added.document.id) == before
        assert not await pages.synchronize(ALICE, added.document.id)


def link(*paths: str) -> str:
    return "<html>" + "".join(f"<p>words <a class='x' href='{path}'>there</a>" for path in paths)


async def test_a_sites_own_pages_are_added_as_its_map_and_its_rules_say(
    vault: KnowledgeVault, home: VaultId
) -> None:
    site = Site(
        {
            "/": link("/not-in-the-map"),
            "/one": "<html><title>One</title>Bees.",
            "/two": "<html><title>Two</title>Wasps.",
            "/private/three": "<html>Secret.",
            "/robots.txt": "User-agent: *\nDisallow: /private/\n",
        }
    )
    async with a_server(site) as (port, asked):
        host = f"http://127.0.0.1:{port}"
        places = [f"{host}/one", f"{host}/two?&amp;x", "http://169.254.169.254/", f"{host}/private/three"]
        site.pages["/two?&x"] = site.pages["/two"]
        site.pages["/sitemap.xml"] = (
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><urlset>'
            + "".join(f"<url><loc>{place}</loc></url>" for place in places)
            + "</urlset>"
        )
        found = await WebPages(vault, only_here(port)).add_site(ALICE, home, f"{host}/", limit=10)
        names = sorted(each.document.name for each in found.added)
        assert names == [f"127.0.0.1:{port}", "One", "Two"]
        assert [each.url for each in found.refused] == [f"{host}/private/three"]
        assert "/private/three" not in asked
        assert "/not-in-the-map" not in asked


async def test_without_a_map_links_are_followed_two_steps_on_the_same_host_up_to_the_limit(
    vault: KnowledgeVault, home: VaultId
) -> None:
    site = Site(
        {
            "/": link("/a", "http://elsewhere.example/", "/#top", "mailto:x@y"),
            "/a": link("/b"),
            "/b": link("/c"),
            "/c": link("/"),
        }
    )
    async with a_server(site) as (port, asked):
        pages = WebPages(vault, only_here(port))
        found = await pages.add_site(ALICE, home, f"http://127.0.0.1:{port}/", limit=10)
        assert len(found.added) == 3
        assert "/c" not in asked
        fewer = await pages.add_site(ALICE, home, f"http://127.0.0.1:{port}/", limit=2)
        assert len(fewer.added) == 2
