"""Read a file in a child process of its own: what goes wrong in there ends that child and nothing else.

A child starts in 0.1 to 0.3 s, so none is kept warm: no document ever meets a process that saw another one.
"""

import asyncio
import contextlib
import dataclasses
import json
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from knowledge_vault import errors
from knowledge_vault.errors import (
    DocumentEmpty,
    DocumentRefused,
    DocumentTooLarge,
    DocumentUnreadable,
    VaultUnavailable,
)
from knowledge_vault.parsing.kinds import Kind
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.values import Limits

_ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from knowledge_vault.parsing.worker import main; main()"
)
_WITH_REASON = ("DocumentTooLarge", "DocumentUnreadable")
_WITHOUT_REASON = ("DocumentLocked", "DocumentWithoutText")


class ParserProcess:
    """The `Parser` of the product."""

    def __init__(self) -> None:
        self._running: set[asyncio.subprocess.Process] = set()

    async def parse(self, content: bytes, *, name: str, kind: Kind, limits: Limits) -> Parsed:
        if not content:
            raise DocumentEmpty(name)
        job = {"name": name, "media_type": kind.media_type, "limits": dataclasses.asdict(limits)}
        with TemporaryDirectory(prefix="qanat-parse-") as folder:
            output, status = await self._run(json.dumps(job).encode() + b"\n", content, name, limits, folder)
        head, _, body = output.partition(b"\n")
        try:
            answer = json.loads(head)
            if "parsed" in answer:
                return Parsed.from_json(body)
        except (ValueError, KeyError, TypeError) as error:
            raise _stopped(name, status, limits) from error
        raise _refusal(name, answer, limits)

    async def close(self) -> None:
        """End the children that are still reading."""
        for child in list(self._running):
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def _run(
        self, head: bytes, content: bytes, name: str, limits: Limits, folder: str
    ) -> tuple[bytes, int]:
        try:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-c", _START, str(_ROOT)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # it might quote the document
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder, "TMPDIR": folder},
                start_new_session=True,
            )
        except OSError as error:
            raise VaultUnavailable("The parser process could not be started; try again.") from error
        self._running.add(child)
        try:
            async with asyncio.timeout(limits.wall_s):
                output = await _talk(child, head, content, most=4 * limits.text_characters + 1_000_000)
        except TimeoutError as error:
            raise DocumentTooLarge(
                name, reason=f"reading it took over {limits.wall_s:.0f} seconds"
            ) from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            status = await child.wait()
            self._running.discard(child)
        return output, status


async def _talk(child: asyncio.subprocess.Process, head: bytes, content: bytes, *, most: int) -> bytes:
    """Send the job, collect the answer; ends early when the answer grows past `most` bytes."""
    assert child.stdin is not None
    assert child.stdout is not None

    async def send(stdin: asyncio.StreamWriter) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for data in (head, content):
                stdin.write(data)
                await stdin.drain()
            stdin.close()

    sending = asyncio.create_task(send(child.stdin))
    parts: list[bytes] = []
    size = 0
    try:
        while size <= most and (part := await child.stdout.read(1 << 20)):
            parts.append(part)
            size += len(part)
        if size <= most:
            await child.wait()
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
    return b"".join(parts)


def _refusal(name: str, answer: dict[str, str], limits: Limits) -> DocumentRefused:
    refused, reason = answer.get("refused", ""), answer.get("reason", "")
    if refused in _WITH_REASON:
        error: DocumentRefused = getattr(errors, refused)(name, reason=reason)
        return error
    if refused in _WITHOUT_REASON:
        plain: DocumentRefused = getattr(errors, refused)(name)
        return plain
    return DocumentTooLarge(
        name, reason=f"reading it took over {limits.memory_bytes // 2**20:,} MiB of memory"
    )


def _stopped(name: str, status: int, limits: Limits) -> DocumentRefused:
    """Why a child that gave no proper answer ended."""
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return DocumentTooLarge(name, reason=f"reading it took over {limits.cpu_s} seconds of computing")
    if status == -signal.SIGABRT:
        return DocumentTooLarge(
            name, reason=f"reading it took over {limits.memory_bytes // 2**20:,} MiB of memory"
        )
    return DocumentUnreadable(name, reason="the reader stopped on it")
