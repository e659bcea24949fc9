"""Server-sent events: how a run's events travel to a page."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi.responses import StreamingResponse

PING_EVERY_S = 15.0


def frame(event: str, data: Mapping[str, Any]) -> bytes:
    """One event as the WHATWG HTML standard's event stream writes it; the data is one line of JSON."""
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def with_pings(frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The frames, with a comment every 15 quiet seconds so that no proxy closes the line."""
    iterator = frames.__aiter__()
    pending: asyncio.Future[bytes] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(iterator))
            done, _ = await asyncio.wait({pending}, timeout=PING_EVERY_S)
            if not done:
                yield b": ping\n\n"
                continue
            try:
                chunk = pending.result()
            except StopAsyncIteration:
                return
            pending = None
            yield chunk
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.gather(pending, return_exceptions=True)
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


def stream(frames: AsyncIterator[bytes], *, media_type: str = "text/event-stream") -> StreamingResponse:
    """A response that nobody between us and the page may hold back or store."""
    return StreamingResponse(
        with_pings(frames),
        media_type=media_type,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
