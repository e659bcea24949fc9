"""Begin the next pieces of work before the present one is used, in order and never too many at once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")


async def ahead(pieces: Iterable[Callable[[], Awaitable[_T]]], *, at_once: int) -> AsyncGenerator[_T, None]:
    """Each piece's result, in order; up to `at_once` of them are under way at a time.

    Closing it, or an error in a piece, stops those that were begun: use `contextlib.aclosing`.
    """
    waiting = iter(pieces)
    begun: deque[asyncio.Future[_T]] = deque()
    try:
        begun.extend(asyncio.ensure_future(piece()) for piece in islice(waiting, at_once))
        while begun:
            result = await begun[0]
            begun.popleft()
            begun.extend(asyncio.ensure_future(piece()) for piece in islice(waiting, 1))
            yield result
    finally:
        for future in begun:
            future.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
