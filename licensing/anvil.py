"""The local chain: one anvil process of our own, whose state outlives it.

Anvil writes its state only when it ends well, and not atomically. So we ask it for its state after every
transaction of ours and put it on disk ourselves: written aside, synced, renamed. What a caller was told
happened is on disk; a block that is not yet is never called final, so that a `kill -9` looks to the indexer
like a reorganisation of the last blocks and to a sender like a transaction to send again.

The process has no accounts of its own (anvil's well-known keys own nothing here), listens on 127.0.0.1 only,
answers no page of another origin, and dies with us.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from licensing.errors import AnvilMissing, ChainUnavailable
from licensing.rpc import Rpc

CHAIN_ID = 31337
_NODE_MODULES = Path(__file__).parent / "contracts" / "node_modules"
PRUNED = ("--prune-history",)
"""Keeps no state of past blocks: nobody asks for it, and it would grow for ever."""
_START_TIMEOUT_S = 20.0
_libc = ctypes.CDLL(None, use_errno=True)


def find_anvil(*folders: Path) -> Path:
    """The native program that the npm package brings; its Node wrapper would stand between us and the
    process.
    """
    for folder in (*folders, _NODE_MODULES):
        for program in sorted(folder.glob("@foundry-rs/anvil-*/bin/anvil")):
            if os.access(program, os.X_OK):
                return program
    raise AnvilMissing(
        "The local chain's program is not installed. Run `make prepare`, or name another chain."
    )


class LocalChain:
    """Starts, loads, saves and stops anvil. One process at a time on one folder."""

    def __init__(
        self, folder: Path, *, program: Path, port: int | None = None, options: Sequence[str] = PRUNED
    ) -> None:
        """`options` are anvil's own, beside those that make it ours."""
        self.folder, self.program = folder, program
        self.port = port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.rpc = Rpc(self.url)
        self.durable_number = -1
        """The newest block whose state is on disk."""
        self._options = list(options)
        self._process: subprocess.Popen[bytes] | None = None
        self._saving = asyncio.Lock()
        self._lock: IO[str] | None = None

    @property
    def state_file(self) -> Path:
        return self.folder / "anvil-state.gz"

    @property
    def is_new(self) -> bool:
        """True when nothing was ever saved here."""
        return not self.state_file.exists()

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process else None

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start the process, load what was saved, and return when it answers.

        Raises:
            ChainUnavailable: it ended at once or did not answer in time; the message carries its last words.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock_folder()
        log = self.folder / "anvil.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # must be this thread: the child dies with its parent thread
                [
                    self.program,
                    *("--host", "127.0.0.1", "--port", str(self.port), "--chain-id", str(CHAIN_ID)),
                    *("--accounts", "0", "--slots-in-an-epoch", "1", "--quiet", "--no-cors"),
                    *("--disable-default-create2-deployer", "--enable-tx-gas-limit", *self._options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                preexec_fn=_die_with_parent,  # one async-signal-safe system call
                start_new_session=True,
            )
        deadline = asyncio.get_running_loop().time() + _START_TIMEOUT_S
        while True:
            try:
                await self.rpc.call("eth_chainId")
                break
            except ChainUnavailable:
                if not self.alive() or asyncio.get_running_loop().time() > deadline:
                    await self._kill()
                    words = log.read_text(errors="replace").strip()[-500:] or "it said nothing"
                    raise ChainUnavailable(f"the local chain did not start: {words}") from None
            await asyncio.sleep(0.02)
        if not self.is_new:
            state = await asyncio.to_thread(self.state_file.read_bytes)
            await self.rpc.call("anvil_loadState", "0x" + state.hex())
            self.durable_number = await self._number()

    async def fund(self, address: str, wei: int) -> None:
        """Give `address` gas out of nothing; durable with the next `make_durable`."""
        await self.rpc.call("anvil_setBalance", address, hex(wei))
        self.durable_number = -1

    async def make_durable(self) -> int:
        """Put the chain's present state on disk and return the newest block it holds.

        A dump that a block came in between may hold half of it: such a dump is thrown away and taken again.
        """
        async with self._saving:
            while True:
                before = await self._number()
                if before == self.durable_number:
                    return before
                dump = await self.rpc.call("anvil_dumpState")
                pool = await self.rpc.call("txpool_status")
                if before == await self._number() and int(pool["pending"], 16) == 0:
                    break
                await asyncio.sleep(0.01)
            await asyncio.to_thread(_write_atomically, self.state_file, bytes.fromhex(dump[2:]))
            self.durable_number = before
            return before

    async def stop(self) -> None:
        """Save and end the process; a process that is dead already has nothing more to save."""
        if self.alive():
            with contextlib.suppress(ChainUnavailable):
                await asyncio.wait_for(self.make_durable(), 30)
        await self._kill()
        await self.rpc.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _lock_folder(self) -> None:
        if self._lock is not None:
            return
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ChainUnavailable(
                "another Qanat process works in this data folder; stop it, or use its address"
            ) from None
        self._lock = lock

    async def _number(self) -> int:
        return int(await self.rpc.call("eth_blockNumber"), 16)

    async def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)  # our own dump is the state; anvil has nothing to add
            await asyncio.to_thread(self._process.wait)


def _die_with_parent() -> None:
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_atomically(path: Path, content: bytes) -> None:
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
