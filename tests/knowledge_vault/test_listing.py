"""A vault with any number of documents is listed a page at a time, by what its owner looks for."""

from datetime import timedelta
from pathlib import Path

import pytest

from knowledge_vault.errors import NotFound
from knowledge_vault.values import DocumentId, Listing, Stage, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, BOB, FixedClock, open_vault, stream, take_in


async def five(vault: KnowledgeVault, home: VaultId, clock: FixedClock) -> dict[str, DocumentId]:
    ids = {}
    for name in ("Bees.txt", "wasps.md", "Honey Bees.md", "ants.txt", "straße.txt"):
        added = await vault.add_document(ALICE, home, name=name, content=stream(name.encode()))
        ids[name] = added.document.id
        clock.moment += timedelta(minutes=1)
    return ids


async def names(vault: KnowledgeVault, home: VaultId, listing: Listing) -> list[str]:
    return [each.name for each in (await vault.page_of_documents(ALICE, home, listing)).documents]


async def test_pages_follow_each_other_newest_first(tmp_path: Path) -> None:
    clock = FixedClock()
    async with open_vault(tmp_path, clock=clock) as vault:
        home = (await vault.create_vault(ALICE, name="Insects")).id
        await five(vault, home, clock)
        first = await vault.page_of_documents(ALICE, home, Listing(limit=2))
        assert [each.name for each in first.documents] == ["straße.txt", "ants.txt"]
        assert (first.total_count, first.under_way_count) == (5, 5)
        assert await names(vault, home, Listing(limit=2, offset=4)) == ["Bees.txt"]
        assert await names(vault, home, Listing(limit=2, offset=6)) == []


async def test_documents_are_listed_by_part_of_a_name_kind_tags_and_stage(tmp_path: Path) -> None:
    clock = FixedClock()
    async with open_vault(tmp_path, clock=clock) as vault:
        home = (await vault.create_vault(ALICE, name="Insects")).id
        ids = await five(vault, home, clock)
        assert await names(vault, home, Listing(name=" BEES")) == ["Honey Bees.md", "Bees.txt"]
        assert await names(vault, home, Listing(name="strasse")) == ["straße.txt"]
        assert await names(vault, home, Listing(name="bees", types=["md"])) == ["Honey Bees.md"]
        page = await vault.page_of_documents(ALICE, home, Listing(name="bees", offset=1, limit=1))
        assert ([each.name for each in page.documents], page.total_count) == (["Bees.txt"], 2)

        await vault.tag_document(ALICE, ids["Bees.txt"], ["garden", "sweet"])
        await vault.tag_document(ALICE, ids["Honey Bees.md"], ["Sweet"])
        assert await names(vault, home, Listing(tags=["SWEET"])) == ["Honey Bees.md", "Bees.txt"]
        assert await names(vault, home, Listing(tags=["sweet", "garden"])) == ["Bees.txt"]
        assert await names(vault, home, Listing(tags=["sour"])) == []

        await vault.cancel(ALICE, ids["ants.txt"])
        assert await names(vault, home, Listing(stages=[Stage.CANCELLED])) == ["ants.txt"]
        assert "ants.txt" not in await names(vault, home, Listing(stages=[Stage.SEALED]))


async def test_a_document_that_is_being_replaced_is_listed_as_ready_and_as_under_way(
    vault: KnowledgeVault, home: VaultId
) -> None:
    document = await take_in(vault, home, "bees.txt", "Bees dance.")
    await vault.replace_document(ALICE, document.id, content=stream(b"Bees sleep."))
    for stage in (Stage.ACTIVE, Stage.SEALED):
        [listed] = (await vault.page_of_documents(ALICE, home, Listing(stages=[stage]))).documents
        assert listed.replacement is not None
    assert await vault.under_way(ALICE, home) == {document.id}


async def test_tags_and_kinds_in_use_are_told_with_how_many_documents_have_them(tmp_path: Path) -> None:
    clock = FixedClock()
    async with open_vault(tmp_path, clock=clock) as vault:
        home = (await vault.create_vault(ALICE, name="Insects")).id
        ids = await five(vault, home, clock)
        await vault.tag_document(ALICE, ids["Bees.txt"], ["garden", "Sweet"])
        await vault.tag_document(ALICE, ids["wasps.md"], ["garden"])
        contents = await vault.contents(ALICE, home)
        assert dict(contents.tags) == {"garden": 2, "Sweet": 1}
        assert dict(contents.types) == {"text/plain": 3, "text/markdown": 2}
        await vault.delete_document(ALICE, ids["Bees.txt"])
        assert dict((await vault.contents(ALICE, home)).tags) == {"garden": 1}


async def test_nothing_of_somebody_elses_vault_is_listed(vault: KnowledgeVault, home: VaultId) -> None:
    await vault.add_document(ALICE, home, name="bees.txt", content=stream(b"Bees dance."))
    with pytest.raises(NotFound):
        await vault.page_of_documents(BOB, home, Listing())
    with pytest.raises(NotFound):
        await vault.contents(BOB, home)
    with pytest.raises(NotFound):
        await vault.under_way(BOB, home)
