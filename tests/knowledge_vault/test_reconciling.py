"""An index that is wiped, exchanged or damaged is noticed while the server runs, and no start waits for comparing."""

import asyncio
import shutil
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from knowledge_vault.errors import VaultUnavailable
from knowledge_vault.index.engine import Point
from knowledge_vault.index.memory import MemoryEngine
from knowledge_vault.values import PassageId, Stage, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, open_vault, take_in

TEXTS = [f"Hive {number} sleeps at night. Its queen is called Ada{number}." for number in range(6)]


async def fill(vault: KnowledgeVault) -> VaultId:
    home = (await vault.create_vault(ALICE, name="Bees")).id
    for number, text in enumerate(TEXTS):
        await take_in(vault, home, f"{number}.txt", text)
    return home


async def found(vault: KnowledgeVault, home: VaultId) -> list[str]:
    result = await vault.search(ALICE, [home], "which hive sleeps, and is its queen Ada3?", limit=50)
    return [passage.text for passage in result.passages]


class Gated(MemoryEngine):
    """Answers what it has, or takes what it is given, only once somebody opens the gate; says when one waits there."""

    def __init__(self) -> None:
        super().__init__()
        self.listing, self.adding = threading.Event(), threading.Event()
        self.listing.set()
        self.adding.set()
        self.waits = threading.Event()

    def ids(self, shard: VaultId) -> set[PassageId]:
        found = super().ids(shard)
        self.waits.set()
        assert self.listing.wait(20)
        return found

    def upsert(self, shard: VaultId, points: Sequence[Point]) -> None:
        self.waits.set()
        assert self.adding.wait(20)
        super().upsert(shard, points)


async def test_an_index_whose_folder_is_removed_under_a_running_server_comes_back(tmp_path: Path) -> None:
    index = tmp_path / "data" / "index"
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        before = await found(vault, home)
        assert len(before) == len(TEXTS)
        shutil.rmtree(index / home)
        assert await found(vault, home) == before
        shutil.rmtree(index / home)
        late = await take_in(vault, home, "late.txt", "Hive 7 sleeps too.")
        assert set(await found(vault, home)) == {*before, "Hive 7 sleeps too."}
        assert (await vault.search(ALICE, [home], "hive", within={late.id})).passages
    async with open_vault(tmp_path) as vault:
        assert set(await found(vault, home)) == {*before, "Hive 7 sleeps too."}


async def test_an_index_exchanged_for_an_older_one_under_a_running_server_is_noticed(tmp_path: Path) -> None:
    index = tmp_path / "data" / "index"
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
    shutil.copytree(index / home, tmp_path / "older")
    async with open_vault(tmp_path) as vault:
        await take_in(vault, home, "late.txt", "Hive 7 sleeps too.")
        before = await found(vault, home)
        shutil.rmtree(index / home)
        shutil.move(tmp_path / "older", index / home)
        assert await found(vault, home) == before


async def test_points_that_are_lost_one_by_one_are_noticed(tmp_path: Path) -> None:
    engine = MemoryEngine()
    async with open_vault(tmp_path, engine=engine) as vault:
        home = await fill(vault)
        before = await found(vault, home)
        engine.delete(home, list(engine.ids(home))[:1])
        assert await found(vault, home) == before
        assert engine.count(home) == len(TEXTS)


async def test_an_index_that_cannot_be_read_is_built_again(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        before = await found(vault, home)
        other = await fill(vault)
    for shard in (home, other):
        (tmp_path / "data" / "index" / shard / "edge_config.json").write_text("{")
    async with open_vault(tmp_path) as vault:
        assert await found(vault, home) == before
        await vault._reconciler.wait()
        assert len(await found(vault, other)) == len(TEXTS)


async def test_a_search_says_that_the_index_is_being_rebuilt_rather_than_find_nothing(tmp_path: Path) -> None:
    engine = Gated()
    async with open_vault(tmp_path, engine=engine) as vault:
        home = await fill(vault)
        before = await found(vault, home)
        engine.drop(home)
        engine.adding.clear()
        vault._reconciler.patience_s = 0.05
        with pytest.raises(VaultUnavailable, match=r"being rebuilt: 0 of 6 missing passages"):
            await found(vault, home)
        engine.adding.set()
        vault._reconciler.patience_s = 20.0
        assert await found(vault, home) == before


async def test_a_start_waits_for_no_comparison_and_a_search_for_its_own(tmp_path: Path) -> None:
    engine = Gated()
    async with open_vault(tmp_path, engine=engine) as vault:
        home = await fill(vault)
        before = await found(vault, home)
    engine.drop(home)
    engine.listing.clear()
    async with open_vault(tmp_path, engine=engine) as vault:
        assert (await vault.stats()).vaults_to_compare == 1
        asked = asyncio.create_task(found(vault, home))
        assert await asyncio.to_thread(engine.waits.wait, 20)
        assert not asked.done()
        engine.listing.set()
        assert await asked == before
        await vault._reconciler.wait()
        assert (await vault.stats()).vaults_to_compare == 0


async def test_a_document_that_arrives_while_an_index_is_compared_stays_in_it(tmp_path: Path) -> None:
    engine = Gated()
    async with open_vault(tmp_path, engine=engine) as vault:
        home = await fill(vault)
        engine.waits.clear()
        engine.listing.clear()
        comparing = asyncio.create_task(vault._reconciler.repair(ALICE, home))
        assert await asyncio.to_thread(engine.waits.wait, 20)
        arriving = asyncio.create_task(take_in(vault, home, "late.txt", "Hive 7 sleeps too."))
        while not any(
            document.name == "late.txt" and document.stage is Stage.EMBEDDED
            for document in await vault.list_documents(ALICE, home)
        ):
            assert not arriving.done(), "it waits for the comparison"
        engine.listing.set()
        await asyncio.gather(comparing, arriving)
        assert "Hive 7 sleeps too." in await found(vault, home)
        assert engine.count(home) == len(TEXTS) + 1


class Failing(MemoryEngine):
    """A server that is down until it is not."""

    is_down = True

    def shards(self) -> set[VaultId]:
        self._answer()
        return super().shards()

    def ids(self, shard: VaultId) -> set[PassageId]:
        self._answer()
        return super().ids(shard)

    def delete(self, shard: VaultId, ids: Collection[PassageId]) -> None:
        self._answer()
        super().delete(shard, ids)

    def _answer(self) -> None:
        if self.is_down:
            raise VaultUnavailable("The index is down.")


async def test_an_index_that_does_not_answer_keeps_nothing_from_starting(tmp_path: Path) -> None:
    engine = Failing()
    engine.is_down = False
    async with open_vault(tmp_path, engine=engine) as vault:
        home = await fill(vault)
        before = await found(vault, home)
    engine.is_down = True
    async with open_vault(tmp_path, engine=engine) as vault:
        assert len(await vault.list_documents(ALICE, home)) == len(TEXTS)
        with pytest.raises(VaultUnavailable, match="down"):
            await found(vault, home)
        assert engine.count(home) == len(TEXTS), "nothing is thrown away because it did not answer"
        engine.is_down = False
        assert await found(vault, home) == before
