"""`kill -9` at any moment: every accepted document is there once afterwards, and is taken in to the end."""

import asyncio
import random
import signal
import sys
from pathlib import Path

import pytest

from knowledge_vault.values import Stage, VaultId
from tests.knowledge_vault.making import ALICE, open_vault

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = " ".join(f"Sentence {number} says that bees of hive {number} sleep." for number in range(1500))

PROGRAM = """
import asyncio, sys
from pathlib import Path
from knowledge_vault.values import VaultId
from tests.knowledge_vault.making import ALICE, open_vault, stream
from tests.knowledge_vault.test_resuming import SENTENCES

async def main(home, vault_id):
    async with open_vault(Path(home)) as vault:
        print("open", flush=True)
        for number in range(1000):
            added = await vault.add_document(
                ALICE, VaultId(vault_id), name=f"{number}.txt",
                content=stream(f"Document {number}. {SENTENCES}".encode()),
            )
            print(added.document.id, flush=True)
            await vault.parse(ALICE, added.document.id)
            await vault.index(ALICE, added.document.id)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("seed", range(4))
async def test_a_killed_ingestion_goes_on_and_loses_nothing(tmp_path: Path, seed: int) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
    accepted = await _ingest_and_kill(tmp_path, home, after_s=random.Random(seed).uniform(0.1, 1.2))
    async with open_vault(tmp_path) as vault:
        before = {document.id: document for document in await vault.list_documents(ALICE, home)}
        assert set(accepted) <= set(before)
        assert all(document.stage is not Stage.FAILED for document in before.values())
        for tenant, document_id in await vault.unfinished():
            await vault.parse(tenant, document_id)
            await vault.index(tenant, document_id)
        after = await vault.list_documents(ALICE, home)
        assert {document.stage for document in after} <= {Stage.ACTIVE}
        for document in after:
            chunks = await vault.chunks(ALICE, document.id)
            assert [chunk.number for chunk in chunks] == list(range(document.chunk_count))
            text = (await vault.document_text(ALICE, document.id)).text
            assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
        total = sum(document.chunk_count for document in after)
        found = await vault.search(ALICE, [home], "hive 7", limit=10_000)
        assert len({passage.passage_id for passage in found.passages}) == len(found.passages) <= total
        assert len(list((tmp_path / "data" / "originals").iterdir())) == len(after)


async def _ingest_and_kill(home: Path, vault: VaultId, *, after_s: float) -> list[str]:
    """The ids that the process had acknowledged when it was killed."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(home), vault), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert (await child.stdout.readline()).strip() == b"open"
    first = await child.stdout.readline()
    await asyncio.sleep(after_s)  # the moment of the kill is the thing varied
    child.send_signal(signal.SIGKILL)
    rest = await child.stdout.read()
    await child.wait()
    return [line for line in (first + rest).decode().split("\n")[:-1] if len(line) == 32]
