"""What is shown of what was found: no copies, neighbours in one piece, and an account of the rest."""

from knowledge_vault.values import Left, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, take_in

SENTENCES = [
    f"In year {1900 + number} the keeper {name} counted {number * 37} hives on the northern slope of the hill."
    for number, name in enumerate(["Ada", "Berta", "Cora", "Dora", "Edda", "Frida", "Gerda", "Hanna"] * 8)
]


async def test_the_same_words_in_two_documents_are_one_passage_that_names_both(
    vault: KnowledgeVault, home: VaultId
) -> None:
    text = "Varroa mites are treated with oxalic acid in December, when no brood is left."
    await take_in(vault, home, "advice.txt", text)
    await take_in(vault, home, "copy.txt", text + "\n")
    await take_in(vault, home, "honey.txt", "Honey keeps for thousands of years.")
    found = await vault.search(ALICE, [home], "When are varroa mites treated?", limit=2)
    first, second = found.passages
    assert {first.document, *(place.document for place in first.also_in)} == {"advice.txt", "copy.txt"}
    assert second.document == "honey.txt"
    [copy] = [left for left in found.left_out if left.why is Left.COPY]
    assert copy.into == first.passage_id


async def test_reports_that_differ_in_one_number_stay_apart(vault: KnowledgeVault, home: VaultId) -> None:
    for number in (11, 12):
        await take_in(
            vault,
            home,
            f"{number}.txt",
            "The inspection of the apiary on the hill found that the colonies were strong, healthy and calm, "
            f"that the frames were full of brood and honey, and that {number} hives had no queen at all.",
        )
    found = await vault.search(ALICE, [home], "How many hives had no queen?")
    assert len(found.passages) == 2
    assert not any(passage.also_in for passage in found.passages)


async def test_neighbours_that_are_both_found_become_one_passage_of_the_documents_own_words(
    vault: KnowledgeVault, home: VaultId
) -> None:
    document = await take_in(vault, home, "counts.txt", " ".join(SENTENCES))
    chunks = await vault.chunks(ALICE, document.id)
    assert len(chunks) > 2
    found = await vault.search(ALICE, [home], "How many hives did the keeper count?", limit=8)
    text = (await vault.document_text(ALICE, document.id)).text
    assert max(passage.joined for passage in found.passages) > 1
    for passage in found.passages:
        assert text[passage.start : passage.end] == passage.text
    assert sum(passage.joined for passage in found.passages) == len(chunks)
    assert sum(left.why is Left.JOINED for left in found.left_out) == len(chunks) - len(found.passages)


async def test_what_did_not_make_it_is_told_with_its_ranks(vault: KnowledgeVault, home: VaultId) -> None:
    for number, sentence in enumerate(SENTENCES[:5]):
        await take_in(vault, home, f"{number}.txt", sentence)
    found = await vault.search(ALICE, [home], "How many hives did Cora count?", limit=1)
    assert len(found.passages) == 1
    assert [left.why for left in found.left_out] == [Left.BELOW] * 4
    assert [left.ranks.fused for left in found.left_out] == [2, 3, 4, 5]


async def test_a_passage_brings_the_section_around_it_when_asked(
    vault: KnowledgeVault, home: VaultId
) -> None:
    text = (
        "# Bees\n\n## Dancing\n\nBees dance on the comb.\n\n## Winter\n\nThey eat fifteen kilograms of honey."
    )
    document = await take_in(vault, home, "bees.md", text)
    plain = await vault.search(ALICE, [home], "What do bees eat in winter?")
    assert all(passage.section is None for passage in plain.passages)
    found = await vault.search(ALICE, [home], "What do bees eat in winter?", sections=True)
    whole = (await vault.document_text(ALICE, document.id)).text
    for passage in found.passages:
        assert passage.section == whole[passage.parent_start : passage.parent_end]
        assert passage.text in passage.section
