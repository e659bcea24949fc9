"""The real product as a child process, for tests that need to start, kill and restart it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
QANAT = [sys.executable, "-m", "backend"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Product:
    """`qanat serve` on a data folder of its own."""

    folder: Path
    """Holds the data folder and, beside it, the root key."""
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    _cookies: dict[str, str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "QANAT_DATA_DIR": str(self.data_dir),
            "QANAT_ROOT_KEY_FILE": str(self.folder / "root.key"),
            "QANAT_PORT": str(self.port),
            "QANAT_LOAD_SAMPLE": "false",
            "OMP_NUM_THREADS": "1",
            **self.settings,
        }

    def start(self, *, timeout_s: float = 120) -> float:
        """Start and wait for the ready line; how many seconds it took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*QANAT, "serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        while time.monotonic() - began < timeout_s:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{self.log.read_text()[-4000:]}")
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return time.monotonic() - began
            time.sleep(0.05)
        raise TimeoutError(f"the server was not ready in time:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """`kill -9`, as a power cut would."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ctrl-C; the exit status."""
        if self.process is None or self.process.poll() is not None:
            return 0
        os.kill(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=30)

    def claim_token(self) -> str:
        """The token of the sign-in link that the server printed last."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            links = re.findall(r"/welcome#token=([\w-]+)", self.log.read_text())
            if links:
                return str(links[-1])
            time.sleep(0.05)
        raise TimeoutError("the server printed no sign-in link")

    def owner(self) -> httpx.Client:
        """A client signed in as the first user, as a browser would be."""
        client = httpx.Client(base_url=self.url, headers={"X-Qanat": "1"}, timeout=120)
        response = client.post("/api/session/claim", json={"token": self.claim_token()})
        response.raise_for_status()
        self._cookies = dict(client.cookies)
        return client

    def owner_again(self) -> httpx.Client:
        """As `owner`, any number of times: with the session that the first sign-in gave."""
        if self._cookies is None:
            client = self.owner()
            self._cookies = dict(client.cookies)
            return client
        return httpx.Client(base_url=self.url, headers={"X-Qanat": "1"}, cookies=self._cookies, timeout=120)

    def run(
        self, *arguments: str, timeout_s: float = 180, typed: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A `qanat` command on this data folder; `typed` is what it reads from standard input."""
        return subprocess.run(
            [*QANAT, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            input=typed,
            timeout=timeout_s,
            check=False,
        )

    def run_json(self, *arguments: str) -> dict[str, object]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        document: dict[str, object] = json.loads(done.stdout)
        return document
