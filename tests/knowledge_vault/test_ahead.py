"""Work that is begun ahead comes back in order, and stops when nobody waits for it any more."""

import asyncio
from contextlib import aclosing

import pytest

from knowledge_vault.ahead import ahead


async def test_results_come_in_order_and_few_are_under_way() -> None:
    under_way = most = 0

    def piece(number: int):  # type: ignore[no-untyped-def]
        async def work() -> int:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            for _ in range(10 - number):
                await asyncio.sleep(0)
            under_way -= 1
            return number

        return work

    async with aclosing(ahead([piece(number) for number in range(10)], at_once=3)) as results:
        assert [result async for result in results] == list(range(10))
    assert most == 3


async def test_what_was_begun_is_stopped_when_one_fails_or_nobody_waits() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("stopped")

    async def fail() -> None:
        raise ZeroDivisionError

    async def use() -> None:
        async with aclosing(ahead([fail, endless], at_once=2)) as results:
            async for _ in results:
                raise AssertionError("a piece that failed gave a result")

    with pytest.raises(ZeroDivisionError):
        await use()
    assert ended == ["stopped"]
