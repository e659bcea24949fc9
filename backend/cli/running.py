"""Run an async command to its end, and turn what went wrong into words and an exit status."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any, NoReturn

import typer

from agent_runtime.errors import RuntimeFailure
from backend.cli.connection import CommandFailed
from backend.errors import Problem
from backend.instance import AlreadyRunning
from backend.refused import DatabaseRefused, DataFromLaterVersion
from knowledge_vault.errors import VaultError
from licensing.errors import LicensingError

_SAID_PLAINLY = (
    CommandFailed,
    AlreadyRunning,
    DataFromLaterVersion,
    DatabaseRefused,
    Problem,
    VaultError,
    LicensingError,
    RuntimeFailure,
)


def run(command: Coroutine[Any, Any, None]) -> None:
    """Wait for the command; 1 and a sentence on standard error when it failed, 130 when it was interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        asyncio.run(command)
    except _SAID_PLAINLY as error:
        _fail(error)
    except ExceptionGroup as group:  # of steps that ran side by side
        known, others = group.split(_SAID_PLAINLY)
        if known is None or others is not None:
            raise
        _fail(*_leaves(known))
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(130) from None


def _fail(*errors: Exception) -> NoReturn:
    for error in errors:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
    raise typer.Exit(1) from None


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
