"""Pages of the web are fetched again when their time has come, politely, and a page that fails loses nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from knowledge_vault.errors import NotFound, PageUnavailable
from knowledge_vault.periods import next_time
from knowledge_vault.values import Document, DocumentId, Period, TenantId, VaultId, WebSource
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.web_pages import WebPages
from knowledge_vault.web_schedule import WebSchedule
from knowledge_vault.web_sources import MOST_FAILURES
from tests.knowledge_vault.making import ALICE, FixedClock, open_vault, take_in
from tests.knowledge_vault.test_fetching import a_server, only_here
from tests.knowledge_vault.test_web_pages import BEES, Site, finish


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def vault(tmp_path: Path, clock: FixedClock) -> AsyncIterator[KnowledgeVault]:
    async with open_vault(tmp_path, clock=clock) as opened:
        yield opened


class Round:
    """Runs the schedule and takes in what it began."""

    def __init__(self, vault: KnowledgeVault, pages: WebPages) -> None:
        self.vault = vault
        self.schedule = WebSchedule(vault, pages, pause_s=0)
        self.begun: list[DocumentId] = []

    async def __call__(self) -> int:
        return await self.schedule.run(self._begun)

    async def _begun(self, tenant: TenantId, document: Document) -> None:
        self.begun.append(document.id)
        await finish(self.vault, document.id)


async def source_of(vault: KnowledgeVault, document: DocumentId) -> WebSource:
    source = (await vault.get_document(ALICE, document)).web_source
    assert source is not None
    return source


async def test_a_page_is_fetched_again_after_its_period_and_replaced_only_when_it_changed(
    vault: KnowledgeVault, home: VaultId, clock: FixedClock
) -> None:
    site = Site({"/bees": BEES.format("Bees sleep at night."), "/robots.txt": ""})
    async with a_server(site) as (port, asked):
        pages = WebPages(vault, only_here(port))
        run = Round(vault, pages)
        document = (await pages.add(ALICE, home, f"http://127.0.0.1:{port}/bees")).document.id
        await finish(vault, document)
        clock.pass_by(hours=23)
        assert await run() == 0
        clock.pass_by(hours=4)
        assert await run() == 1
        assert run.begun == []
        source = await source_of(vault, document)
        assert (source.period, source.fetched_at, source.changed_at) == (Period.DAILY, clock.now(), None)
        assert await run() == 0

        site.pages["/bees"] = BEES.format("Bees rest by day.")
        clock.pass_by(hours=27)
        assert await run() == 1
        assert run.begun == [document]
        [passage] = (await vault.search(ALICE, [home], "bees")).passages
        assert "Bees rest by day." in passage.text
        assert (await source_of(vault, document)).changed_at == clock.now()

        await vault.follow(ALICE, document, Period.NEVER)
        clock.pass_by(hours=24 * 365)
        assert await run() == 0
        await vault.follow(ALICE, document, Period.HOURLY)
        clock.pass_by(hours=1.2)
        assert await run() == 1
        assert asked.count("/bees") == 4


async def test_a_page_that_is_gone_is_said_kept_asked_for_less_often_and_given_up(
    vault: KnowledgeVault, home: VaultId, clock: FixedClock
) -> None:
    site = Site({"/bees": BEES.format("Bees sleep at night.")})
    async with a_server(site) as (port, asked):
        pages = WebPages(vault, only_here(port))
        run = Round(vault, pages)
        added = await pages.add(ALICE, home, f"http://127.0.0.1:{port}/bees", period=Period.HOURLY)
        document = added.document.id
        await finish(vault, document)
        del site.pages["/bees"]
        waits = []
        for failures in range(1, MOST_FAILURES + 1):
            [listed] = await vault.list_documents(ALICE, home)
            assert listed.web_source is not None
            assert listed.web_source.next_at is not None
            waits.append(listed.web_source.next_at - clock.now())
            clock.pass_by(hours=waits[-1] / timedelta(hours=1))
            assert await run() == 1
            source = await source_of(vault, document)
            assert source.failures == failures
            assert source.problem is not None
            assert source.problem.title == "Page is gone"
            assert "stays and is searched" in source.problem.detail
        assert waits == sorted(waits)
        assert waits[-1] > 10 * waits[0]
        assert source.next_at is None
        assert "not fetched any more by itself after 6 tries" in source.problem.detail
        clock.pass_by(hours=24 * 365)
        assert await run() == 0
        assert (await vault.search(ALICE, [home], "bees")).passages

        with pytest.raises(PageUnavailable):  # by hand it is tried all the same
            await pages.synchronize(ALICE, document)
        again = (await vault.follow(ALICE, document, Period.WEEKLY)).web_source
        assert again is not None
        assert (again.failures, again.problem) == (0, None)
        assert again.next_at is not None
        site.pages["/bees"] = BEES.format("Bees are back.")
        clock.pass_by(hours=24 * 8)
        assert await run() == 1
        assert run.begun == [document]
        assert asked.count("/bees") == MOST_FAILURES + 3


async def test_a_program_that_asks_by_itself_keeps_to_the_sites_rules(
    vault: KnowledgeVault, home: VaultId, clock: FixedClock
) -> None:
    site = Site(
        {"/private/bees": BEES.format("Bees."), "/robots.txt": "User-agent: *\nDisallow: /private/\n"}
    )
    async with a_server(site) as (port, asked):
        pages = WebPages(vault, only_here(port))
        document = (await pages.add(ALICE, home, f"http://127.0.0.1:{port}/private/bees")).document.id
        await finish(vault, document)
        clock.pass_by(hours=48)
        assert await Round(vault, pages)() == 1
        assert asked.count("/private/bees") == 1
        problem = (await source_of(vault, document)).problem
        assert problem is not None
        assert "robots.txt" in problem.detail


async def test_a_page_whose_new_content_is_under_way_or_was_replaced_by_a_file_is_left_alone(
    vault: KnowledgeVault, home: VaultId, clock: FixedClock
) -> None:
    site = Site({"/bees": BEES.format("Bees.")})
    async with a_server(site) as (port, asked):
        pages = WebPages(vault, only_here(port))
        run = Round(vault, pages)
        document = (await pages.add(ALICE, home, f"http://127.0.0.1:{port}/bees")).document.id
        clock.pass_by(hours=48)
        assert await run() == 0, "it is not read yet"
        await finish(vault, document)
        file = await take_in(vault, home, "wasps.txt", "Wasps.")
        with pytest.raises(NotFound):
            await vault.follow(ALICE, file.id, Period.DAILY)

        async def by_hand() -> AsyncIterator[bytes]:
            yield b"Written by hand."

        await vault.replace_document(ALICE, document, content=by_hand(), name="bees.txt")
        await finish(vault, document)
        clock.pass_by(hours=48)
        assert await run() == 0
        assert (await vault.get_document(ALICE, document)).web_source is None
        assert asked.count("/bees") == 1


def test_pages_of_one_period_are_not_all_asked_for_at_once() -> None:
    now = FixedClock().now()
    moments = {next_time(now, DocumentId(f"{number:032x}"), Period.DAILY) for number in range(50)}
    assert len(moments) > 10
    assert all(moment and timedelta(hours=24) <= moment - now < timedelta(hours=27) for moment in moments)
