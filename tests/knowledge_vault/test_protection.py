"""What each protection level keeps: the same answers, nothing searchable at rest, and a change while all goes on."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge_vault.custody import Replacing
from knowledge_vault.errors import VaultFull
from knowledge_vault.index import segments
from knowledge_vault.index.segments import Row
from knowledge_vault.protection import PROMISES
from knowledge_vault.values import (
    DocumentId,
    PassageId,
    Protection,
    SealedLimits,
    SearchResult,
    Stage,
    Vault,
    VaultId,
)
from knowledge_vault.vault import KnowledgeVault
from knowledge_vault.words import Language
from tests.knowledge_vault.making import ALICE, files_under, open_vault, stream, take_in

QUESTIONS = ("when do bees sleep?", "who builds nests of paper", "drones of hive 7", "zebra")


async def a_filled_vault(vault: KnowledgeVault, protection: Protection, *, documents: int = 12) -> VaultId:
    home = (await vault.create_vault(ALICE, name="Insects", protection=protection)).id
    for number in range(documents):
        text = f"Bees of hive {number} sleep at night. Drones of hive {number} do not work. " * (20 + number)
        await take_in(vault, home, f"hive {number}.txt", text)
    await take_in(vault, home, "wasps.txt", "Wasps build nests of paper. A queen begins alone in spring.")
    return home


async def answers(vault: KnowledgeVault, home: VaultId) -> list[SearchResult]:
    return [await vault.search(ALICE, [home], question, limit=10) for question in QUESTIONS]


def names(found: Sequence[SearchResult]) -> list[list[tuple[str, int]]]:
    return [[(passage.document, passage.start) for passage in result.passages] for result in found]


SMALL = SealedLimits(segment_chunks=5)


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[KnowledgeVault]:
    async with open_vault(tmp_path, sealed=SMALL) as opened:
        yield opened


async def test_a_sealed_vault_gives_the_answers_of_a_standard_one(vault: KnowledgeVault) -> None:
    standard = await a_filled_vault(vault, Protection.STANDARD)
    sealed = await a_filled_vault(vault, Protection.SEALED)
    assert names(await answers(vault, sealed)) == names(await answers(vault, standard))
    for ours, theirs in zip(await answers(vault, sealed), await answers(vault, standard), strict=True):
        assert ours.relevance == theirs.relevance


async def test_nothing_that_could_be_searched_lies_at_rest_for_a_sealed_vault(tmp_path: Path) -> None:
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        home = await a_filled_vault(vault, Protection.SEALED)
        before = await answers(vault, home)
    assert files_under(tmp_path / "data" / "index") == []
    with sqlite3.connect(tmp_path / "data" / "qanat.db") as database:
        for table in ("vault_search_terms", "vault_search_totals"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM vault_segments").fetchone()[0] >= 3
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        assert names(await answers(vault, home)) == names(before)


async def test_deleting_a_document_destroys_the_segments_it_was_in(tmp_path: Path) -> None:
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        home = await a_filled_vault(vault, Protection.SEALED)
        named = {each.name: each for each in await vault.list_documents(ALICE, home)}
        doomed, spared = named["hive 0.txt"], named["wasps.txt"]
        held = _segments_of(tmp_path, doomed.id)
        assert held
        before = await vault.search(ALICE, [home], "bees of hive 0", limit=50)
        assert doomed.id in {passage.document_id for passage in before.passages}
        await vault.delete_document(ALICE, doomed.id)
        for key, sealed in held:
            for path in files_under(tmp_path / "data"):
                content = path.read_bytes()
                assert key not in content
                assert sealed[:200] not in content
        for _ in range(2):  # as it is in memory, and opened anew
            after = await vault.search(ALICE, [home], "bees of hive 0", limit=500)
            assert doomed.id not in {passage.document_id for passage in after.passages}
            found = await vault.search(ALICE, [home], "nests of paper")
            assert found.passages[0].document_id == spared.id
            vault._sealed.close_vault(home)
        assert len((await vault.search(ALICE, [home], "bees", limit=500)).passages) > 10


def _segments_of(folder: Path, document: str) -> list[tuple[bytes, bytes]]:
    with sqlite3.connect(folder / "data" / "qanat.db") as database:
        return database.execute(
            "SELECT s.sealed_key, s.sealed FROM vault_segments s JOIN vault_segment_documents d "
            "ON d.segment_id = s.id WHERE d.document_id = ?",
            [document],
        ).fetchall()


async def test_what_is_added_replaced_or_deleted_is_seen_by_an_open_sealed_vault(
    vault: KnowledgeVault,
) -> None:
    home = await a_filled_vault(vault, Protection.SEALED, documents=3)
    assert names(await answers(vault, home))[3][:1] != []
    zebra = await take_in(vault, home, "zebra.txt", "A zebra has stripes.")
    assert (await vault.search(ALICE, [home], "zebra")).passages[0].document_id == zebra.id
    assert (await vault.search(ALICE, [home], "zebra", within={zebra.id})).passages[0].text == (
        "A zebra has stripes."
    )
    await vault.delete_document(ALICE, zebra.id)
    found = await vault.search(ALICE, [home], "zebra", limit=500)
    assert zebra.id not in {passage.document_id for passage in found.passages}


async def test_a_damaged_segment_costs_nothing_but_time(tmp_path: Path) -> None:
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        home = await a_filled_vault(vault, Protection.SEALED)
        before = await answers(vault, home)
    with sqlite3.connect(tmp_path / "data" / "qanat.db") as database:
        for name, sealed in database.execute("SELECT id, sealed FROM vault_segments").fetchall():
            damaged = sealed[:100] + bytes([sealed[100] ^ 1]) + sealed[101:]
            database.execute("UPDATE vault_segments SET sealed = ? WHERE id = ?", [damaged, name])
    database.close()
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        assert names(await answers(vault, home)) == names(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [(Protection.STANDARD, Protection.SEALED), (Protection.SEALED, Protection.STANDARD)],
)
async def test_protection_changes_while_the_vault_goes_on_answering(
    tmp_path: Path, before: Protection, after: Protection
) -> None:
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        home = await a_filled_vault(vault, before)
        expected = names(await answers(vault, home))
        await vault.custody.protect(ALICE, home, after)
        while (building := (await vault.get_vault(ALICE, home)).reindexing) is not None:
            assert names(await answers(vault, home)) == expected
            assert 0.0 <= building.progress <= 1.0
        now = await vault.get_vault(ALICE, home)
        assert (now.protection, now.reindexing) == (after, None)
        assert names(await answers(vault, home)) == expected
    assert (files_under(tmp_path / "data" / "index") == []) == (after is Protection.SEALED)
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        assert names(await answers(vault, home)) == expected


@pytest.mark.parametrize("protection", list(Protection))
async def test_documents_that_come_and_go_while_it_is_indexed_anew_are_neither_lost_nor_kept(
    vault: KnowledgeVault, protection: Protection
) -> None:
    home = await a_filled_vault(vault, Protection.STANDARD, documents=6)
    [first, *_] = await vault.list_documents(ALICE, home)
    await vault.custody.protect(ALICE, home, protection)
    zebra, _ = await asyncio.gather(
        take_in(vault, home, "zebra.txt", "A zebra has stripes."), vault.delete_document(ALICE, first.id)
    )
    await vault.custody.wait(home)
    assert (await vault.get_vault(ALICE, home)).protection is protection
    assert (await vault.search(ALICE, [home], "zebra stripes")).passages[0].document_id == zebra.id
    found = await vault.search(ALICE, [home], "hive 0", limit=500)
    assert first.id not in {passage.document_id for passage in found.passages}
    other = (await vault.create_vault(ALICE, name="Other")).id
    for document in await vault.list_documents(ALICE, home):
        text = (await vault.document_text(ALICE, document.id)).text
        await take_in(vault, other, document.name, text)
    assert names(await answers(vault, home)) == names(await answers(vault, other))


@pytest.mark.parametrize("protection", list(Protection))
async def test_an_index_that_was_being_built_is_finished_after_a_restart(
    tmp_path: Path, protection: Protection
) -> None:
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        home = await a_filled_vault(vault, Protection.STANDARD)
        expected = names(await answers(vault, home))
        await vault.custody.protect(ALICE, home, protection)
        while not _is_building(tmp_path):
            await asyncio.sleep(0)
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        await vault.custody.wait(home)
        done = await vault.get_vault(ALICE, home)
        assert (done.protection, done.reindexing) == (protection, None)
        assert names(await answers(vault, home)) == expected


def _is_building(folder: Path) -> bool:
    with sqlite3.connect(folder / "data" / "qanat.db") as database:
        [row] = database.execute("SELECT next_search_version FROM vault_vaults").fetchall()
    return row[0] is not None


async def test_the_search_secret_of_a_sealed_vault_is_replaced_under_the_same_answers(tmp_path: Path) -> None:
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        home = await a_filled_vault(vault, Protection.SEALED)
        expected = names(await answers(vault, home))
        old = _segment_rows(tmp_path)
        for version in (2, 3):
            await vault.custody.rotate(ALICE, home, Replacing.SEARCH_SECRET)
            late, _ = await asyncio.gather(
                take_in(vault, home, f"{version}.txt", f"A zebra of {version} stripes."),
                vault.search(ALICE, [home], "zebra"),
            )
            await vault.custody.wait(home)
            state = await vault.custody.state(ALICE, home)
            assert (state.search_version, [each.problem for each in state.rotations]) == (version, [None])
            assert (await vault.search(ALICE, [home], "zebra stripes")).passages[0].document_id == late.id
            again = await vault.add_document(
                ALICE, home, name="again.txt", content=stream(f"A zebra of {version} stripes.".encode())
            )
            assert again.already_there
            await vault.delete_document(ALICE, late.id)
            assert names(await answers(vault, home)) == expected
        assert {row[1] for row in _segment_rows(tmp_path)} == {3}
        for key, _, sealed in old:
            for path in files_under(tmp_path / "data"):
                assert key not in (content := path.read_bytes())
                assert sealed[:200] not in content
    assert files_under(tmp_path / "data" / "index") == []
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        assert names(await answers(vault, home)) == expected


def _segment_rows(folder: Path) -> list[tuple[bytes, int, bytes]]:
    with sqlite3.connect(folder / "data" / "qanat.db") as database:
        return database.execute("SELECT sealed_key, search_version, sealed FROM vault_segments").fetchall()


async def test_a_sealed_vault_that_is_locked_while_its_search_secret_is_replaced_goes_on_once_unlocked(
    tmp_path: Path,
) -> None:
    async with open_vault(tmp_path, sealed=SMALL) as vault:
        home = await a_filled_vault(vault, Protection.SEALED, documents=4)
        expected = names(await answers(vault, home))
        await vault.custody.hold(ALICE, home, passphrase="a long enough passphrase", hours=1)
        await vault.custody.unlock(ALICE, home, hours=1, passphrase="a long enough passphrase")
        await vault.custody.rotate(ALICE, home, Replacing.SEARCH_SECRET)
        while not _is_building(tmp_path):
            await asyncio.sleep(0)
        await vault.custody.lock(ALICE, home)
        await vault.custody.wait(home)
        assert _is_building(tmp_path), "it waits for its owner"
        await vault.custody.unlock(ALICE, home, hours=1, passphrase="a long enough passphrase")
        await vault.custody.wait(home)
        assert not _is_building(tmp_path)
        assert names(await answers(vault, home)) == expected


@pytest.mark.parametrize(
    ("has", "first", "then", "restarted"),
    [
        (Protection.STANDARD, None, Protection.SEALED, False),
        (Protection.STANDARD, Protection.SEALED, Protection.STANDARD, False),
        (Protection.STANDARD, Protection.SEALED, Protection.STANDARD, True),
        (Protection.SEALED, None, Protection.SEALED, False),
        (Protection.SEALED, None, Protection.STANDARD, True),
        (Protection.SEALED, Protection.STANDARD, Protection.SEALED, False),
        (Protection.SEALED, Protection.STANDARD, Protection.SEALED, True),
    ],
)
async def test_the_protection_asked_for_last_is_the_one_a_vault_ends_with(
    tmp_path: Path, has: Protection, first: Protection | None, then: Protection, restarted: bool
) -> None:
    """`first`: what the index is being built anew for when `then` is asked for; None: a new secret."""
    async with open_vault(tmp_path, sealed=SealedLimits(segment_chunks=2)) as vault:
        home = await a_filled_vault(vault, has, documents=1)
        expected = names(await answers(vault, home))
        if first is None:
            await vault.custody.rotate(ALICE, home, Replacing.SEARCH_SECRET)
        else:
            await vault.custody.protect(ALICE, home, first)
        while not _is_building(tmp_path):
            await asyncio.sleep(0)
        if not restarted:
            await vault.custody.protect(ALICE, home, then)
            await vault.custody.wait(home)
    async with open_vault(tmp_path, sealed=SealedLimits(segment_chunks=2)) as vault:
        if restarted:
            await vault.custody.protect(ALICE, home, then)
            await vault.custody.wait(home)
        done = await vault.get_vault(ALICE, home)
        assert (done.protection, done.reindexing) == (then, None)
        assert names(await answers(vault, home)) == expected
        assert (files_under(tmp_path / "data" / "index") == []) == (then is Protection.SEALED)
        assert (_segment_rows(tmp_path) == []) == (then is Protection.STANDARD)


async def test_a_wiped_index_is_rebuilt_with_the_same_answers(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await a_filled_vault(vault, Protection.STANDARD)
        expected = names(await answers(vault, home))
    shutil.rmtree(tmp_path / "data" / "index")
    async with open_vault(tmp_path) as vault:
        assert names(await answers(vault, home)) == expected
        await vault.custody.rotate(ALICE, home, Replacing.SEARCH_SECRET)
        await vault.custody.wait(home)
        assert names(await answers(vault, home)) == expected


async def test_a_sealed_vault_says_when_it_is_full(tmp_path: Path) -> None:
    async with open_vault(tmp_path, sealed=SealedLimits(chunks=3)) as vault:
        home: Vault = await vault.create_vault(ALICE, name="Small", protection=Protection.SEALED)
        for number in range(3):
            await take_in(vault, home.id, f"{number}.txt", f"Bee number {number}.")
        late = await take_in(vault, home.id, "late.txt", "One bee too many.")
        assert late.stage is Stage.FAILED
        assert late.problem is not None
        assert "at most 3 passages" in late.problem.detail
        large = await a_filled_vault(vault, Protection.STANDARD, documents=5)
        with pytest.raises(VaultFull):
            await vault.custody.protect(ALICE, large, Protection.SEALED)
        assert (await vault.get_vault(ALICE, large)).reindexing is None


async def test_closing_a_sealed_vault_takes_it_out_of_memory(vault: KnowledgeVault) -> None:
    home = await a_filled_vault(vault, Protection.SEALED, documents=2)
    await answers(vault, home)
    assert vault._sealed.is_open(home)
    vault._sealed.close_vault(home)
    assert not vault._sealed.is_open(home)
    assert (await vault.search(ALICE, [home], "bees")).passages


def test_every_level_says_what_it_promises_and_what_not() -> None:
    assert {promise.protection for promise in PROMISES} == set(Protection)
    for promise in PROMISES:
        said = f"{promise.promise} {promise.index}".lower()
        assert "vectors are encrypted" not in said
        assert promise.does_not_protect_against
    assert "the search index is scrambled" in PROMISES[0].promise


def a_row(number: int, *, document: str, words: dict[int, int], vector: NDArray[np.float32]) -> Row:
    return Row(
        passage=PassageId(f"{number:032x}"),
        document=(DocumentId(document), 1),
        language=Language("english"),
        terms=np.fromiter(words, np.uint32, len(words)),
        counts=np.fromiter(words.values(), np.uint16, len(words)),
        vector=vector,
    )


def test_a_segment_comes_back_from_its_packed_form_and_finds_the_same() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((30, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [
        a_row(n, document=f"d{n // 10}", words={5: n + 1, 2**32 - 1: 1, 100 + n: 300}, vector=vectors[n])
        for n in range(30)
    ]
    made = segments.build(rows)
    back = segments.unpack(segments.pack(made))
    for each in (made, back):
        found = segments.nearest([each], vectors[17], limit=3, within=None)
        assert found[0][0] == rows[17].passage
        assert found[0][1] == pytest.approx(1.0, abs=2e-3)
        exact = sorted(range(30), key=lambda n: -float(vectors[n] @ vectors[17]))[:3]
        assert [name for name, _ in found] == [rows[n].passage for n in exact]
        assert segments.frequencies([each], [5, 2**32 - 1, 107, 7]) == {5: 30, 2**32 - 1: 30, 107: 1}
        assert segments.matching([each], {107: 1.0}, limit=9, within=None)[0][0] == rows[7].passage
        assert segments.matching([each], {107: 1.0}, limit=9, within=[DocumentId("d1")]) == []
        assert segments.chunk_and_word_counts([each])[Language("english")][0] == 30
        each.forget([(DocumentId("d0"), 1)])
        assert segments.frequencies([each], [5]) == {5: 20}
        assert segments.matching([each], {107: 1.0}, limit=9, within=None) == []
        assert len(segments.nearest([each], vectors[3], limit=30, within=None)) == 20
        assert not each.vectors[:10].any()


def test_segments_side_by_side_find_what_each_for_itself_finds() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((40, 16)).astype(np.float32)
    rows = [
        a_row(n, document=f"d{n // 10}", words={5: n + 1, 100 + n % 7: 2}, vector=vectors[n])
        for n in range(40)
    ]
    packed = [segments.pack(segments.build(rows[start : start + 10])) for start in (0, 10, 20)]
    room = np.empty((30, 16), np.float32)
    together = [segments.unpack(data, room[10 * n : 10 * n + 10]) for n, data in enumerate(packed)]
    apart = [segments.unpack(data) for data in packed]
    added_later = segments.build(rows[30:])
    for gone in ([], [DocumentId("d1")]):
        for each in (*together, *apart):
            each.forget([(document, 1) for document in gone])
        for within in (None, [DocumentId("d0"), DocumentId("d3")]):
            one = segments.nearest([*apart, added_later], vectors[3], limit=9, within=within)
            other = segments.nearest(
                [*together, added_later], vectors[3], limit=9, within=within, together=room
            )
            assert [name for name, _ in one] == [name for name, _ in other]
            assert one[0][0] == rows[3].passage
    hits = segments.matching([*together, added_later], {103: 2.0, 5: 1.0}, limit=40, within=None)
    assert [name for name, _ in hits[:4]] == [rows[n].passage for n in (38, 31, 24, 3)]
    assert len(hits) == 30
