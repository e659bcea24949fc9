"""What a command says when it fails."""

import asyncio

import pytest
import typer

from backend.cli.running import run
from licensing.errors import AnvilMissing


async def _fail_in_a_group() -> None:
    async def step() -> None:
        raise AnvilMissing("The local chain's program is not installed. Run `make prepare`.")

    async with asyncio.TaskGroup() as group:
        group.create_task(step())


def test_a_step_that_fails_beside_others_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        run(_fail_in_a_group())
    assert ended.value.exit_code == 1
    said = capsys.readouterr().err
    assert said.strip() == "The local chain's program is not installed. Run `make prepare`."


def test_a_fault_of_ours_is_not_hidden() -> None:
    async def fail() -> None:
        raise ExceptionGroup("steps", [AnvilMissing("gone"), ZeroDivisionError()])

    with pytest.raises(ExceptionGroup):
        run(fail())
