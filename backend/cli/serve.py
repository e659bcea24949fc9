"""`qanat serve`: start everything, say how to sign in, stop cleanly."""

import asyncio
import logging
import resource
import secrets
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
import uvicorn

from backend.cli.connection import CommandFailed
from backend.cli.keys import show_recovery_key
from backend.cli.running import run
from backend.instance import announced, only_instance
from backend.settings import Settings

log = logging.getLogger("qanat.server")


def serve() -> None:
    """Serve the product. Settings come from the environment: see docs/settings.md."""
    run(_serve(Settings()))


async def _serve(settings: Settings) -> None:
    from backend import first_run
    from backend.app import create_app
    from backend.wiring import running

    started = time.monotonic()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("qanat").setLevel(settings.log_level)
    boot_id = secrets.token_hex(8)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not write the keys in memory to the disk
    with only_instance(settings.data_dir):
        say(f"starting Qanat with the data in {settings.data_dir}")
        async with running(settings, boot_id=boot_id) as services:
            operator = await first_run.ensure_operator(services)
            if settings.load_sample:
                await first_run.ensure_sample(services, operator, say)
            link = None
            if operator.email is None and operator.wallet == "managed":
                link = await services.accounts.make_claim_link(operator)
            app = create_app(settings, services)
            server = _Server(
                uvicorn.Config(
                    app,
                    host=settings.host,
                    port=settings.port,
                    log_level="warning",
                    timeout_graceful_shutdown=5,
                    lifespan="off",
                ),
                on_stop=services.runs.stop,
            )
            serving = asyncio.create_task(server.serve())
            listening = asyncio.create_task(server.listening.wait())
            await asyncio.wait({serving, listening}, return_when=asyncio.FIRST_COMPLETED)
            listening.cancel()
            if serving.done():
                raise CommandFailed(
                    f"Cannot listen on {settings.host}:{settings.port}. "
                    "Is another program using it? Choose another with QANAT_PORT."
                )
            port = server.servers[0].sockets[0].getsockname()[1]
            url = f"http://{settings.host}:{port}"
            with announced(settings.data_dir, url=url, boot_id=boot_id):
                waiting_for = [part.detail for part in await services.parts() if not part.ready]
                took_s = time.monotonic() - started
                greet(settings.public_url or url, link, took_s=took_s, waiting_for=waiting_for)
                if not (await services.root.keeping()).recovery_shown:
                    show_recovery_key(await services.root.new_recovery())
                    await services.root.recovery_was_shown()
                await serving
            say("stopping")
    typer.echo("Stopped; everything is kept.")


def say(text: str) -> None:
    typer.echo(f"  {text}")


def greet(origin: str, link: str | None, *, took_s: float, waiting_for: Sequence[str]) -> None:
    """The ready line, what is not there yet (as `/readyz` tells it), and how to sign in."""
    typer.secho(f"\nQanat is ready at {origin} (in {took_s:.1f} s)", bold=True)
    for detail in waiting_for:
        typer.echo(f"  Not yet: {detail}.")
    if link:
        typer.echo(f"  Sign in as the owner, once: {origin}/welcome#token={link}")
    else:
        typer.echo("  Sign in with your e-mail and password, or with your wallet.")
    typer.echo('  Ask from another terminal: qanat ask sample "How deep is the mother well?"')
    typer.echo("  Stop with Ctrl-C.")


class _Server(uvicorn.Server):
    """Says when it listens, and ends on the first SIGINT or SIGTERM so that everything is closed in order."""

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._stopping: asyncio.Future[None] | None = None
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True
        # before connections are closed: runs let go of, and not given up by those who listen
        self._stopping = asyncio.ensure_future(self._on_stop())
