"""A search looks only at the documents one asks for, and tags are sealed like everything else one wrote."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from knowledge_vault.errors import NotFound
from knowledge_vault.filtering import plain
from knowledge_vault.values import DocumentId, Filters, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, BOB, FixedClock, files_under, open_vault, stream, take_in

QUESTION = "When are varroa mites treated?"


async def three(vault: KnowledgeVault, home: VaultId) -> dict[str, DocumentId]:
    texts = {
        "advice.txt": "Varroa mites are treated in December.",
        "advice.md": "# Mites\n\nVarroa mites are treated with acid.",
        "old.txt": "Formerly varroa mites were not treated at all.",
    }
    return {name: (await take_in(vault, home, name, text)).id for name, text in texts.items()}


async def found(vault: KnowledgeVault, home: VaultId, filters: Filters) -> set[str]:
    result = await vault.search(ALICE, [home], QUESTION, filters=filters)
    return {passage.document for passage in result.passages}


async def test_only_documents_with_all_the_tags_are_searched(vault: KnowledgeVault, home: VaultId) -> None:
    ids = await three(vault, home)
    tagged = await vault.tag_document(ALICE, ids["advice.txt"], [" Mites ", "winter", "MITES", ""])
    assert tagged.tags == ("Mites", "winter")
    await vault.tag_document(ALICE, ids["old.txt"], ["mites"])
    assert await found(vault, home, Filters(tags=["mites"])) == {"advice.txt", "old.txt"}
    assert await found(vault, home, Filters(tags=["mites", "Winter"])) == {"advice.txt"}
    assert await found(vault, home, Filters(tags=["unheard of"])) == set()
    await vault.tag_document(ALICE, ids["advice.txt"], [])
    assert await found(vault, home, Filters(tags=["mites"])) == {"old.txt"}


async def test_only_the_kinds_names_and_dates_asked_for_are_searched(
    vault: KnowledgeVault, home: VaultId
) -> None:
    ids = await three(vault, home)
    assert await found(vault, home, Filters(types=["md"])) == {"advice.md"}
    assert await found(vault, home, Filters(types=[".TXT"])) == {"advice.txt", "old.txt"}
    assert await found(vault, home, Filters(types=["text/markdown"])) == {"advice.md"}
    assert await found(vault, home, Filters(documents=["OLD.txt"])) == {"old.txt"}
    assert await found(vault, home, Filters(documents=[ids["advice.md"]])) == {"advice.md"}
    assert await found(vault, home, Filters(documents=["nowhere.txt"])) == set()
    now = FixedClock().now()
    assert len(await found(vault, home, Filters(added_after=now))) == 3
    assert await found(vault, home, Filters(added_before=now)) == set()
    assert await found(vault, home, Filters(added_after=now + timedelta(days=1))) == set()
    both = Filters(types=["txt"], documents=["advice.txt", "advice.md"])
    assert await found(vault, home, both) == {"advice.txt"}
    assert await found(vault, home, replace(both, types=["pdf"])) == set()


async def test_a_replaced_document_keeps_its_tags(vault: KnowledgeVault, home: VaultId) -> None:
    ids = await three(vault, home)
    await vault.tag_document(ALICE, ids["old.txt"], ["mites"])
    await vault.replace_document(ALICE, ids["old.txt"], content=stream(b"Varroa mites are treated twice."))
    await vault.parse(ALICE, ids["old.txt"])
    await vault.index(ALICE, ids["old.txt"])
    assert (await vault.get_document(ALICE, ids["old.txt"])).tags == ("mites",)
    [passage] = (await vault.search(ALICE, [home], QUESTION, filters=Filters(tags=["mites"]))).passages
    assert passage.text == "Varroa mites are treated twice."


async def test_a_tag_given_during_a_replacement_stays(vault: KnowledgeVault, home: VaultId) -> None:
    ids = await three(vault, home)
    await vault.replace_document(ALICE, ids["old.txt"], content=stream(b"Varroa mites are treated twice."))
    await vault.tag_document(ALICE, ids["old.txt"], ["mites"])
    await vault.parse(ALICE, ids["old.txt"])
    await vault.index(ALICE, ids["old.txt"])
    assert (await vault.get_document(ALICE, ids["old.txt"])).tags == ("mites",)


async def test_tags_are_not_readable_at_rest_and_nobody_elses_to_change(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        document = await take_in(vault, home, "a.txt", "Bees dance.")
        await vault.tag_document(ALICE, document.id, ["quicksilver"])
        with pytest.raises(NotFound):
            await vault.tag_document(BOB, document.id, ["mine"])
    assert not any(b"quicksilver" in path.read_bytes() for path in files_under(tmp_path))


def test_tags_are_told_apart_by_their_letters_only() -> None:
    assert plain(["b", "A", " a", "a  b", "", "  "]) == ("A", "a b", "b")
