"""What people may rely on when they hand over a document: found, cited to the character, theirs alone, and gone."""

import asyncio
from collections.abc import AsyncIterable, Callable
from pathlib import Path

import pytest

from knowledge_vault.errors import (
    DocumentEmpty,
    DocumentKindUnknown,
    DocumentTooLarge,
    NotFound,
    SealBroken,
)
from knowledge_vault.index.memory import MemoryEngine
from knowledge_vault.parsing.kinds import Kind
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.values import ChunkSizes, DocumentId, Limits, PassageId, Stage, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import (
    ALICE,
    BOB,
    a_docx,
    a_locked_pdf,
    a_pdf,
    a_zip,
    files_under,
    open_vault,
    stream,
    take_in,
)

BEES = "Bees dance to show the way. Bees sleep at night in the hive. Drones do not work."
WASPS = "Wasps build nests of paper. A queen begins the nest alone in spring."


async def test_a_citation_leads_back_to_the_exact_words(vault: KnowledgeVault, home: VaultId) -> None:
    pages = ["Bees dance.\nBees sleep at night.", "Wasps build nests of paper."]
    document = await take_in(vault, home, "insects.pdf", a_pdf(*pages))
    assert (document.stage, document.progress, document.page_count) == (Stage.ACTIVE, 1.0, 2)
    found = await vault.search(ALICE, [home], "when do bees sleep?")
    text = await vault.document_text(ALICE, document.id)
    for passage in found.passages:
        assert text.text[passage.start : passage.end] == passage.text
        assert (passage.document_id, passage.document, passage.vault_id) == (document.id, "insects.pdf", home)
    assert "sleep at night" in found.passages[0].text
    assert found.passages[0].page == 1


async def test_the_best_passage_comes_first_with_the_rank_of_each_stage(
    vault: KnowledgeVault, home: VaultId
) -> None:
    await take_in(vault, home, "bees.txt", BEES)
    await take_in(vault, home, "wasps.txt", WASPS)
    found = await vault.search(ALICE, [home], "who builds a nest of paper?")
    best = found.passages[0]
    assert best.document == "wasps.txt"
    assert best.ranks is not None
    assert (best.ranks.keyword, best.ranks.vector, best.ranks.fused) == (1, 1, 1)
    assert best.similarity > found.passages[1].similarity
    assert best.score > found.passages[1].score
    assert found.relevance.coverage > 0.5
    assert len((await vault.search(ALICE, [home], "nest", limit=1)).passages) == 1


async def test_chunks_carry_their_headings(vault: KnowledgeVault, home: VaultId) -> None:
    document = await take_in(vault, home, "hives.docx", a_docx("Hives", "Bees live in hives. " * 30))
    chunks = await vault.chunks(ALICE, document.id)
    assert {chunk.heading for chunk in chunks} == {"Hives"}
    found = await vault.passages_by_id(ALICE, [chunks[0].passage_id, PassageId("0" * 32)])
    assert [passage.text for passage in found] == [chunks[0].text]
    assert found[0].ranks is None


async def test_several_vaults_are_searched_as_one(vault: KnowledgeVault, home: VaultId) -> None:
    other = (await vault.create_vault(ALICE, name="Wasps")).id
    await take_in(vault, home, "bees.txt", BEES)
    await take_in(vault, other, "wasps.txt", WASPS)
    found = await vault.search(ALICE, [home, other], "a nest of paper in spring")
    assert [passage.vault_id for passage in found.passages] == [other, home]
    assert [p.vault_id for p in (await vault.search(ALICE, [home], "nest of paper")).passages] == [home]


async def test_only_permitted_documents_are_searched(vault: KnowledgeVault, home: VaultId) -> None:
    bees = await take_in(vault, home, "bees.txt", BEES)
    await take_in(vault, home, "wasps.txt", WASPS)
    found = await vault.search(ALICE, [home], "nests of paper", within={bees.id})
    assert {passage.document_id for passage in found.passages} == {bees.id}
    for nothing in (set[DocumentId](), {DocumentId("0" * 32)}):
        assert (await vault.search(ALICE, [home], "nests of paper", within=nothing)).passages == ()


async def test_an_empty_vault_or_question_finds_nothing(vault: KnowledgeVault, home: VaultId) -> None:
    assert (await vault.search(ALICE, [home], "bees")).passages == ()
    await take_in(vault, home, "bees.txt", BEES)
    assert (await vault.search(ALICE, [home], "  ")).passages == ()
    assert (await vault.search(ALICE, [], "bees")).passages == ()
    assert len((await vault.search(ALICE, [home], "?!")).passages) == 1


async def test_another_tenant_sees_nothing_at_all(vault: KnowledgeVault, home: VaultId) -> None:
    document = await take_in(vault, home, "bees.txt", BEES)
    [chunk] = await vault.chunks(ALICE, document.id)
    bobs = (await vault.create_vault(BOB, name="Bob's")).id
    attempts = [
        vault.get_vault(BOB, home),
        vault.update_vault(BOB, home, name="mine"),
        vault.delete_vault(BOB, home),
        vault.list_documents(BOB, home),
        vault.add_document(BOB, home, name="a.txt", content=stream(b"Bees.")),
        vault.get_document(BOB, document.id),
        vault.delete_document(BOB, document.id),
        vault.retry(BOB, document.id),
        vault.document_text(BOB, document.id),
        vault.chunks(BOB, document.id),
        vault.search(BOB, [bobs, home], "bees"),
        anext(vault.original(BOB, document.id)),
    ]
    missing = await _message(vault.get_document(BOB, DocumentId("f" * 32)))
    for attempt in attempts:
        said = await _message(attempt)
        assert said.replace(home, "X").replace(document.id, "X").replace("vault", "document") == (
            missing.replace("f" * 32, "X")
        )
    assert await vault.passages_by_id(BOB, [chunk.passage_id]) == []
    within = await vault.search(BOB, [bobs], "bees", within={document.id})
    assert within.passages == ()
    assert [each.id for each in await vault.list_vaults(BOB)] == [bobs]
    await vault.parse(BOB, document.id)
    await vault.index(BOB, document.id)
    assert (await vault.get_document(ALICE, document.id)).stage is Stage.ACTIVE


async def _message(attempt: object) -> str:
    with pytest.raises(NotFound) as refused:
        await attempt  # type: ignore[misc]  # any of the vault's coroutines
    return str(refused.value)


async def test_the_original_comes_back_to_the_byte(vault: KnowledgeVault, home: VaultId) -> None:
    content = a_pdf("Bees.") + bytes(range(256)) * 9000
    added = await vault.add_document(ALICE, home, name="a.pdf", content=stream(content))
    assert b"".join([part async for part in vault.original(ALICE, added.document.id)]) == content
    assert added.document.size_bytes == len(content)


async def test_a_vault_can_be_named_counted_and_renamed(vault: KnowledgeVault, home: VaultId) -> None:
    await take_in(vault, home, "bees.txt", BEES)
    await take_in(vault, home, "locked.pdf", a_locked_pdf())
    counted = await vault.get_vault(ALICE, home)
    assert (counted.document_count, counted.chunk_count, counted.not_ready_count) == (2, 1, 1)
    assert counted.size_bytes == len(BEES) + len(a_locked_pdf())
    renamed = await vault.update_vault(ALICE, home, name="Пчёлы")
    assert (renamed.name, renamed.description) == ("Пчёлы", "All about bees")
    assert await vault.list_vaults(ALICE) == [renamed]
    stats = await vault.stats()
    assert (stats.vaults, stats.documents, stats.chunks, stats.not_ready) == (1, 2, 1, 1)


async def test_the_same_bytes_are_kept_once_a_vault(vault: KnowledgeVault, home: VaultId) -> None:
    first = await vault.add_document(ALICE, home, name="one.txt", content=stream(BEES.encode()))
    again = await vault.add_document(ALICE, home, name="two.txt", content=stream(BEES.encode(), piece=7))
    assert not first.already_there
    assert again.already_there
    assert again.document == first.document
    other = (await vault.create_vault(ALICE, name="Other")).id
    elsewhere = await vault.add_document(ALICE, other, name="one.txt", content=stream(BEES.encode()))
    assert not elsewhere.already_there


async def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    async with open_vault(tmp_path, limits=Limits(file_bytes=1000)) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        for name, content, expected in (
            ("empty.txt", b"", DocumentEmpty),
            ("big.txt", b"x" * 1001, DocumentTooLarge),
            ("late.txt", b"x" * 900_000, DocumentTooLarge),
            ("program.exe", b"MZ\0", DocumentKindUnknown),
            ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(900), DocumentKindUnknown),
        ):
            with pytest.raises(expected):
                await vault.add_document(ALICE, home, name=name, content=stream(content, piece=300))
        assert await vault.list_documents(ALICE, home) == []
        assert list((tmp_path / "data" / "originals").iterdir()) == []


async def test_a_file_name_that_is_a_path_is_only_a_name(
    vault: KnowledgeVault, home: VaultId, tmp_path: Path
) -> None:
    document = await take_in(vault, home, "../../../evil/../bees.txt", BEES)
    assert document.name == "bees.txt"
    assert files_under(tmp_path, "*bees*") == []


async def test_a_failed_document_says_why_and_can_be_tried_again(
    vault: KnowledgeVault, home: VaultId
) -> None:
    document = await take_in(vault, home, "scan.pdf", a_pdf("", ""))
    assert document.stage is Stage.FAILED
    assert document.problem is not None
    assert document.problem.title == "No text found"
    assert "OCR" in document.problem.detail
    found = await vault.search(ALICE, [home], "bees")
    assert found.not_ready_count == 1
    [missed] = found.not_ready
    [named] = missed.documents
    assert (missed.vault_id, missed.count, named.name, named.problem) == (
        home,
        1,
        "scan.pdf",
        document.problem,
    )
    again = await vault.retry(ALICE, document.id)
    assert (again.stage, again.attempt, again.problem) == (Stage.SEALED, 2, None)
    assert await vault.unfinished() == [(ALICE, document.id)]
    await vault.parse(ALICE, document.id)
    assert (await vault.get_document(ALICE, document.id)).stage is Stage.FAILED


async def test_stages_repeat_without_harm(vault: KnowledgeVault, home: VaultId) -> None:
    document = await take_in(vault, home, "bees.txt", BEES * 60)
    before = await vault.chunks(ALICE, document.id)
    first = await vault.search(ALICE, [home], "drones")
    for _ in range(2):
        await vault.parse(ALICE, document.id)
        await vault.index(ALICE, document.id)
    assert await vault.retry(ALICE, document.id) == document
    assert await vault.chunks(ALICE, document.id) == before
    assert await vault.search(ALICE, [home], "drones") == first


async def test_a_long_document_tells_which_pages_are_ready_and_is_found_only_whole(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    limits = ChunkSizes(characters=120, overlap=0, least=30)
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Long")).id
        await vault.update_vault(ALICE, home, chunking=limits)
        pages = [
            f"Page {number} tells of bees. " + "They hum and they dance. " * 8 for number in range(1, 31)
        ]
        added = await vault.add_document(ALICE, home, name="long.pdf", content=stream(a_pdf(*pages)))
        document = added.document.id
        await vault.parse(ALICE, document)
        seen: list[asyncio.Task[None]] = []
        one_at_a_time = asyncio.Lock()  # in the order in which they were told, however long a search takes

        async def look() -> None:
            async with one_at_a_time:
                now = await vault.get_document(ALICE, document)
                found = await vault.search(ALICE, [home], "bees")
                told.append((now.pages_done, len(found.passages)))

        await vault.index(ALICE, document, progress=lambda share: seen.append(asyncio.create_task(look())))
        await asyncio.gather(*seen)
        whole = await vault.get_document(ALICE, document)
    assert (whole.pages_done, whole.page_count) == (30, 30)
    ready = [pages_done for pages_done, _ in told]
    assert ready == sorted(ready)
    assert any(0 < pages_done < 30 for pages_done in ready)
    assert all(passages == 0 for pages_done, passages in told if pages_done < 30)


async def test_a_document_is_found_only_when_it_is_ready(vault: KnowledgeVault, home: VaultId) -> None:
    added = await vault.add_document(ALICE, home, name="bees.txt", content=stream(BEES.encode() * 40))
    document = added.document.id
    with pytest.raises(NotFound):
        await vault.document_text(ALICE, document)
    shares: list[float] = []
    await vault.parse(ALICE, document)
    half_way = await vault.search(ALICE, [home], "bees")
    assert (half_way.passages, half_way.not_ready_count) == ((), 1)
    await vault.index(ALICE, document, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    ready = await vault.search(ALICE, [home], "bees")
    assert ready.passages
    assert ready.not_ready_count == 0


@pytest.mark.parametrize("stage", [Stage.SEALED, Stage.PARSED, Stage.ACTIVE, Stage.FAILED])
async def test_a_document_can_be_deleted_at_any_stage(
    vault: KnowledgeVault, home: VaultId, tmp_path: Path, stage: Stage
) -> None:
    keeper = await take_in(vault, home, "wasps.txt", WASPS)
    content = a_pdf("") if stage is Stage.FAILED else a_pdf(BEES)
    document = (await vault.add_document(ALICE, home, name="bees.pdf", content=stream(content))).document.id
    if stage is not Stage.SEALED:
        await vault.parse(ALICE, document)
    if stage is Stage.ACTIVE:
        await vault.index(ALICE, document)
    assert (await vault.get_document(ALICE, document)).stage is stage
    await vault.delete_document(ALICE, document)
    with pytest.raises(NotFound):
        await vault.get_document(ALICE, document)
    await vault.parse(ALICE, document)
    await vault.index(ALICE, document)
    found = await vault.search(ALICE, [home], "bees sleep at night")
    assert {passage.document_id for passage in found.passages} <= {keeper.id}
    assert len(list((tmp_path / "data" / "originals").iterdir())) == 1
    again = await vault.add_document(ALICE, home, name="bees.pdf", content=stream(content))
    assert not again.already_there


async def test_deleting_while_it_is_taken_in_leaves_nothing(vault: KnowledgeVault, home: VaultId) -> None:
    added = await vault.add_document(ALICE, home, name="bees.txt", content=stream(BEES.encode() * 900))
    await vault.parse(ALICE, added.document.id)
    deleted = asyncio.Event()

    async def delete_soon() -> None:
        await started.wait()
        await vault.delete_document(ALICE, added.document.id)
        deleted.set()

    started = asyncio.Event()
    task = asyncio.create_task(delete_soon())
    await vault.index(ALICE, added.document.id, progress=lambda _: started.set())
    await task
    assert deleted.is_set()
    assert (await vault.search(ALICE, [home], "bees")).passages == ()
    assert (await vault.get_vault(ALICE, home)).document_count == 0


async def test_keyword_statistics_forget_deleted_documents(vault: KnowledgeVault, home: VaultId) -> None:
    await take_in(vault, home, "wasps.txt", WASPS)
    before = await vault.search(ALICE, [home], "queen of the nest")
    document = await take_in(vault, home, "queens.txt", "The queen of all queens. Queens reign. " * 50)
    assert await vault.search(ALICE, [home], "queen of the nest") != before
    await vault.delete_document(ALICE, document.id)
    assert await vault.search(ALICE, [home], "queen of the nest") == before


async def test_deleting_a_vault_takes_everything_with_it(
    vault: KnowledgeVault, home: VaultId, tmp_path: Path
) -> None:
    document = await take_in(vault, home, "bees.txt", BEES)
    await vault.delete_vault(ALICE, home)
    for attempt in (vault.get_vault(ALICE, home), vault.get_document(ALICE, document.id)):
        with pytest.raises(NotFound):
            await attempt
    assert list((tmp_path / "data" / "originals").iterdir()) == []
    assert list((tmp_path / "data" / "index").iterdir()) == []


async def test_a_lost_index_is_rebuilt_from_the_vault(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await take_in(vault, home, "bees.txt", BEES * 40)
        await take_in(vault, home, "wasps.txt", WASPS)
        before = await vault.search(ALICE, [home], "nests of paper")
    async with open_vault(tmp_path, engine=MemoryEngine()) as vault:
        assert await vault.search(ALICE, [home], "nests of paper") == before


async def test_an_index_that_knows_too_much_is_cleaned(tmp_path: Path) -> None:
    engine = MemoryEngine()
    (tmp_path / "a").mkdir()
    async with open_vault(tmp_path / "a", engine=engine) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await take_in(vault, home, "bees.txt", BEES)
    (tmp_path / "b").mkdir()
    async with open_vault(tmp_path / "b", engine=engine) as vault:
        await vault._reconciler.wait()
        assert engine.shards() == set()


async def test_an_altered_original_is_noticed_not_misread(
    vault: KnowledgeVault, home: VaultId, tmp_path: Path
) -> None:
    added = await vault.add_document(ALICE, home, name="bees.txt", content=stream(BEES.encode()))
    [original] = (tmp_path / "data" / "originals").iterdir()
    sealed = bytearray(original.read_bytes())
    sealed[70] ^= 1
    original.write_bytes(sealed)
    with pytest.raises(SealBroken):
        await anext(vault.original(ALICE, added.document.id))
    await vault.parse(ALICE, added.document.id)
    failed = await vault.get_document(ALICE, added.document.id)
    assert failed.stage is Stage.FAILED
    assert failed.problem is not None
    assert failed.problem.title == "Sealed copy damaged"


async def test_a_document_under_way_can_be_stopped_and_begun_again(
    vault: KnowledgeVault, home: VaultId
) -> None:
    added = await vault.add_document(ALICE, home, name="bees.txt", content=stream(b"Bees dance. " * 3000))
    await vault.parse(ALICE, added.document.id)
    stopped = asyncio.Event()

    def stop(_: float) -> None:
        stopped.set()

    indexing = asyncio.create_task(vault.index(ALICE, added.document.id, progress=stop))
    await stopped.wait()
    cancelled = await vault.cancel(ALICE, added.document.id)
    await indexing
    assert cancelled.stage is Stage.CANCELLED
    assert (await vault.get_document(ALICE, added.document.id)).stage is Stage.CANCELLED
    found = await vault.search(ALICE, [home], "bees")
    assert (found.passages, found.not_ready_count) == ((), 1)
    assert (await vault.retry(ALICE, added.document.id)).stage is Stage.SEALED
    await vault.parse(ALICE, added.document.id)
    await vault.index(ALICE, added.document.id)
    assert (await vault.search(ALICE, [home], "bees")).passages


async def test_stopping_a_document_stops_its_reader(tmp_path: Path) -> None:
    class EndlessParser:
        def __init__(self) -> None:
            self.began = asyncio.Event()

        async def parse(
            self,
            content: AsyncIterable[bytes],
            *,
            name: str,
            kind: Kind,
            limits: Limits,
            progress: Callable[[float], None] | None = None,
        ) -> Parsed:
            self.began.set()
            await asyncio.Event().wait()
            raise AssertionError("an event that nobody sets was set")

        async def close(self) -> None: ...

    parser = EndlessParser()
    async with open_vault(tmp_path, parser=parser) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        added = await vault.add_document(ALICE, home, name="bees.txt", content=stream(b"Bees dance."))
        reading = asyncio.create_task(vault.parse(ALICE, added.document.id))
        await parser.began.wait()
        await vault.cancel(ALICE, added.document.id)
        async with asyncio.timeout(10):
            await reading
        document = await vault.get_document(ALICE, added.document.id)
        assert (document.stage, document.problem) == (Stage.CANCELLED, None)


async def test_what_is_ready_cannot_be_cancelled(vault: KnowledgeVault, home: VaultId) -> None:
    document = await take_in(vault, home, "bees.txt", "Bees dance.")
    assert (await vault.cancel(ALICE, document.id)).stage is Stage.ACTIVE


async def test_the_vault_says_how_much_is_left(vault: KnowledgeVault, home: VaultId) -> None:
    assert (await vault.intake(ALICE, home)).seconds_left is None
    done = await take_in(vault, home, "bees.txt", "Bees dance. " * 3000)
    assert done.chunks_done == done.chunk_count > 10
    await vault.add_document(ALICE, home, name="wasps.txt", content=stream(b"Wasps sting. " * 3000))
    intake = await vault.intake(ALICE, home)
    assert intake.documents == {Stage.ACTIVE: 1, Stage.SEALED: 1}
    assert intake.seconds_left is not None
    assert intake.seconds_left > 0


async def test_a_replaced_document_serves_its_old_words_until_the_new_ones_are_ready(
    vault: KnowledgeVault, home: VaultId
) -> None:
    document = await take_in(vault, home, "bees.txt", "Bees dance at noon.")
    replaced = await vault.replace_document(ALICE, document.id, content=stream(b"Bees sleep at night."))
    assert not replaced.already_there
    assert (await vault.get_document(ALICE, document.id)).replacement is not None
    await vault.parse(ALICE, document.id)
    [passage] = (await vault.search(ALICE, [home], "bees")).passages
    assert passage.text == "Bees dance at noon."
    assert (await vault.search(ALICE, [home], "bees")).not_ready_count == 0

    await vault.index(ALICE, document.id)
    [passage] = (await vault.search(ALICE, [home], "bees")).passages
    assert (passage.document_id, passage.text) == (document.id, "Bees sleep at night.")
    now = await vault.get_document(ALICE, document.id)
    assert (now.version, now.replacement, now.name) == (2, None, "bees.txt")
    assert [vault_.chunk_count for vault_ in await vault.list_vaults(ALICE)] == [1]
    assert b"".join([part async for part in vault.original(ALICE, document.id)]) == b"Bees sleep at night."
    assert not (await vault.search(ALICE, [home], "noon dance")).relevance.coverage


async def test_a_replacement_that_cannot_be_read_changes_nothing(
    vault: KnowledgeVault, home: VaultId
) -> None:
    document = await take_in(vault, home, "bees.pdf", a_pdf("Bees dance."))
    await vault.replace_document(ALICE, document.id, content=stream(b"%PDF-1.7 and then nonsense"))
    await vault.parse(ALICE, document.id)
    await vault.index(ALICE, document.id)
    broken = await vault.get_document(ALICE, document.id)
    assert broken.stage is Stage.ACTIVE
    assert broken.replacement is not None
    assert broken.replacement.problem is not None
    assert (await vault.search(ALICE, [home], "bees")).passages
    assert (await vault.dismiss_replacement(ALICE, document.id)).replacement is None
    assert await vault.unfinished() == []


async def test_a_later_replacement_takes_the_place_of_an_earlier_one(
    vault: KnowledgeVault, home: VaultId, tmp_path: Path
) -> None:
    document = await take_in(vault, home, "bees.txt", "Bees one.")
    for text in (b"Bees two.", b"Bees three."):
        await vault.replace_document(ALICE, document.id, content=stream(text))
    assert await vault.unfinished() == [(ALICE, document.id)]
    await vault.parse(ALICE, document.id)
    await vault.index(ALICE, document.id)
    assert (await vault.document_text(ALICE, document.id)).text.strip() == "Bees three."
    assert len(files_under(tmp_path / "data" / "originals")) == 1


async def test_replacing_a_document_by_what_the_vault_has_changes_nothing(
    vault: KnowledgeVault, home: VaultId
) -> None:
    document = await take_in(vault, home, "bees.txt", "Bees dance.")
    wasps = await take_in(vault, home, "wasps.txt", "Wasps sting.")
    same = await vault.replace_document(ALICE, document.id, content=stream(b"Bees dance."))
    assert (same.already_there, same.document.id) == (True, document.id)
    other = await vault.replace_document(ALICE, document.id, content=stream(b"Wasps sting."))
    assert (other.already_there, other.document.id) == (True, wasps.id)
    assert (await vault.get_document(ALICE, document.id)).replacement is None


async def test_replacing_by_what_another_document_has_leaves_an_earlier_replacement_alone(
    vault: KnowledgeVault, home: VaultId
) -> None:
    bees = await take_in(vault, home, "bees.txt", "Bees dance.")
    wasps = await take_in(vault, home, "wasps.txt", "Wasps build nests.")
    await vault.replace_document(ALICE, bees.id, content=stream(b"Bees sleep at night."))
    same = await vault.replace_document(ALICE, bees.id, content=stream(b"Wasps build nests."))
    assert (same.already_there, same.document.id) == (True, wasps.id)
    assert (await vault.get_document(ALICE, bees.id)).replacement is not None
    await vault.parse(ALICE, bees.id)
    await vault.index(ALICE, bees.id)
    assert (await vault.document_text(ALICE, bees.id)).text == "Bees sleep at night."


async def test_a_replacement_that_fails_takes_no_document_along(
    vault: KnowledgeVault, home: VaultId, tmp_path: Path
) -> None:
    originals = tmp_path / "data" / "originals"
    added = (await vault.add_document(ALICE, home, name="bees.txt", content=stream(b"Bees dance."))).document
    [first] = originals.iterdir()
    await vault.replace_document(ALICE, added.id, content=stream(b"Bees sleep at night."))
    [second] = set(originals.iterdir()) - {first}
    sealed = bytearray(second.read_bytes())
    sealed[70] ^= 1
    second.write_bytes(sealed)
    await vault.parse(ALICE, added.id)
    await vault.index(ALICE, added.id)
    now = await vault.get_document(ALICE, added.id)
    assert now.stage is Stage.ACTIVE
    assert now.replacement is not None
    assert (now.replacement.stage, now.problem) == (Stage.FAILED, None)
    assert (await vault.search(ALICE, [home], "do bees dance?")).passages[0].text == "Bees dance."


async def test_a_document_is_deleted_with_its_replacement(
    vault: KnowledgeVault, home: VaultId, tmp_path: Path
) -> None:
    document = await take_in(vault, home, "bees.txt", "Bees dance.")
    await vault.replace_document(ALICE, document.id, content=stream(b"Bees sleep."))
    await vault.delete_document(ALICE, document.id)
    assert files_under(tmp_path / "data" / "originals") == []
    assert await vault.unfinished() == []


async def test_a_document_is_cut_anew_beside_its_old_chunks(vault: KnowledgeVault, home: VaultId) -> None:
    document = await take_in(vault, home, "bees.txt", "Bees dance all day long and sleep at night. " * 100)
    before = await vault.chunks(ALICE, document.id)
    small = ChunkSizes.chosen(characters=400, overlap=0, parent_characters=800)
    assert not await vault.cut_anew(ALICE, document.id)
    preview = await vault.preview_chunks(ALICE, document.id, small)
    assert len(preview) > 2 * len(before)
    assert await vault.chunks(ALICE, document.id) == before

    await vault.update_vault(ALICE, home, chunking=small)
    assert (await vault.get_vault(ALICE, home)).chunking == small
    assert await vault.cut_anew(ALICE, document.id)
    assert await vault.chunks(ALICE, document.id) == before
    assert (await vault.search(ALICE, [home], "bees")).passages
    await vault.parse(ALICE, document.id)
    await vault.index(ALICE, document.id)
    after = await vault.chunks(ALICE, document.id)
    assert [(chunk.start, chunk.end) for chunk in after] == [(chunk.start, chunk.end) for chunk in preview]
    found = (await vault.search(ALICE, [home], "bees", limit=50)).passages
    assert {passage.passage_id for passage in found} <= {chunk.passage_id for chunk in after}
    assert b"".join([part async for part in vault.original(ALICE, document.id)]).startswith(b"Bees dance")
    assert not await vault.cut_anew(ALICE, document.id)


async def test_what_could_not_be_read_is_told_while_the_rest_is_found(
    vault: KnowledgeVault, home: VaultId
) -> None:
    archive = a_zip({"bees.txt": BEES, "song.png": b"\x89PNG\r\n\x1a\n" + bytes(900)})
    document = await take_in(vault, home, "all.zip", archive)
    assert document.stage is Stage.ACTIVE
    assert document.problem is not None
    assert document.problem.title == "Read in part"
    assert "song.png" in document.problem.detail
    assert (await vault.search(ALICE, [home], "bees")).passages
