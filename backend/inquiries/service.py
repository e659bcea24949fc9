"""Answer what runs ask of people. One answer counts, however many arrive; the run goes on from it, also days later."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from backend.accounts.principal import Principal
from backend.agents import store as agents_store
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.inquiries import store
from backend.inquiries.store import Inquiry
from backend.runs import store as runs_store
from backend.runs.service import Runs
from backend.sealed import SealerFor, open_json, seal_json

log = logging.getLogger("qanat.runs")

MOST_SHOWN = 200
MOST_CHARACTERS = 20_000
LOOK_EVERY_S = 1.0
"""How late a time-out may come."""


@dataclass(frozen=True)
class OpenInquiry:
    inquiry: Inquiry
    agent_name: str
    content: dict[str, Any]
    reply: dict[str, Any] | None
    is_own_run: bool
    """Whether the person asked the agent themselves, and may look at the run."""


class Inquiries:
    """Every method takes who asks; what somebody else is asked is not found."""

    def __init__(self, database: Database, clock: Clock, runs: Runs, *, sealer_for: SealerFor) -> None:
        self._database = database
        self._clock = clock
        self._runs = runs
        self._sealer_for = sealer_for

    async def list_inquiries(self, principal: Principal, *, only_open: bool) -> Sequence[OpenInquiry]:
        """What this person is or was asked, newest first."""
        async with self._database.reading() as connection:
            found = await store.list_of_person(
                connection, principal.user.id, only_open=only_open, limit=MOST_SHOWN
            )
        return [await self._open(inquiry) for inquiry in found]

    async def get(self, principal: Principal, inquiry_id: str) -> OpenInquiry:
        """Raises NotFound."""
        return await self._open(await self._own(principal, inquiry_id))

    async def reply(
        self,
        principal: Principal,
        inquiry_id: str,
        *,
        decision: Literal["approved", "rejected"],
        value: str | None,
        note: str,
    ) -> OpenInquiry:
        """Keep what the person says, once, and let the run go on. `value` None leaves what was to be approved.

        Raises:
            NotFound: nobody asks them this.
            Conflict: it was answered already, or nobody waits any more.
            Invalid: the value may not be changed, or is too long.
        """
        inquiry = await self._own(principal, inquiry_id)
        sealer = await self._sealer_for(inquiry.user_id)
        content = open_json(sealer, inquiry.content, "inquiry", inquiry.id)
        if value is None:
            value = content["value"]
        elif value != content["value"] and not content["may_edit"]:
            raise Invalid("This can be approved or rejected as it is, and not be changed.")
        if len(value) > MOST_CHARACTERS:
            raise Invalid(f"That is longer than {MOST_CHARACTERS:,} characters: shorten it.")
        sealed = seal_json(sealer, {"value": value, "note": note}, "inquiry-reply", inquiry.id)
        if not await self._close(inquiry, decision, sealed):
            raise Conflict(
                _TOO_LATE.get((await self._own(principal, inquiry_id)).state, _TOO_LATE["withdrawn"])
            )
        return await self.get(principal, inquiry_id)

    async def keep_closing(self) -> None:
        """Let runs go on whose time to wait is over. Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.close_overdue()
            except Exception:  # a full disk, most likely: the next time may do
                log.exception("inquiries.not_closed")

    async def close_overdue(self) -> None:
        async with self._database.reading() as connection:
            overdue = await store.list_overdue(connection, self._clock.now())
        for inquiry in overdue:
            await self._close(inquiry, "timed_out", None)

    async def _close(self, inquiry: Inquiry, state: str, reply: bytes | None) -> bool:
        """Whether it was still open. Closing it and waking the run is one step, so that no crash comes between."""
        async with self._database.writing() as connection:
            closed = await store.close(connection, inquiry.id, state=state, reply=reply, at=self._clock.now())
            woken = closed and await runs_store.change_state(
                connection, inquiry.run_id, of="waiting", to="running"
            )
        if woken:
            await self._runs.go_on(inquiry.run_id)
        return closed

    async def _own(self, principal: Principal, inquiry_id: str) -> Inquiry:
        async with self._database.reading() as connection:
            inquiry = await store.find(connection, user_id=principal.user.id, inquiry_id=inquiry_id)
        if inquiry is None:
            raise NotFound("Nobody asks you this.")
        return inquiry

    async def _open(self, inquiry: Inquiry) -> OpenInquiry:
        sealer = await self._sealer_for(inquiry.user_id)
        async with self._database.reading() as connection:
            agent = await agents_store.find_agent(connection, agent_id=inquiry.agent_id)
            run = await runs_store.get_any(connection, inquiry.run_id)
        return OpenInquiry(
            inquiry,
            agent.name if agent else "An agent that was taken away",
            open_json(sealer, inquiry.content, "inquiry", inquiry.id),
            open_json(sealer, inquiry.reply, "inquiry-reply", inquiry.id) if inquiry.reply else None,
            is_own_run=run.user_id == inquiry.user_id,
        )


_TOO_LATE = {
    "approved": "This was approved already; the run went on with that.",
    "rejected": "This was rejected already; the run went on with that.",
    "timed_out": "The time to decide is over; the run went on without you.",
    "withdrawn": "Nobody waits for this any more: the run was stopped.",
}
