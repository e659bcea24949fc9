"""The process that reads a file has no network, no keys, no programs and no files, and cannot outlive its limits."""

import asyncio
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge_vault.errors import DocumentTooLarge
from knowledge_vault.parsing.kinds import recognise
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.values import Limits
from tests.knowledge_vault.making import a_pdf, stream
from tests.repository.sources import ROOT

ATTEMPTS = """
import json, os, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from knowledge_vault.parsing import confine
from knowledge_vault.values import Limits
has_own_network = confine.leave_the_network()
confine.limit(Limits())
is_filtered, is_landed = confine.give_up_rights(readable=[Path("/usr"), Path(sys.prefix), Path(sys.base_prefix)])
def fails(work):
    try:
        work()
    except (OSError, subprocess.SubprocessError):
        return True
    return False
outcome = {
    "has_own_network": has_own_network, "is_filtered": is_filtered, "is_landed": is_landed,
    "socket": fails(lambda: socket.socket()),
    "unix": fails(lambda: socket.socket(socket.AF_UNIX)),
    "program": fails(lambda: os.execv("/bin/true", ["true"])),
    "signal": fails(lambda: os.kill(os.getppid(), 0)),
    "key": fails(lambda: open(sys.argv[2]).read()),
    "parent": fails(lambda: open(f"/proc/{os.getppid()}/environ").read()),
    "write": fails(lambda: Path(sys.argv[2] + ".out").write_text("x")),
    "memory": False,
}
try:
    bytearray(2 * 2**30)
except MemoryError:
    outcome["memory"] = True
print(json.dumps(outcome))
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """What a confined process could not do."""
    key = tmp_path_factory.mktemp("keys") / "root.key"
    key.write_text("5ecret")
    command = [sys.executable, "-I", "-c", ATTEMPTS, str(ROOT), str(key)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, bool] = json.loads(ended.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the system call filter is Linux's")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter for this processor")
def test_it_can_open_no_socket_run_no_program_and_signal_nobody(outcome: dict[str, bool]) -> None:
    assert outcome["is_filtered"]
    assert all(outcome[attempt] for attempt in ("socket", "unix", "program", "signal"))


def test_it_can_write_nothing_and_take_no_more_memory_than_it_may(outcome: dict[str, bool]) -> None:
    assert outcome["write"]
    assert outcome["memory"]


def test_where_the_kernel_can_forbid_it_no_key_can_be_read(outcome: dict[str, bool]) -> None:
    if not outcome["is_landed"]:
        pytest.skip("this kernel has no Landlock")
    assert outcome["key"]
    assert outcome["parent"]


async def read(parser: ParserProcess, name: str, content: bytes, limits: Limits | None = None) -> str:
    kind = recognise(name, content[:8192])
    parsed = await parser.parse(stream(content), name=name, kind=kind, limits=limits or Limits())
    return parsed.text


async def test_children_get_no_secret_and_no_open_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QANAT_ROOT_KEY", "5ecret")
    parser = ParserProcess()
    try:
        await read(parser, "a.txt", b"Bees.")
        assert parser._template is not None
        place = Path(f"/proc/{parser._template.pid}")
        environment = (place / "environ").read_text()
        assert "5ecret" not in environment
        assert f"PATH={os.environ['PATH']}" not in environment
        opened = {os.readlink(each) for each in (place / "fd").iterdir()}
        assert all(each.startswith(("/dev/null", "socket:", "pipe:", "anon_inode:")) for each in opened)
    finally:
        await parser.close()


async def test_many_files_are_read_side_by_side_and_a_bad_one_ends_alone() -> None:
    parser = ParserProcess()
    try:
        bomb = b"a,b\n" + b"x,y\n" * 3_000_000
        small = Limits(memory_bytes=200 * 2**20)
        reading = [read(parser, f"{number}.pdf", a_pdf(f"Bees {number}.")) for number in range(20)]
        *texts, refused = await asyncio.gather(
            *reading, read(parser, "bomb.csv", bomb, small), return_exceptions=True
        )
        assert texts == [f"Bees {number}." for number in range(20)]
        assert isinstance(refused, DocumentTooLarge)
    finally:
        await parser.close()


async def test_when_the_template_dies_the_next_file_gets_a_new_one() -> None:
    parser = ParserProcess()
    try:
        await read(parser, "a.txt", b"Bees.")
        first = parser._template
        assert first is not None
        first.kill()
        await first.wait()
        assert await read(parser, "a.txt", b"Bees again.") == "Bees again."
        assert parser._template is not first
    finally:
        await parser.close()


async def test_a_file_given_up_ends_its_child() -> None:
    parser = ParserProcess()
    try:
        await read(parser, "a.txt", b"Bees.")
        with pytest.raises(DocumentTooLarge, match="took over"):
            await read(parser, "a.csv", b"a,b\n" + b"x,y\n" * 3_000_000, Limits(wall_s=0.2))
        assert parser._template is not None
        children = Path(f"/proc/{parser._template.pid}/task/{parser._template.pid}/children")
        async with asyncio.timeout(10):
            while await asyncio.to_thread(children.read_text):
                await asyncio.sleep(0.01)
    finally:
        await parser.close()
