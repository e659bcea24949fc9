"""Keys are replaced under a vault that goes on: nothing is lost, nothing waits, and old keys open nothing any more."""

import asyncio
import random
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from knowledge_vault.custody import Replacing
from knowledge_vault.errors import NotFound, SealBroken
from knowledge_vault.index.memory import MemoryEngine
from knowledge_vault.keys.tree import VaultKey
from knowledge_vault.tables import document_keys, search_terms, vaults
from knowledge_vault.values import DocumentId, Stage, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, BOB, open_vault, stream, take_in

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    f"Hive {number} sleeps at night. The queen of hive {number} is called Ada{number}."
    for number in range(12)
]
QUESTIONS = ["which hive sleeps?", "who is the queen Ada7?", "hive 3 at night"]


def fresh_home(folder: Path) -> Path:
    path = folder / "fresh"
    path.mkdir()
    return path


async def fill(vault: KnowledgeVault) -> VaultId:
    home = (await vault.create_vault(ALICE, name="Bees", description="All about bees")).id
    for number, text in enumerate(TEXTS):
        await take_in(vault, home, f"{number}.txt", text)
    return home


async def named(vault: KnowledgeVault, home: VaultId, name: str) -> DocumentId:
    return next(each.id for each in await vault.list_documents(ALICE, home) if each.name == name)


async def answers(vault: KnowledgeVault, home: VaultId) -> list[list[tuple[str, float]]]:
    return [
        [
            (passage.text, round(passage.score, 6))
            for passage in (await vault.search(ALICE, [home], question, limit=5)).passages
        ]
        for question in QUESTIONS
    ]


async def replace(vault: KnowledgeVault, home: VaultId, what: Replacing) -> None:
    await vault.custody.rotate(ALICE, home, what)
    await vault.custody.wait(home)
    state = await vault.custody.state(ALICE, home)
    assert [rotation.problem for rotation in state.rotations] == [None] * len(state.rotations)
    assert not any(rotation.is_under_way for rotation in state.rotations)


@pytest.mark.parametrize("what", list(Replacing))
async def test_a_vault_answers_alike_before_and_after_its_keys_are_replaced(
    tmp_path: Path, what: Replacing
) -> None:
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        before = await answers(vault, home)
        for times in (2, 3):
            await replace(vault, home, what)
            assert await answers(vault, home) == before
            state = await vault.custody.state(ALICE, home)
            version = state.key_version if what is Replacing.VAULT_KEY else state.search_version
            assert version == times
        new = await take_in(vault, home, "new.txt", "A wasp called Zoe.")
        assert new.stage is Stage.ACTIVE
        await vault.delete_document(ALICE, await named(vault, home, "0.txt"))
    async with open_vault(tmp_path) as vault:
        found = await vault.search(ALICE, [home], "the wasp Zoe")
        assert found.passages[0].text == "A wasp called Zoe."
        assert all("Ada0" not in passage.text for passage in found.passages)
        assert (await vault.get_vault(ALICE, home)).name == "Bees"
        assert len(list((tmp_path / "data" / "index").iterdir())) == 1, "the shard before is gone"


async def test_a_replaced_vault_key_opens_nothing_any_more(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        old = (await vault._vaults.keys(ALICE, home)).vault_key
        await replace(vault, home, Replacing.VAULT_KEY)
        async with vault._database.reading() as connection:
            rows = (await connection.execute(select(document_keys))).all()
            row = (await connection.execute(select(vaults))).one()
        assert row.sealed_previous_key is None
        assert {each.key_version for each in rows} == {2}
        for each in rows:
            for version in (1, 2):
                stale = VaultKey(old.secret, ALICE, home, version)
                with pytest.raises(SealBroken):
                    stale.open_data_key(each.sealed_key, DocumentId(each.document_id), each.version)


async def test_a_replaced_search_secret_shares_no_word_or_vector_with_the_new_index(tmp_path: Path) -> None:
    engine = MemoryEngine()
    async with open_vault(tmp_path, engine=engine) as vault:
        home = await fill(vault)
        async with vault._database.reading() as connection:
            before = set((await connection.execute(select(search_terms.c.term))).scalars())
        await replace(vault, home, Replacing.SEARCH_SECRET)
        async with vault._database.reading() as connection:
            after = set((await connection.execute(select(search_terms.c.term))).scalars())
        assert len(before) == len(after)
        assert not before & after
        assert engine.shards() == await vault._vaults.shards()


async def test_a_file_that_is_there_is_recognised_after_the_search_secret_is_replaced(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        await replace(vault, home, Replacing.SEARCH_SECRET)
        added = await vault.add_document(ALICE, home, name="again.txt", content=stream(TEXTS[4].encode()))
        assert added.already_there


async def test_documents_come_and_go_while_the_index_is_built_anew(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        first = await named(vault, home, "0.txt")

        async def arriving() -> None:
            for number in range(6):
                await take_in(vault, home, f"late-{number}.txt", f"Wasp {number} arrives late.")
            await vault.delete_document(ALICE, first)

        async def asking() -> None:
            while vault.custody._tasks:
                found = await vault.search(ALICE, [home], "who is the queen Ada7?")
                assert "Ada7" in found.passages[0].text
                await asyncio.sleep(0)

        for what in (Replacing.SEARCH_SECRET, Replacing.VAULT_KEY, Replacing.SEARCH_SECRET):
            await vault.custody.rotate(ALICE, home, what)
        await asyncio.gather(arriving(), asking())
        await vault.custody.wait(home)
        after = await answers(vault, home)
        found = await vault.search(ALICE, [home], "the late wasp 5")
        assert found.passages[0].text == "Wasp 5 arrives late."
    async with open_vault(fresh_home(tmp_path)) as fresh:
        home_again = await fill(fresh)
        for number in range(6):
            await take_in(fresh, home_again, f"late-{number}.txt", f"Wasp {number} arrives late.")
        await fresh.delete_document(ALICE, await named(fresh, home_again, "0.txt"))
        assert sorted(map(sorted, await answers(fresh, home_again))) == sorted(map(sorted, after))


async def test_nobody_replaces_the_keys_of_anothers_vault(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        for what in Replacing:
            with pytest.raises(NotFound):
                await vault.custody.rotate(BOB, home, what)
        with pytest.raises(NotFound):
            await vault.custody.state(BOB, home)


PROGRAM = """
import asyncio, sys
from pathlib import Path
from knowledge_vault.custody import Replacing
from knowledge_vault.values import VaultId
from tests.knowledge_vault.making import ALICE, open_vault

async def main(home, vault_id):
    async with open_vault(Path(home)) as vault:
        print("open", flush=True)
        for _ in range(1000):
            for what in Replacing:
                await vault.custody.rotate(ALICE, VaultId(vault_id), what)
            await vault.custody.wait(VaultId(vault_id))
            print("replaced", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("seed", range(4))
async def test_a_killed_replacement_is_gone_on_with_and_loses_nothing(tmp_path: Path, seed: int) -> None:
    async with open_vault(tmp_path) as vault:
        home = await fill(vault)
        before = await answers(vault, home)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(tmp_path), home), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert (await child.stdout.readline()).strip() == b"open"
    await asyncio.sleep(random.Random(seed).uniform(0.02, 0.8))  # the moment of the kill is the thing varied
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    async with open_vault(tmp_path) as vault:
        assert await answers(vault, home) == before, "found at once, before the replacement is finished"
        await vault.custody.wait(home)
        async with vault._database.reading() as connection:
            row = (await connection.execute(select(vaults))).one()
            versions = set((await connection.execute(select(document_keys.c.key_version))).scalars())
        assert (row.previous_key_version, row.next_search_version) == (None, None)
        assert versions == {row.key_version}
        assert await answers(vault, home) == before
        for document in await vault.list_documents(ALICE, home):
            assert (await vault.document_text(ALICE, document.id)).text in TEXTS
