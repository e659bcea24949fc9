"""A full disk loses nothing: what was refused left no trace, what was accepted goes on once there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import problem_of
from knowledge_vault.disk import is_disk_full
from knowledge_vault.errors import DiskFull
from knowledge_vault.values import Stage
from tests.knowledge_vault.making import ALICE, files_under, open_vault, stream, take_in

LONG = b"Bees dance. " * 100_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A home whose data folder is a disk of 128 MiB of its own."""
    data = tmp_path / "data"
    data.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(data)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs the rights to: run as root to have this tested")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(data)], check=True)


def fill(home: Path) -> Path:
    ballast = home / "data" / "ballast"
    with ballast.open("wb", buffering=0) as file:
        block = bytes(1 << 16)
        while block:
            try:
                file.write(block)
            except OSError:  # no room for this much: try for less
                block = block[: len(block) // 2]
    return ballast


async def test_a_full_disk_refuses_plainly_keeps_answering_and_recovers(small_disk: Path) -> None:
    async with open_vault(small_disk) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await take_in(vault, home, "bees.txt", "Bees sleep at night.")
        waiting = await vault.add_document(ALICE, home, name="waiting.txt", content=stream(LONG))
        before = files_under(small_disk / "data" / "originals")

        ballast = fill(small_disk)
        with pytest.raises(Exception) as refused:  # noqa: PT011  # whoever meets it first may say it
            await vault.add_document(ALICE, home, name="more.txt", content=stream(LONG + b"More."))
        assert is_disk_full(refused.value)
        problem = problem_of(refused.value)
        assert problem is not None
        assert (problem["status"], "make room" in problem["detail"]) == (507, True)
        assert files_under(small_disk / "data" / "originals") == before
        with pytest.raises(DiskFull):
            await vault.parse(ALICE, waiting.document.id)
        assert (await vault.get_document(ALICE, waiting.document.id)).stage is Stage.SEALED
        assert (await vault.search(ALICE, [home], "do bees sleep?")).passages

        ballast.unlink()
        await take_in(vault, home, "more.txt", LONG + b"More.")
        await vault.parse(ALICE, waiting.document.id)
        await vault.index(ALICE, waiting.document.id)
        assert {each.stage for each in await vault.list_documents(ALICE, home)} == {Stage.ACTIVE}


async def test_a_disk_that_fills_before_indexing_stops_nothing_else(small_disk: Path) -> None:
    async with open_vault(small_disk) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await take_in(vault, home, "bees.txt", "Bees sleep at night.")
        waiting = await vault.add_document(ALICE, home, name="wasps.txt", content=stream(b"Wasps sting."))
        await vault.parse(ALICE, waiting.document.id)

        ballast = fill(small_disk)
        with ballast.open("r+b") as file:  # leaves room for SQL, and too little for the index
            file.truncate(ballast.stat().st_size - 8_000_000)
        with pytest.raises(DiskFull):
            await vault.index(ALICE, waiting.document.id)
        assert (await vault.get_document(ALICE, waiting.document.id)).stage is Stage.EMBEDDED
        assert (await vault.search(ALICE, [home], "do bees sleep?")).passages

        ballast.unlink()
        await vault.index(ALICE, waiting.document.id)
        assert (await vault.get_document(ALICE, waiting.document.id)).stage is Stage.ACTIVE
