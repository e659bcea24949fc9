"""`kill -9` at any moment: every accepted document is there once afterwards, and is taken in to the end.

30 kills in `make test`, 510 in `make nightly`.
"""

import asyncio
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from knowledge_vault.values import Stage, VaultId
from tests.knowledge_vault.making import ALICE, files_under, open_vault

ROOT = Path(__file__).resolve().parents[2]
KILLS = 30
SENTENCES = " ".join(f"Sentence {number} says that bees of hive {number} sleep." for number in range(300))


def content(name: str, revision: int) -> str:
    return f"Document {name}, revision {revision}. {SENTENCES}"


PROGRAM = """
import asyncio, sys
from pathlib import Path
from uuid import uuid4
from knowledge_vault.values import VaultId
from tests.knowledge_vault.making import ALICE, open_vault, stream
from tests.knowledge_vault.test_resuming import content

async def take_in(vault, document_id):
    await vault.parse(ALICE, document_id)
    await vault.index(ALICE, document_id)

async def main(home, vault_id):
    async with open_vault(Path(home)) as vault:
        print("open", flush=True)
        for _, document_id in await vault.unfinished():
            await take_in(vault, document_id)
        while True:
            name = uuid4().hex
            added = await vault.add_document(
                ALICE, VaultId(vault_id), name=name, content=stream(content(name, 1).encode())
            )
            document_id = added.document.id
            print("added", document_id, flush=True)
            await take_in(vault, document_id)
            print("replacing", document_id, flush=True)
            await vault.replace_document(ALICE, document_id, content=stream(content(name, 2).encode()))
            print("replaced", document_id, flush=True)
            await take_in(vault, document_id)
            print("deleting", document_id, flush=True)
            if int(document_id, 16) % 2:
                await vault.delete_document(ALICE, document_id)
                print("deleted", document_id, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(17, marks=[pytest.mark.nightly, pytest.mark.timeout(5400)])]
)
async def test_killed_again_and_again_it_loses_nothing_and_doubles_nothing(
    tmp_path: Path, rounds: int
) -> None:
    """A vault for each round: a search names no more than some hundred documents, however many there are."""
    seen: Counter[Stage] = Counter()
    for number in range(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        seen += await _thirty_kills(folder, random.Random(number + 7))
        print(f"killed {KILLS * (number + 1)} times; documents were {dict(seen)}")


async def _thirty_kills(folder: Path, chance: random.Random) -> Counter[Stage]:
    """How often documents were seen at which stage."""
    async with open_vault(folder) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
    said: dict[str, str] = {}
    seen: Counter[Stage] = Counter()
    for _ in range(KILLS):
        said |= await _run_and_kill(
            folder, home, after_lines=chance.choice((0, 0, 1, 2)), after_s=chance.uniform(0.0, 0.6)
        )
        async with open_vault(folder) as vault:
            documents = {each.id: each for each in await vault.list_documents(ALICE, home)}
            seen.update((each.replacement or each).stage for each in documents.values())
            gone = {each for each in said if each not in documents}
            assert all(said[each] in ("deleting", "deleted") for each in gone), "an accepted document is lost"
            assert not any(said.get(each) == "deleted" for each in documents), "a deleted document is back"
            assert not any(each.stage is Stage.FAILED for each in documents.values())
            found = await vault.search(ALICE, [home], "hive 7", limit=10_000)
            visible = {passage.document_id for passage in found.passages}
            active = {each.id for each in documents.values() if each.stage is Stage.ACTIVE}
            assert visible == active, "a document is found wholly or not at all"
    assert len(seen) > 2, f"the kills came at too few moments to show anything: {seen}"

    async with open_vault(folder) as vault:
        for tenant, document_id in await vault.unfinished():
            await vault.parse(tenant, document_id)
            await vault.index(tenant, document_id)
        for document in await vault.list_documents(ALICE, home):
            assert (document.stage, document.replacement) == (Stage.ACTIVE, None)
            text = (await vault.document_text(ALICE, document.id)).text.strip()
            expected = {1: {"added"}, 2: {"replacing", "replaced", "deleting"}}[document.version]
            assert text == content(document.name, document.version)
            assert said.get(document.id, "added") in expected | {"replacing"}
            chunks = await vault.chunks(ALICE, document.id)
            assert [chunk.number for chunk in chunks] == list(range(document.chunk_count))
        assert len(files_under(folder / "data" / "originals")) == len(await vault.list_documents(ALICE, home))
    return seen


async def _run_and_kill(home: Path, vault: VaultId, *, after_lines: int, after_s: float) -> dict[str, str]:
    """What the process had said last of each document when it was killed.

    The moment of the kill is the thing varied: some time after so many lines were said, so that a slow machine is
    not killed at its first step every time.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(home), vault), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert (await child.stdout.readline()).strip() == b"open"
    heard = [await child.stdout.readline() for _ in range(after_lines)]
    await asyncio.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    output = b"".join([*heard, await child.stdout.read()])
    await child.wait()
    lines = output.decode().split("\n")[:-1]
    return {document: what for what, document in (line.split() for line in lines)}
