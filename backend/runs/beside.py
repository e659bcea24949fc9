"""What is kept beside a run in the very transactions that begin and end it, found again by name after a restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.runs.handle import Answered, RunFailed
from backend.sealed import Sealer


@dataclass(frozen=True)
class Beside:
    """Who keeps something beside a run, and the ids they need for it: plain words, stored with the run."""

    keeper: str
    facts: Mapping[str, str]


class Keeper(Protocol):
    """Keeps questions and answers where people look for them. Each method is part of the caller's transaction."""

    async def begin(
        self,
        connection: AsyncConnection,
        sealer: Sealer,
        facts: Mapping[str, str],
        *,
        run_id: str,
        question: str,
    ) -> None:
        """Keep the question and the place of its answer."""

    async def wait(self, connection: AsyncConnection, sealer: Sealer, facts: Mapping[str, str]) -> None:
        """The run waits for a person."""

    async def go_on(self, connection: AsyncConnection, sealer: Sealer, facts: Mapping[str, str]) -> None:
        """It waits no longer."""

    async def finish(
        self,
        connection: AsyncConnection,
        sealer: Sealer,
        facts: Mapping[str, str],
        outcome: Answered | RunFailed,
    ) -> None:
        """Keep how the run ended."""
