"""No index, however wrong, hands one person's words to another."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge_vault.errors import NotFound, VaultUnavailable
from knowledge_vault.index.edge import EdgeEngine
from knowledge_vault.index.engine import Hits
from knowledge_vault.index.memory import MemoryEngine
from knowledge_vault.values import PassageId, Protection, VaultId
from tests.knowledge_vault.making import ALICE, BOB, open_vault, take_in
from tests.knowledge_vault.test_at_rest import CANARY, assert_unreadable


class LyingEngine(MemoryEngine):
    """Forgets every filter: whoever asks gets the points of all."""

    def nearest(
        self, shard: VaultId, vector: NDArray[np.float32], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        return [(point, 1.0) for each in self.shards() for point in self.ids(each)]

    def matching(
        self, shard: VaultId, weights: Mapping[int, float], *, limit: int, within: Collection[str] | None
    ) -> Hits:
        return [(point, 9.0) for each in self.shards() for point in self.ids(each)] + [
            (PassageId("f" * 32), 9.0)
        ]


async def test_an_index_that_forgets_every_filter_hands_out_nothing_of_others(tmp_path: Path) -> None:
    async with open_vault(tmp_path, engine=LyingEngine()) as vault:
        hers = (await vault.create_vault(ALICE, name="Alice's")).id
        other = (await vault.create_vault(ALICE, name="Alice's other")).id
        his = (await vault.create_vault(BOB, name="Bob's")).id
        secret = await take_in(vault, hers, "secret.txt", "The safe opens with Albatross.")
        elsewhere = await take_in(vault, other, "other.txt", "The safe is in the cellar.")
        await take_in(vault, his, "his.txt", "Bob keeps bees, and no safe.", tenant=BOB)
        for question in ("what opens the safe?", "bees"):
            found = await vault.search(BOB, [his], question, limit=50)
            assert {passage.vault_id for passage in found.passages} == {his}
            found = await vault.search(ALICE, [hers], question, limit=50)
            assert {passage.document_id for passage in found.passages} == {secret.id}
            found = await vault.search(ALICE, [hers, other], question, limit=50, within={elsewhere.id})
            assert {passage.document_id for passage in found.passages} <= {elsewhere.id}


@pytest.mark.parametrize("protection", Protection)
async def test_a_small_vault_is_compared_whole_and_gives_what_its_index_gives(
    tmp_path: Path, protection: Protection
) -> None:
    async with open_vault(tmp_path) as vault:
        hers = (await vault.create_vault(ALICE, name="Alice's", protection=protection)).id
        his = (await vault.create_vault(BOB, name="Bob's")).id
        secret = await take_in(vault, hers, "secret.txt", "The safe opens with Albatross.")
        await take_in(vault, hers, "cellar.txt", "The safe is in the cellar. " * 200)
        await take_in(vault, his, "his.txt", "Bob keeps bees, and no safe.", tenant=BOB)
        questions = ("what opens the safe?", "bees", "Wo steht der Tresor?")
        by_index = [await vault.search(ALICE, [hers], question, limit=50) for question in questions]
    async with open_vault(tmp_path, engine=LyingEngine(), whole_up_to=150) as vault:
        whole = [await vault.search(ALICE, [hers], question, limit=50) for question in questions]
        assert whole == by_index
        found = await vault.search(ALICE, [hers], questions[0], limit=50, within={secret.id})
        assert {passage.document_id for passage in found.passages} == {secret.id}
        with pytest.raises(NotFound):
            await vault.search(BOB, [hers], questions[0])


async def test_a_sealed_vault_leaves_no_word_on_the_disk(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name=CANARY, protection=Protection.SEALED)).id
        document = await take_in(vault, home, f"{CANARY}.txt", f"The {CANARY} is planted here. " * 900)
        assert CANARY in (await vault.search(ALICE, [home], f"where is the {CANARY}?")).passages[0].text
        await vault._sealed.compact((await vault._vaults.keys(ALICE, home)).search)
        assert_unreadable(tmp_path / "data")
        await vault.custody.protect(ALICE, home, Protection.STANDARD)
        await vault.custody.wait(home)
        assert_unreadable(tmp_path / "data")
        await vault.delete_document(ALICE, document.id)
    assert_unreadable(tmp_path / "data")


def test_a_closed_index_says_so_in_plain_words(tmp_path: Path) -> None:
    engine = EdgeEngine(tmp_path / "index", dimension=8)
    engine.close()
    with pytest.raises(VaultUnavailable, match="closed"):
        engine.ids(VaultId("0" * 32))
