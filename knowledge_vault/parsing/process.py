"""Read each file in a child process of its own: what goes wrong in there ends that child and nothing else.

The children are forked from one template process (`template.py`), started at the first file and ended when nothing has
been read for a while.
"""

import asyncio
import contextlib
import dataclasses
import json
import signal
import socket
import sys
from collections.abc import AsyncIterable, Callable
from pathlib import Path

from knowledge_vault import errors
from knowledge_vault.errors import (
    DocumentRefused,
    DocumentTooLarge,
    DocumentUnreadable,
    VaultUnavailable,
)
from knowledge_vault.parsing.kinds import PDF, Kind
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.parsing.template import STATUS
from knowledge_vault.parsing.worker import OUT_OF_MEMORY
from knowledge_vault.values import Limits

_ROOT = Path(__file__).resolve().parents[2]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from knowledge_vault.parsing.template import main; main()"
)
_WITH_REASON = ("DocumentTooLarge", "DocumentUnreadable", "DocumentWithoutText")
_WITHOUT_REASON = ("DocumentEmpty", "DocumentLocked", "DocumentKindUnknown")
_PIECE = 1 << 20
_LONGEST_LINE = 100_000
_GAVE_NOTHING = 1
_IDLE_S = 60.0
_TRIES = 2

Progress = Callable[[float], None]


class ParserProcess:
    """The `Parser` of the product."""

    def __init__(self) -> None:
        self._template: asyncio.subprocess.Process | None = None
        self._orders: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._running = 0
        self._idle: asyncio.TimerHandle | None = None

    async def parse(
        self,
        content: AsyncIterable[bytes],
        *,
        name: str,
        kind: Kind,
        limits: Limits,
        progress: Progress | None = None,
    ) -> Parsed:
        job = {"name": name, **dataclasses.asdict(kind), "limits": dataclasses.asdict(limits)}
        wall_s = limits.wall_s + (limits.recognition_s if kind.media_type == PDF else 0)
        self._running += 1
        if self._idle is not None:
            self._idle.cancel()
        try:
            async with asyncio.timeout(wall_s):
                head, body, status = await self._read(
                    json.dumps(job).encode() + b"\n", content, limits, progress or _ignore
                )
        except TimeoutError as error:
            raise DocumentTooLarge(name, reason=f"reading it took over {wall_s:.0f} seconds") from error
        finally:
            self._running -= 1
            if self._running == 0:
                self._idle = asyncio.get_running_loop().call_later(_IDLE_S, self._let_go)
        try:
            answer = json.loads(head)
            if "parsed" in answer:
                return await asyncio.to_thread(Parsed.from_json, body)
        except (ValueError, KeyError, TypeError) as error:
            raise _stopped(name, status, limits) from error
        raise _refusal(name, answer)

    async def close(self) -> None:
        """End the template, and with it the children that are still reading."""
        if self._idle is not None:
            self._idle.cancel()
        template = self._template
        self._let_go()
        if template is not None:
            with contextlib.suppress(ProcessLookupError):
                template.kill()
            await template.wait()

    def _let_go(self) -> None:
        """The template ends by itself when nobody can give it orders."""
        if self._orders is not None:
            self._orders.close()
        self._orders = self._template = None

    async def _read(
        self, job: bytes, content: AsyncIterable[bytes], limits: Limits, progress: Progress
    ) -> tuple[bytes, bytes, int]:
        """The line that says how it went, what follows it, and the child's exit status."""
        line = await self._line()
        sending = asyncio.create_task(_send(line, job, content))
        answer = _Answer(line)
        try:
            head = await answer.line()
            while (share := _progress_of(head)) is not None:
                progress(share)
                head = await answer.line()
            rest = await answer.rest(most=6 * limits.text_characters + 1_000_000)
            if sending.done():
                sending.result()  # the original could not be read to its end
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            line.close()  # the template ends the child that still reads
        if len(rest) < STATUS.size:
            return head, rest, _GAVE_NOTHING
        (status,) = STATUS.unpack(rest[-STATUS.size :])
        return head, rest[: -STATUS.size], status

    async def _line(self) -> socket.socket:
        """A line to a child that was just forked.

        Raises:
            VaultUnavailable: the template cannot be started.
        """
        for _ in range(_TRIES):
            orders = await self._started()
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            try:
                with theirs:
                    socket.send_fds(orders, [b"read"], [theirs.fileno()])
            except OSError:  # it died, killed by whoever watches over memory
                ours.close()
                self._let_go()
                continue
            return ours
        raise VaultUnavailable("The parser process could not be started; try again.")

    async def _started(self) -> socket.socket:
        async with self._starting:
            if self._orders is not None:
                return self._orders
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                with theirs:
                    self._template = await asyncio.create_subprocess_exec(
                        *(sys.executable, "-I", "-c", _START, str(_ROOT)),
                        stdin=theirs.fileno(),
                        stdout=asyncio.subprocess.DEVNULL,
                        stderr=asyncio.subprocess.DEVNULL,  # it might quote the document
                        cwd="/",
                        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"},
                        start_new_session=True,
                    )
            except OSError as error:
                ours.close()
                raise VaultUnavailable("The parser process could not be started; try again.") from error
            self._orders = ours
            return ours


async def _send(line: socket.socket, job: bytes, content: AsyncIterable[bytes]) -> None:
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(line, job)
        async for piece in content:
            await loop.sock_sendall(line, piece)
    except (BrokenPipeError, ConnectionResetError):
        return  # the child has answered, or ended, without reading to the end
    finally:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_WR)


class _Answer:
    """What a child says: first lines, then the rest, of which the last bytes are its exit status."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._waiting = b""

    async def line(self) -> bytes:
        """The next line; empty when the child ended before it was whole."""
        while b"\n" not in self._waiting[:_LONGEST_LINE]:
            piece = await self._more()
            if not piece or len(self._waiting) > _LONGEST_LINE:
                return b""
            self._waiting += piece
        head, _, self._waiting = self._waiting.partition(b"\n")
        return head

    async def rest(self, *, most: int) -> bytes:
        """All that follows; cut off soon after `most` bytes."""
        parts = [self._waiting]
        size = len(self._waiting)
        while size <= most and (piece := await self._more()):
            parts.append(piece)
            size += len(piece)
        return b"".join(parts)

    async def _more(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self._line, _PIECE)
        except (
            ConnectionResetError
        ):  # it ended with some of the file unread; what it had said came before this
            return b""


def _progress_of(head: bytes) -> float | None:
    try:
        share = json.loads(head).get("progress")
    except (ValueError, AttributeError):
        return None
    return min(1.0, max(0.0, float(share))) if isinstance(share, int | float) else None


def _refusal(name: str, answer: dict[str, str]) -> DocumentRefused:
    refused, reason = answer.get("refused", ""), answer.get("reason", "")
    if refused in _WITH_REASON:
        error: DocumentRefused = getattr(errors, refused)(name, reason=reason)
        return error
    if refused in _WITHOUT_REASON:
        plain: DocumentRefused = getattr(errors, refused)(name)
        return plain
    return DocumentUnreadable(name, reason="the reader stopped on it")


def _stopped(name: str, status: int, limits: Limits) -> DocumentRefused:
    """Why a child that gave no proper answer ended."""
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return DocumentTooLarge(name, reason=f"reading it took over {limits.cpu_s} seconds of computing")
    if status in (-signal.SIGABRT, OUT_OF_MEMORY):
        return DocumentTooLarge(
            name, reason=f"reading it took over {limits.memory_bytes // 2**20:,} MiB of memory"
        )
    return DocumentUnreadable(name, reason="the reader stopped on it")


def _ignore(_share: float) -> None:
    """For callers who do not want to know."""
