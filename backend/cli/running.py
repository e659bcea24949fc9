"""Run an async command to its end, and turn what went wrong into words and an exit status."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import typer

from agent_runtime.errors import RuntimeFailure
from backend.cli.connection import CommandFailed
from backend.errors import Problem
from backend.instance import AlreadyRunning
from backend.schema import DataFromLaterVersion
from knowledge_vault.errors import VaultError
from licensing.errors import LicensingError


def run(command: Coroutine[Any, Any, None]) -> None:
    """Wait for the command; 1 and a sentence on standard error when it failed, 130 when it was interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        asyncio.run(command)
    except (
        CommandFailed,
        AlreadyRunning,
        DataFromLaterVersion,
        Problem,
        VaultError,
        LicensingError,
        RuntimeFailure,
    ) as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(130) from None
