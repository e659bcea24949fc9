"""A run as server-sent events."""

from collections.abc import AsyncGenerator

from backend.runs.handle import RunHandle
from backend.sse import frame


async def watch(handle: RunHandle) -> AsyncGenerator[bytes]:
    """Every event of the run, for somebody who only looks on: it does not end when they leave."""
    async for event, data in handle.events():
        yield frame(event, data)


async def follow(handle: RunHandle) -> AsyncGenerator[bytes]:
    """Every event of the run; when its last listener leaves, the run is stopped and costs nothing."""
    events = handle.events()
    try:
        async for event, data in events:
            yield frame(event, data)
    finally:
        await events.aclose()
        if not handle.listeners:
            handle.cancel()
