"""Follows the chain: every block once, checked against its parent, its events stored and folded into the view.

Polling is the truth. A block whose parent is not the one we have means that blocks vanished: we walk back
to the last block that is still there, forget what came after, and go on. What lies below the final block is
never forgotten; a chain that denies it is another chain, and we stop granting.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from licensing.abi import Event
from licensing.chain import Chain, Header
from licensing.errors import ChainUnavailable
from licensing.ports import Database
from licensing.tables import blocks, logs
from licensing.values import Block
from licensing.view import OverlayBlock, View

log = logging.getLogger("qanat.licensing")
_BY_RANGE = 500
"""Blocks asked for at once while catching up far below the head."""
_KEEP_FINAL_BLOCKS = 1000
_PATIENCE_S = 60.0

OnFinal = Callable[[AsyncConnection, Sequence[Event]], Awaitable[None]]
"""Called in the transaction that makes blocks final, with their events."""


class Indexer:
    """Moves one view along one chain."""

    def __init__(
        self,
        chain: Chain,
        database: Database,
        view: View,
        *,
        finality: Callable[[int], Awaitable[int]],
        on_final: OnFinal,
        is_idle: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """`finality` tells from the head's number which block is final. `is_idle` belongs to a chain that makes
        blocks only when there is something to put in: an unmoved head is then a sign of life while it is
        idle.
        """
        self._chain, self._database, self._view = chain, database, view
        self._finality, self._on_final, self._is_idle = finality, on_final, is_idle
        self._stepping = asyncio.Lock()
        self._wake = asyncio.Event()

    async def load(self, first_block: int) -> None:
        """Fold what is stored; `first_block` is where a chain never followed before begins."""
        async with self._database.reading() as connection:
            known = list(await connection.execute(select(blocks).order_by(blocks.c.number)))
            stored = list(
                await connection.execute(select(logs).order_by(logs.c.block_number, logs.c.log_index))
            )
        hashes = {row.number: row.hash for row in known}
        final = [row for row in known if row.final]
        newest = final[-1] if final else None
        border = newest.number if newest else first_block - 1
        events = [
            Event(
                contract=row.contract,
                name=row.event,
                arguments=json.loads(row.arguments),
                block_number=row.block_number,
                block_hash=hashes.get(row.block_number, ""),
                log_index=row.log_index,
                transaction_hash=row.transaction_hash,
            )
            for row in stored
        ]
        base = Block(border, newest.hash if newest else "", newest.timestamp if newest else 0)
        self._view.load_final(base, [event for event in events if event.block_number <= border])
        self._view.extend(
            [
                OverlayBlock(
                    Block(row.number, row.hash, row.timestamp),
                    tuple(event for event in events if event.block_number == row.number),
                )
                for row in known
                if not row.final
            ]
        )

    async def step(self) -> bool:
        """Look at the chain once and follow it to its head. True when something moved.

        Raises:
            ChainUnavailable: no answer, or a chain that denies what was final; the view's age goes on
            growing.
        """
        async with self._stepping:
            try:
                moved = await self._step()
            except ChainUnavailable as error:
                self._view.silent(str(error.facts.get("problem", "no answer")))
                raise
        return moved

    async def wait_for(self, block_number: int, block_hash: str) -> None:
        """Return when the view knows the block (or the head that replaced it)."""
        give_up_at = asyncio.get_running_loop().time() + _PATIENCE_S
        while self._view.head.block.number < block_number:
            await self.step()
            if self._view.head.block.number < block_number:
                if asyncio.get_running_loop().time() > give_up_at:
                    raise ChainUnavailable(f"block {block_number} does not arrive")
                await asyncio.sleep(0.02)
        if self._view.head.block.number == block_number and self._view.head.block.hash != block_hash:
            await self.step()

    async def run(self, interval_s: float) -> None:
        """Follow for ever; an outage is waited out."""
        while True:
            try:
                await self.step()
            except ChainUnavailable as error:
                log.info("licensing.chain_silent", extra={"reason": str(error)})
            except Exception:  # whatever it was must not end the following: the view ages, and tells
                log.exception("licensing.step_failed")
                self._view.silent("the last block could not be read")
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), interval_s)

    def wake(self) -> None:
        """Look now instead of at the next interval."""
        self._wake.set()

    # --- one step

    async def _step(self) -> bool:
        view = self._view
        head = await self._chain.header("latest")
        if head is None:
            raise ChainUnavailable("the chain has no blocks")
        first_look = view.last_sign_at == 0.0
        if head.block.hash == view.head.block.hash:
            await self._tell_life(head, moved=False, first_look=first_look)
            return await self._finalize(head.block.number)
        ancestor = await self._common_ancestor(head.block.number)
        additions = await self._additions(ancestor, head)
        await self._store(ancestor, additions)
        if ancestor < view.head.block.number:
            view.drop_after(ancestor)
        view.extend(additions)
        await self._tell_life(head, moved=bool(additions), first_look=first_look)
        await self._finalize(head.block.number)
        return True

    async def _tell_life(self, head: Header, *, moved: bool, first_look: bool) -> None:
        if self._is_idle is not None:
            if moved or await self._is_idle():
                self._view.alive()
        elif first_look:
            self._view.alive(float(head.block.timestamp))
        elif moved:
            self._view.alive()

    async def _common_ancestor(self, head_number: int) -> int:
        """The newest block of ours that the chain still has."""
        for entry in reversed(self._view.overlay):
            if entry.block.number <= head_number:
                there = await self._chain.header(entry.block.number)
                if there is not None and there.block.hash == entry.block.hash:
                    return entry.block.number
        final = self._view.final.block
        if final.hash:
            there = await self._chain.header(final.number)
            if there is None or there.block.hash != final.hash:
                raise ChainUnavailable(f"the chain denies block {final.number}, which was final")
        return final.number

    async def _additions(self, ancestor: int, head: Header) -> list[OverlayBlock]:
        additions: list[OverlayBlock] = []
        number = ancestor + 1
        final = await self._finality(head.block.number)
        while number + _BY_RANGE < min(final, head.block.number):
            additions += await self._final_range(number, number + _BY_RANGE - 1)
            number += _BY_RANGE
        before = additions[-1].block.hash if additions else self._hash_at(ancestor)
        while number <= head.block.number:
            header = head if number == head.block.number else await self._chain.header(number)
            events = await self._chain.events_of_block(header.block.hash) if header else None
            if header is None or events is None or (before and header.parent_hash != before):
                break  # it vanished while we looked: what we have so far stands, the next look goes on
            additions.append(OverlayBlock(header.block, tuple(events)))
            before, number = header.block.hash, number + 1
        return additions

    async def _final_range(self, first: int, last: int) -> list[OverlayBlock]:
        """Only the blocks with events of ours, and the last one."""
        found: dict[int, list[Event]] = {last: []}
        for event in await self._chain.events_between(first, last):
            found.setdefault(event.block_number, []).append(event)
        result = []
        for number in sorted(found):
            header = await self._chain.header(number)
            if header is None:
                raise ChainUnavailable(f"the chain lost block {number} while we read it")
            result.append(OverlayBlock(header.block, tuple(found[number])))
        return result

    def _hash_at(self, number: int) -> str:
        for entry in self._view.overlay:
            if entry.block.number == number:
                return entry.block.hash
        return self._view.final.block.hash

    async def _store(self, ancestor: int, additions: Sequence[OverlayBlock]) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(logs).where(logs.c.block_number > ancestor))
            await connection.execute(delete(blocks).where(blocks.c.number > ancestor))
            for entry in additions:
                await connection.execute(
                    insert(blocks).values(
                        number=entry.block.number,
                        hash=entry.block.hash,
                        timestamp=entry.block.timestamp,
                        final=0,
                    )
                )
                for event in entry.events:
                    await connection.execute(
                        insert(logs).values(
                            block_number=event.block_number,
                            log_index=event.log_index,
                            contract=event.contract,
                            event=event.name,
                            arguments=json.dumps(dict(event.arguments)),
                            transaction_hash=event.transaction_hash,
                        )
                    )

    async def _finalize(self, head_number: int) -> bool:
        border = min(await self._finality(head_number), head_number)
        ready = [entry for entry in self._view.overlay if entry.block.number <= border]
        if not ready:
            return False
        events = [event for entry in ready for event in entry.events]
        newest = ready[-1].block.number
        async with self._database.writing() as connection:
            await connection.execute(update(blocks).where(blocks.c.number <= newest).values(final=1))
            await connection.execute(delete(blocks).where(blocks.c.number < newest - _KEEP_FINAL_BLOCKS))
            await self._on_final(connection, events)
        self._view.finalize(newest)
        return True
