"""Whatever is altered, cut, swapped or lost on the disk is noticed, is never shown as text, and harms nothing else."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Table, select, update

from knowledge_vault.errors import DocumentDamaged, SealBroken
from knowledge_vault.tables import (
    chunks,
    document_keys,
    document_origins,
    document_texts,
    documents,
    replacements,
    vaults,
)
from knowledge_vault.values import Document, DocumentId, Origin, Stage, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, open_vault, stream, take_in

SENTENCES = " ".join(f"Sentence {number} says that bees of hive {number} sleep." for number in range(150))
VICTIM, OTHER = "victim.txt", "other.txt"
OTHER_TEXT = "The wasp Zoe never sleeps."
FLIPS = 200

Damage = Callable[[KnowledgeVault, Path, random.Random], Awaitable[None]]


async def filled(vault: KnowledgeVault) -> VaultId:
    home = (await vault.create_vault(ALICE, name="Bees", description="All about bees")).id
    assert (await take_in(vault, home, VICTIM, SENTENCES)).stage is Stage.ACTIVE
    assert (await take_in(vault, home, OTHER, OTHER_TEXT)).stage is Stage.ACTIVE
    return home


def flipped(sealed: bytes, chance: random.Random) -> bytes:
    altered = bytearray(sealed)
    altered[chance.randrange(len(altered))] ^= 1 << chance.randrange(8)
    return bytes(altered)


def in_row(table: Table, column: str, owner: str = "document_id") -> Damage:
    """Flips one random bit of one of the victim's rows."""

    async def damage(vault: KnowledgeVault, _: Path, chance: random.Random) -> None:
        victim = await victim_of(vault)
        async with vault._database.writing() as connection:
            rows = (await connection.execute(select(table).where(table.c[owner] == victim))).all()
            row = chance.choice(rows)
            same = [key == getattr(row, key.name) for key in table.primary_key]
            await connection.execute(
                update(table).where(*same).values({column: flipped(getattr(row, column), chance)})
            )

    return damage


async def in_original(vault: KnowledgeVault, home: Path, chance: random.Random) -> None:
    victim = await victim_of(vault)
    async with vault._database.reading() as connection:
        name = await connection.scalar(select(documents.c.original).where(documents.c.id == victim))
    path = home / "data" / "originals" / str(name)
    path.write_bytes(flipped(path.read_bytes(), chance))


async def victim_of(vault: KnowledgeVault) -> DocumentId:
    """The larger of the two; found without opening anything."""
    async with vault._database.reading() as connection:
        query = select(documents.c.id).order_by(documents.c.size_bytes.desc()).limit(1)
        return DocumentId(str(await connection.scalar(query)))


KINDS: dict[str, Damage] = {
    "original": in_original,
    "chunk": in_row(chunks, "sealed"),
    "text": in_row(document_texts, "sealed"),
    "data key": in_row(document_keys, "sealed_key"),
    "name": in_row(documents, "sealed_name", owner="id"),
}


async def scrubbed(vault: KnowledgeVault, home: VaultId) -> list[tuple[str | None, tuple[str, ...]]]:
    steps = [step async for step in vault.scrub(ALICE, home)]
    assert all(step.done <= step.total for step in steps)
    return [(step.damage.document_id, step.damage.parts) for step in steps if step.damage]


async def by_name(vault: KnowledgeVault, home: VaultId) -> dict[str, Document]:
    return {document.name: document for document in await vault.list_documents(ALICE, home)}


async def test_200_flipped_bits_are_all_noticed_and_harm_one_document_each(tmp_path: Path) -> None:
    """Bit by bit over everything sealed of a document; after each the bytes are put back."""
    noticed: Counter[str] = Counter()
    async with open_vault(tmp_path) as vault:
        home = await filled(vault)
        for turn in range(FLIPS):
            chance = random.Random(turn)
            kind = chance.choice(sorted(KINDS))
            undo = await remembered(vault, tmp_path)
            await KINDS[kind](vault, tmp_path, chance)
            vault._vaults._keyring.forget(home)
            [(victim, parts)] = await scrubbed(vault, home)
            assert victim == await victim_of(vault)
            assert any(part.startswith(kind) for part in parts)
            noticed[kind] += 1
            found = await vault.search(ALICE, [home], "which hive sleeps, and does the wasp Zoe?")
            assert [passage.text for passage in found.passages] == [OTHER_TEXT], (
                "never garbage, never the victim"
            )
            stages = Counter(document.stage for document in await vault.list_documents(ALICE, home))
            assert stages == {Stage.ACTIVE: 1, Stage.FAILED: 1}
            await vault.custody.wait(home)
            await undo()
            vault._vaults._keyring.forget(home)
            await vault._reconciler.repair(ALICE, home)
        assert sum(noticed.values()) == FLIPS
        assert set(noticed) == set(KINDS)


async def remembered(vault: KnowledgeVault, home: Path) -> Callable[[], Awaitable[None]]:
    """Puts rows and originals back as they are now."""
    tables = (documents, document_keys, document_texts, chunks)
    async with vault._database.reading() as connection:
        kept = {table: (await connection.execute(select(table))).all() for table in tables}
    files = {path: path.read_bytes() for path in (home / "data" / "originals").iterdir()}

    async def undo() -> None:
        async with vault._database.writing() as connection:
            for table, rows in kept.items():
                for row in rows:
                    same = [key == getattr(row, key.name) for key in table.primary_key]
                    values = dict(row._mapping)
                    values.pop("content_mac", None)  # keyed by a secret that may be another by now
                    await connection.execute(update(table).where(*same).values(values))
        for path, content in files.items():
            path.write_bytes(content)

    return undo


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("column", ["sealed_key", "sealed_search_secret", "sealed_labels"])
async def test_a_flipped_bit_in_a_vaults_own_keys_closes_that_vault_only(
    tmp_path: Path, column: str, seed: int
) -> None:
    async with open_vault(tmp_path) as vault:
        home = await filled(vault)
        untouched = (await vault.create_vault(ALICE, name="Wasps")).id
        await take_in(vault, untouched, OTHER, OTHER_TEXT)
        async with vault._database.writing() as connection:
            sealed = await connection.scalar(select(vaults.c[column]).where(vaults.c.id == home))
            altered = flipped(sealed, random.Random(seed))
            await connection.execute(update(vaults).where(vaults.c.id == home).values({column: altered}))
    async with open_vault(tmp_path) as vault:
        listed = {each.id: each for each in await vault.list_vaults(ALICE)}
        assert listed[home].name.startswith("Damaged vault")
        assert "Restore" in listed[home].description
        assert await scrubbed(vault, home) == [(None, ("the vault's keys or name",))]
        if column != "sealed_labels":
            with pytest.raises(SealBroken):
                await vault.search(ALICE, [home], "bees")
        assert listed[untouched].name == "Wasps"
        found = await vault.search(ALICE, [untouched], "does Zoe sleep?")
        assert found.passages[0].text == OTHER_TEXT
        await vault.delete_vault(ALICE, home)
        assert [each.id for each in await vault.list_vaults(ALICE)] == [untouched]


async def test_swapped_rows_are_noticed(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await filled(vault)
        async with vault._database.writing() as connection:
            victim = (await connection.execute(select(chunks).order_by(chunks.c.number.desc()))).first()
            other = (
                await connection.execute(select(chunks).where(chunks.c.document_id != victim.document_id))
            ).first()
            assert victim is not None
            assert other is not None
            for row, sealed in ((victim, other.sealed), (other, victim.sealed)):
                await connection.execute(update(chunks).where(chunks.c.id == row.id).values(sealed=sealed))
        found = await vault.search(ALICE, [home], "which hive sleeps, and does the wasp Zoe?")
        assert all(passage.text in SENTENCES for passage in found.passages)
        damaged = {document for document, _ in await scrubbed(vault, home)}
        assert damaged == {victim.document_id, other.document_id}


@pytest.mark.parametrize("kept", [0, 55, 71, 100, -1, -17])
async def test_a_cut_original_is_noticed_when_it_is_read_and_put_away(tmp_path: Path, kept: int) -> None:
    async with open_vault(tmp_path) as vault:
        home = await filled(vault)
        victim = (await by_name(vault, home))[VICTIM]
        async with vault._database.reading() as connection:
            name = await connection.scalar(select(documents.c.original).where(documents.c.id == victim.id))
        path = tmp_path / "data" / "originals" / str(name)
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(DocumentDamaged, match="Retry it"):
            assert b"".join([part async for part in vault.original(ALICE, victim.id)])
        assert (await by_name(vault, home))[VICTIM].stage is Stage.FAILED
        assert (await by_name(vault, home))[OTHER].stage is Stage.ACTIVE


async def test_a_search_that_comes_upon_damage_puts_the_document_away(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await filled(vault)
        await KINDS["chunk"](vault, tmp_path, random.Random(1))
        found = await vault.search(ALICE, [home], "which hive sleeps?", limit=50)
        assert all(passage.text in SENTENCES + OTHER_TEXT for passage in found.passages)
        victim = (await by_name(vault, home))[VICTIM]
        assert victim.stage is Stage.FAILED
        assert victim.problem is not None
        assert "Retry" in victim.problem.detail
        await vault.custody.wait(home)
        again = await vault.retry(ALICE, victim.id)
        await vault.parse(ALICE, again.id)
        await vault.index(ALICE, again.id)
        assert (await by_name(vault, home))[VICTIM].stage is Stage.ACTIVE, "its original was whole"
        assert await scrubbed(vault, home) == []
    fresh_folder = tmp_path / "fresh"
    fresh_folder.mkdir()
    async with open_vault(fresh_folder) as fresh:
        fresh_home = await filled(fresh)
        expected = await fresh.search(ALICE, [fresh_home], "which hive sleeps?")
    async with open_vault(tmp_path) as vault:
        found = await vault.search(ALICE, [home], "which hive sleeps?")
        assert sorted(round(p.score, 6) for p in found.passages) == sorted(
            round(p.score, 6) for p in expected.passages
        ), "word counts are exact again"


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_damaged_document_can_be_deleted(tmp_path: Path, kind: str) -> None:
    async with open_vault(tmp_path) as vault:
        home = await filled(vault)
        victim = await victim_of(vault)
        await KINDS[kind](vault, tmp_path, random.Random(2))
    async with open_vault(tmp_path) as vault:
        await vault.delete_document(ALICE, victim)
        await vault.custody.wait(home)
        assert list(await by_name(vault, home)) == [OTHER]
        assert await scrubbed(vault, home) == []


async def test_a_lost_key_row_or_chunk_row_is_noticed(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = await filled(vault)
        victim = await victim_of(vault)
        async with vault._database.writing() as connection:
            gone = (chunks.c.document_id == victim) & (chunks.c.number == 1)
            await connection.execute(chunks.delete().where(gone))
        assert await scrubbed(vault, home) == [(victim, ("chunk 1",))]
        async with vault._database.writing() as connection:
            await connection.execute(document_keys.delete().where(document_keys.c.document_id == victim))
        assert await scrubbed(vault, home) == [(victim, ("data key",))]


@pytest.mark.parametrize(
    ("part", "table", "column"),
    [
        ("tags", documents, "sealed_tags"),
        ("origin", document_origins, "sealed"),
        ("tags", replacements, "sealed_tags"),
    ],
)
async def test_altered_tags_or_web_addresses_are_named_and_cost_no_document(
    tmp_path: Path, part: str, table: Table, column: str
) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        origin = Origin("https://bees.example/", "", "")
        added = await vault.add_document(
            ALICE, home, name="bees.txt", content=stream(OTHER_TEXT.encode()), origin=origin
        )
        document = added.document.id
        await vault.tag_document(ALICE, document, ["hive"])
        await vault.parse(ALICE, document)
        await vault.index(ALICE, document)
        await vault.replace_document(ALICE, document, content=stream(b"Zoe sleeps."), origin=origin)
        assert await scrubbed(vault, home) == []
        for seed in range(4):
            async with vault._database.writing() as connection:
                sealed = await connection.scalar(select(table.c[column]))
                altered = flipped(sealed, random.Random(seed))
                of_the_first = table.c[column] == sealed
                await connection.execute(update(table).where(of_the_first).values({column: altered}))
            assert await scrubbed(vault, home) == [(document, (part,))]
            [listed] = await vault.list_documents(ALICE, home)
            assert listed.stage is Stage.ACTIVE
            assert (await vault.search(ALICE, [home], "does Zoe sleep?")).passages[0].text == OTHER_TEXT
            async with vault._database.writing() as connection:
                await connection.execute(
                    update(table).where(table.c[column] == altered).values({column: sealed})
                )
        await vault.tag_document(ALICE, document, ["nest"])
        assert await scrubbed(vault, home) == []
