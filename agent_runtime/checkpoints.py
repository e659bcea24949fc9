"""Where a run has got to, as LangGraph's saver asks for it: rows in our database, each sealed in its place.

One saver serves one tenant. A row is plain JSON (`plain_json`), sealed by the tenant's key with tenant, thread,
namespace, checkpoint and place in the context, so that the key it is sealed under differs for every thread and no
row opens in another's place. A row that is not sealed so is refused; there is no plaintext to fall back to.
It does not notice when the newest rows of a thread are taken away: a run then goes on from an earlier step.
"""

import builtins
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    PendingWrite,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from sqlalchemy import ColumnElement, Row, Table, and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime import plain_json, threads
from agent_runtime.errors import CheckpointBroken
from agent_runtime.ports import Database, Sealer
from agent_runtime.tables import checkpoint_writes, checkpoints

__all__ = [
    "FORMAT",
    "BaseCheckpointSaver",
    "ChannelVersions",
    "Checkpoint",
    "CheckpointMetadata",
    "CheckpointTuple",
    "PlainJson",
    "SealedCheckpoints",
    "SealedJournal",
]
"""The engine's words for a saver are had from here."""

FORMAT = b"\x01"
"""The first byte of every sealed row, which is also part of what it is bound to."""


class PlainJson:
    """`plain_json` as LangGraph's serializer, for whoever asks the saver for one."""

    def dumps_typed(self, value: Any) -> tuple[str, bytes]:
        return "plain_json", plain_json.encode(value)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        if data[0] != "plain_json":
            raise plain_json.NotPlain(f"A value stored as {data[0]!r} is not read.")
        return plain_json.decode(data[1])


class SealedCheckpoints(BaseCheckpointSaver[int]):
    """Keeps the checkpoints of one tenant's runs. `thread_id` is the run's own."""

    def __init__(self, database: Database, sealer: Sealer, *, tenant_id: str, inside: str = "") -> None:
        """`inside` names one round of the steps inside a node, whose place is kept beside its run's."""
        super().__init__(serde=PlainJson())
        self._database = database
        self._sealer = sealer
        self._tenant_id = tenant_id
        self._inside = inside
        self.has_written = False
        """Whether anything was kept through this very saver, or through one of a round that it gave."""
        self._outer: SealedCheckpoints | None = None

    def _note_written(self) -> None:
        saver: SealedCheckpoints | None = self
        while saver is not None:
            saver.has_written, saver = True, saver._outer

    def inside(self, name: str) -> "SealedCheckpoints":
        """The same keeper for one round of the steps inside a node, in a namespace of its run's thread."""
        inner = SealedCheckpoints(self._database, self._sealer, tenant_id=self._tenant_id, inside=name)
        inner._outer = self
        return inner

    def journal(self, thread_id: str, step_id: str) -> "SealedJournal":
        """The notes of one visit of one step of a run."""
        return SealedJournal(self, thread_id, step_id)

    # Keeping

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        row = self._row(config, checkpoint, metadata)
        self._note_written()
        async with self._database.writing() as connection:
            await connection.execute(delete(checkpoints).where(_same(checkpoints, row)))
            await connection.execute(insert(checkpoints).values(**row))
        return self._config(row["thread_id"], row["namespace"], checkpoint["id"])

    async def keep_only(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> None:
        """As `aput`, in place of all that was kept in the same namespace of the thread before."""
        row = self._row(config, checkpoint, metadata)
        self._note_written()
        async with self._database.writing() as connection:
            for table in (checkpoints, checkpoint_writes):
                earlier = and_(
                    self._of_thread(table, row["thread_id"]), table.c.namespace == row["namespace"]
                )
                await connection.execute(delete(table).where(earlier))
            await connection.execute(insert(checkpoints).values(**row))

    def _row(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata
    ) -> dict[str, Any]:
        thread_id, namespace = self._place(config)
        kept = get_checkpoint_metadata(config, metadata)
        row: dict[str, Any] = {
            "tenant_id": self._tenant_id,
            "thread_id": thread_id,
            "namespace": namespace,
            "checkpoint_id": checkpoint["id"],
            "parent_id": config["configurable"].get("checkpoint_id"),
            "run_id": str(kept.get("run_id", "")),
        }
        row["sealed"] = self._seal(_checkpoint_context(row), [dict(checkpoint), dict(kept)])
        return row

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        thread_id, namespace = self._place(config)
        rows = []
        for number, (channel, value) in enumerate(writes):
            row: dict[str, Any] = {
                "tenant_id": self._tenant_id,
                "thread_id": thread_id,
                "namespace": namespace,
                "checkpoint_id": config["configurable"]["checkpoint_id"],
                "task_id": task_id,
                "place": WRITES_IDX_MAP.get(channel, number),
                "task_path": task_path,
            }
            row["sealed"] = self._seal(_write_context(row), [channel, value])
            rows.append(row)
        if not rows:
            return
        async with self._database.writing() as connection:
            of_task = and_(_same(checkpoint_writes, rows[0]), checkpoint_writes.c.task_id == task_id)
            there = set(
                (await connection.execute(select(checkpoint_writes.c.place).where(of_task))).scalars()
            )
            if again := [row["place"] for row in rows if row["place"] < 0 and row["place"] in there]:
                await connection.execute(
                    delete(checkpoint_writes).where(of_task, checkpoint_writes.c.place.in_(again))
                )
            # What a task wrote first stands: it is asked again after a crash and may say it again.
            if new := [row for row in rows if row["place"] < 0 or row["place"] not in there]:
                await connection.execute(insert(checkpoint_writes), new)

    # Finding

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        thread_id, namespace = self._place(config)
        found = [item async for item in self._list(thread_id, namespace, get_checkpoint_id(config), limit=1)]
        return found[0] if found else None

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  # the engine's name for it
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Newest first. What `filter` asks of the metadata is compared after opening: none of it is readable."""
        asked = config["configurable"] if config else {}
        namespace = asked.get("checkpoint_ns")
        found = self._list(
            asked.get("thread_id"),
            namespace if namespace is None and not self._inside else self._inside + (namespace or ""),
            get_checkpoint_id(config) if config else None,
            before=get_checkpoint_id(before) if before else None,
            wanted=filter or {},
            limit=limit,
        )
        async for item in found:
            yield item

    async def _list(
        self,
        thread_id: str | None,
        namespace: str | None,
        checkpoint_id: str | None,
        *,
        before: str | None = None,
        wanted: dict[str, Any] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        columns = checkpoints.c
        query = select(checkpoints).where(columns.tenant_id == self._tenant_id)
        if thread_id is not None:
            query = query.where(columns.thread_id == thread_id)
        if namespace is not None:
            query = query.where(columns.namespace == namespace)
        if checkpoint_id is not None:
            query = query.where(columns.checkpoint_id == checkpoint_id)
        if before is not None:
            query = query.where(columns.checkpoint_id < before)
        query = query.order_by(columns.checkpoint_id.desc())
        if limit is not None and not wanted:
            query = query.limit(limit)
        found: list[CheckpointTuple] = []
        async with self._database.reading() as connection:
            for row in await connection.execute(query):
                if limit is not None and len(found) >= limit:
                    break
                checkpoint, metadata = self._open(_checkpoint_context(row._mapping), row.sealed)
                if wanted and any(metadata.get(name) != value for name, value in wanted.items()):
                    continue
                found.append(
                    CheckpointTuple(
                        config=self._config(row.thread_id, row.namespace, row.checkpoint_id),
                        checkpoint=checkpoint,
                        metadata=metadata,
                        parent_config=self._config(row.thread_id, row.namespace, row.parent_id)
                        if row.parent_id
                        else None,
                        pending_writes=await self._writes(connection, row),
                    )
                )
        for item in found:
            yield item

    async def _writes(self, connection: AsyncConnection, row: Row[Any]) -> builtins.list[PendingWrite]:
        columns = checkpoint_writes.c
        query = select(checkpoint_writes).where(_same(checkpoint_writes, row._mapping))
        written = await connection.execute(query.order_by(columns.task_path, columns.task_id, columns.place))
        return [
            (write.task_id, *self._open(_write_context(write._mapping), write.sealed)) for write in written
        ]

    # Forgetting and copying

    async def adelete_thread(self, thread_id: str) -> None:
        async with self._database.writing() as connection:
            await threads.forget(connection, tenant_id=self._tenant_id, thread_id=thread_id)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        columns = checkpoints.c
        gone = and_(columns.tenant_id == self._tenant_id, columns.run_id.in_(list(run_ids)))
        async with self._database.writing() as connection:
            rows = (await connection.execute(select(checkpoints).where(gone))).all()
            await _forget(connection, rows)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Seal every row of one thread anew for another of the same tenant."""
        async with self._database.writing() as connection:
            for table, context in ((checkpoints, _checkpoint_context), (checkpoint_writes, _write_context)):
                rows = await connection.execute(select(table).where(self._of_thread(table, source_thread_id)))
                for row in rows.all():
                    value = self._open(context(row._mapping), row.sealed)
                    copy = {**row._mapping, "thread_id": target_thread_id}
                    copy["sealed"] = self._seal(context(copy), value)
                    await connection.execute(insert(table).values(**copy))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """`keep_latest` keeps the newest checkpoint of each namespace; `delete` keeps none."""
        async with self._database.writing() as connection:
            for thread_id in thread_ids:
                query = select(checkpoints).where(self._of_thread(checkpoints, thread_id))
                rows = (await connection.execute(query.order_by(checkpoints.c.checkpoint_id))).all()
                newest = {row.namespace: row.checkpoint_id for row in rows} if strategy != "delete" else {}
                await _forget(
                    connection, [row for row in rows if newest.get(row.namespace) != row.checkpoint_id]
                )

    def _place(self, config: RunnableConfig) -> tuple[str, str]:
        asked = config["configurable"]
        return asked["thread_id"], self._inside + asked.get("checkpoint_ns", "")

    def _config(self, thread_id: str, namespace: str, checkpoint_id: str) -> RunnableConfig:
        return {
            "configurable": {
                "thread_id": thread_id,
                "checkpoint_ns": namespace.removeprefix(self._inside),
                "checkpoint_id": checkpoint_id,
            }
        }

    def _of_thread(self, table: Table, thread_id: str) -> ColumnElement[bool]:
        return and_(table.c.tenant_id == self._tenant_id, table.c.thread_id == thread_id)

    # Sealing

    def _seal(self, context: tuple[str, ...], value: Any) -> bytes:
        return FORMAT + self._sealer.seal(plain_json.encode(value), *context)

    def _open(self, context: tuple[str, ...], sealed: bytes) -> Any:
        if sealed[:1] != FORMAT:
            raise CheckpointBroken()
        try:
            return plain_json.decode(self._sealer.open(sealed[1:], *context))
        except Exception as error:  # a port's errors have no names here, and all mean the same
            raise CheckpointBroken() from error


NOTE_ID = "0"
"""Of what keeps one note; before all ids of checkpoints, which begin with a time."""


@dataclass(frozen=True)
class SealedJournal:
    """Notes of one visit of one step, each in a namespace of its run's thread; see `journal.Journal`."""

    checkpoints: SealedCheckpoints
    thread_id: str
    step_id: str

    async def recall(self, name: str) -> Any:
        kept = await self._place(name).aget_tuple({"configurable": {"thread_id": self.thread_id}})
        return kept.checkpoint["channel_values"]["note"] if kept else None

    async def note(self, name: str, value: Any) -> None:
        kept = Checkpoint(
            v=1,
            id=NOTE_ID,
            ts="",
            channel_values={"note": value},
            channel_versions={},
            versions_seen={},
            updated_channels=None,
        )
        await self._place(name).aput({"configurable": {"thread_id": self.thread_id}}, kept, {}, {})

    def _place(self, name: str) -> SealedCheckpoints:
        named = plain_json.encode(["note", self.step_id, name])
        return self.checkpoints.inside(hashlib.sha256(named).hexdigest())


def _checkpoint_context(row: Any) -> tuple[str, ...]:
    places = (row[name] or "" for name in ("tenant_id", "thread_id", "namespace", "checkpoint_id"))
    return ("checkpoint", FORMAT.hex(), *places, row["parent_id"] or "", row["run_id"])


def _write_context(row: Any) -> tuple[str, ...]:
    names = ("tenant_id", "thread_id", "namespace", "checkpoint_id", "task_id", "place", "task_path")
    return ("checkpoint write", FORMAT.hex(), *(str(row[name]) for name in names))


def _same(table: Table, row: Any) -> ColumnElement[bool]:
    """The rows of this very checkpoint."""
    names = ("tenant_id", "thread_id", "namespace", "checkpoint_id")
    return and_(*(table.c[name] == row[name] for name in names))


async def _forget(connection: AsyncConnection, rows: Iterable[Row[Any]]) -> None:
    for table in (checkpoints, checkpoint_writes):
        if places := [_same(table, row._mapping) for row in rows]:
            await connection.execute(delete(table).where(or_(*places)))
