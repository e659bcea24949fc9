"""A run as server-sent events."""

from collections.abc import AsyncIterator

from backend.runs.handle import RunHandle
from backend.sse import frame


async def follow(handle: RunHandle) -> AsyncIterator[bytes]:
    """Every event of the run; when the listener leaves, the run is stopped and costs nothing."""
    try:
        async for event, data in handle.events():
            yield frame(event, data)
    finally:
        handle.cancel()
