"""Taking documents in: once while it waits, again after it failed, and stopping does not lose any.

Not among `tests/backend`: DBOS is one to a process, and a whole server runs there.
"""

import asyncio
from pathlib import Path

import pytest

from backend.ingestion import Ingestion

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def until(happened: list[str], count: int) -> None:
    async with asyncio.timeout(30):
        while len(happened) < count:
            await asyncio.sleep(0.02)


async def test_a_document_submitted_twice_is_taken_in_once(tmp_path: Path) -> None:
    happened: list[str] = []

    async def parse(tenant_id: str, document_id: str) -> None:
        happened.append(f"parse {tenant_id} {document_id}")

    async def index(tenant_id: str, document_id: str) -> None:
        happened.append(f"index {tenant_id} {document_id}")

    ingestion = Ingestion(f"sqlite:///{tmp_path / 'jobs.db'}", parse=parse, index=index)
    await ingestion.start()
    await asyncio.gather(*(ingestion.submit("ada", "one") for _ in range(3)))
    await ingestion.submit("ada", "two")
    await until(happened, 4)
    await ingestion.stop()
    assert sorted(happened) == ["index ada one", "index ada two", "parse ada one", "parse ada two"]


async def test_a_stage_that_broke_can_be_submitted_again(tmp_path: Path) -> None:
    happened: list[str] = []

    async def parse(tenant_id: str, document_id: str) -> None:
        happened.append("parse")
        if len(happened) == 1:
            raise OSError("the disk is full")

    async def index(tenant_id: str, document_id: str) -> None:
        happened.append("index")

    ingestion = Ingestion(f"sqlite:///{tmp_path / 'jobs.db'}", parse=parse, index=index)
    await ingestion.start()
    await ingestion.submit("ada", "one")
    await until(happened, 1)
    async with asyncio.timeout(30):
        while len(happened) < 3:  # as a restart does: submit what is not finished
            await ingestion.submit("ada", "one")
            await asyncio.sleep(0.1)
    await ingestion.stop()
    assert happened == ["parse", "parse", "index"]


async def test_what_was_waiting_when_the_server_stopped_is_taken_in_after_the_next_start(
    tmp_path: Path,
) -> None:
    happened: list[str] = []
    hold = asyncio.Event()

    async def parse(tenant_id: str, document_id: str) -> None:
        happened.append(f"parse {document_id}")
        await hold.wait()

    async def index(tenant_id: str, document_id: str) -> None:
        happened.append(f"index {document_id}")

    first = Ingestion(f"sqlite:///{tmp_path / 'jobs.db'}", parse=parse, index=index)
    await first.start()
    await first.submit("ada", "one")
    await first.submit("ada", "two")
    await until(happened, 1)
    await first.stop()
    hold.set()
    happened.clear()

    second = Ingestion(f"sqlite:///{tmp_path / 'jobs.db'}", parse=parse, index=index)
    await second.start()
    await until(happened, 4)
    await second.stop()
    assert sorted(happened) == ["index one", "index two", "parse one", "parse two"]
