"""Keep where a run has got to only as often as losing it would cost something.

Between the engine and `SealedCheckpoints` this holds the newest checkpoint of one run, or of one round of it, in
memory. It is written down when a step has ended that is not to be done again: one that asked a model, searched or
acted. A step that only rearranges values (`NodeKind.is_quick`) is done again in less time than keeping it takes, so
what only such steps did is written with the next one that counts. A step that ends while others beside it are still
at work is written at once; the last of them with the checkpoint that follows it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig

from agent_runtime.checkpoints import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    SealedCheckpoints,
)


@dataclass
class Worth:
    """What the steps of one scope tell about themselves, as they begin and end."""

    at_work: int = 0
    """How many are under way now."""
    is_due: bool = False
    """Whether one has ended since the last writing that is not to be done again."""


class KeepsWhatCounts(BaseCheckpointSaver[int]):
    """The saver of one run, or one round, for one trip through the engine."""

    def __init__(self, below: SealedCheckpoints, worth: Worth, *, is_new: bool) -> None:
        """`is_new`: nothing is kept of it yet, so that nothing needs to be looked for."""
        super().__init__(serde=below.serde)
        self._is_new = is_new
        self._below = below
        self._worth = worth
        self._held: tuple[RunnableConfig, Checkpoint, CheckpointMetadata, ChannelVersions] | None = None
        self._newest: str | None = None
        self._writes: list[tuple[RunnableConfig, Sequence[tuple[str, Any]], str, str]] = []
        self._one_at_a_time = asyncio.Lock()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        if self._is_new:
            return None
        found = await self._below.aget_tuple(config)
        if found:
            self._newest = found.checkpoint["id"]
        return found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        async with self._one_at_a_time:
            self._held, self._newest = (config, checkpoint, metadata, new_versions), checkpoint["id"]
            self._writes.clear()  # they are part of it
            if self._worth.is_due:
                await self._write()
        place = config["configurable"]
        return {
            "configurable": {
                "thread_id": place["thread_id"],
                "checkpoint_ns": place.get("checkpoint_ns", ""),
                "checkpoint_id": checkpoint["id"],
            }
        }

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        async with self._one_at_a_time:
            if config["configurable"].get("checkpoint_id") != self._newest:
                return  # the checkpoint that holds them came first
            self._writes.append((config, writes, task_id, task_path))
            if self._worth.is_due and self._worth.at_work:
                await self._write()

    async def flush(self) -> None:
        """Write down all that is held, counted or not."""
        async with self._one_at_a_time:
            await self._write()

    async def _write(self) -> None:
        self._worth.is_due = False
        if self._held is not None:
            await self._below.keep_only(*self._held)
            self._held = None
        while self._writes:
            await self._below.aput_writes(*self._writes[0])
            self._writes.pop(0)
