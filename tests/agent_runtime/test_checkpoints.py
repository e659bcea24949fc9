"""What is kept of a run under way opens in its own place only, builds nothing but our values, and suits LangGraph."""

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.test_utils import generate_checkpoint, generate_config
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from sqlalchemy import insert, select, update

from agent_runtime import plain_json
from agent_runtime.checkpoints import FORMAT, SealedCheckpoints
from agent_runtime.errors import CheckpointBroken
from agent_runtime.events import AnswerSentence, Citation
from agent_runtime.node_kinds.values import Answer, Data, Passages, Value
from agent_runtime.ports import PageSpan, Passage, Ranks
from agent_runtime.tables import checkpoint_writes, checkpoints, metadata
from backend.database import Database
from knowledge_vault import crypto
from knowledge_vault.keys.tenants import Sealer
from knowledge_vault.values import TenantId
from tests.databases import database_at, every_byte

SECRET_WORDS = "the hives of Ilse Brandt"
PASSAGE = Passage(
    "p1", "v", "d", "bees.md", SECRET_WORDS, 0, 24, 1, (PageSpan(1, 0, 24),), 0.5, Ranks(vector=2)
)
ANSWER = Answer(
    SECRET_WORDS,
    (AnswerSentence(text=SECRET_WORDS, start=0, end=24, supported=True, citations=[1]),),
    (
        Citation(
            number=1,
            passage_id="p1",
            vault_id="v",
            document_id="d",
            document="bees.md",
            page=None,
            start=0,
            end=24,
            quote=SECRET_WORDS,
        ),
    ),
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = database_at(tmp_path / "records.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


def a_saver(database: Database, tenant: str = "alice", *, secret: bytes = b"s" * 32) -> SealedCheckpoints:
    return SealedCheckpoints(database, Sealer(secret, TenantId(tenant)), tenant_id=tenant)


async def kept(saver: SealedCheckpoints, thread_id: str = "run-1") -> Any:
    """A checkpoint with a value and a pending write, both with words of a document."""
    checkpoint = generate_checkpoint(
        channel_values={"outcomes": {"search": {"passages": Passages((PASSAGE,))}}},
        channel_versions={"outcomes": 1},
    )
    place = await saver.aput(
        generate_config(thread_id), checkpoint, {"source": "loop", "step": 1}, {"outcomes": 1}
    )
    await saver.aput_writes(place, [("outcomes", {"answer": {"value": ANSWER}})], "task-1")
    return place


async def test_langgraphs_own_suite_for_savers_passes(tmp_path: Path) -> None:
    made = iter(range(100))

    @checkpointer_test(name="sealed checkpoints")
    async def savers() -> AsyncGenerator[BaseCheckpointSaver[int]]:
        database = database_at(tmp_path / f"{next(made)}.db")
        async with database.writing() as connection:
            await connection.run_sync(metadata.create_all)
        yield a_saver(database)
        await database.close()

    report = await validate(savers)
    failed = {name: result.failures for name, result in report.results.items() if result.passed is not True}
    assert failed == {}
    assert report.passed_all()


async def test_a_checkpoint_comes_back_as_it_was_kept(database: Database) -> None:
    place = await kept(a_saver(database))
    found = await a_saver(database).aget_tuple(place)
    assert found is not None
    assert found.checkpoint["channel_values"]["outcomes"]["search"]["passages"] == Passages((PASSAGE,))
    assert found.pending_writes == [("task-1", "outcomes", {"answer": {"value": ANSWER}})]


async def test_what_was_kept_is_not_readable_in_the_database_file(database: Database, tmp_path: Path) -> None:
    await kept(a_saver(database))
    raw = every_byte(tmp_path / "records.db")
    assert b"run-1" in raw
    assert b"Brandt" not in raw
    assert b"outcomes" not in raw


async def test_another_tenant_finds_nothing_and_cannot_take_a_row_over(database: Database) -> None:
    place = await kept(a_saver(database))
    assert await a_saver(database, "mallory").aget_tuple(place) is None
    async with database.writing() as connection:
        await connection.execute(update(checkpoints).values(tenant_id="mallory"))
    with pytest.raises(CheckpointBroken, match="belongs to another run"):  # even with the very same secret
        await a_saver(database, "mallory").aget_tuple(place)


@pytest.mark.parametrize("column", ["thread_id", "namespace", "checkpoint_id", "parent_id", "run_id"])
async def test_a_checkpoint_moved_to_another_place_is_refused(database: Database, column: str) -> None:
    place = await kept(a_saver(database))
    async with database.writing() as connection:
        await connection.execute(update(checkpoints).values({column: "elsewhere"}))
    names = {"thread_id": "thread_id", "namespace": "checkpoint_ns", "checkpoint_id": "checkpoint_id"}
    if column in names:
        place["configurable"][names[column]] = "elsewhere"
    with pytest.raises(CheckpointBroken):
        await a_saver(database).aget_tuple(place)


@pytest.mark.parametrize("column", ["task_id", "place", "task_path"])
async def test_a_write_moved_to_another_place_is_refused(database: Database, column: str) -> None:
    place = await kept(a_saver(database))
    async with database.writing() as connection:
        await connection.execute(
            update(checkpoint_writes).values({column: 5 if column == "place" else "other"})
        )
    with pytest.raises(CheckpointBroken):
        await a_saver(database).aget_tuple(place)


async def test_a_write_passed_off_as_a_checkpoint_is_refused(database: Database) -> None:
    place = await kept(a_saver(database))
    async with database.writing() as connection:
        sealed = (await connection.execute(select(checkpoint_writes.c.sealed))).scalar_one()
        await connection.execute(update(checkpoints).values(sealed=sealed))
    with pytest.raises(CheckpointBroken):
        await a_saver(database).aget_tuple(place)


@pytest.mark.parametrize(
    "name", ["plain", "plain after the format", "LangGraph's own", "another format", "empty"]
)
async def test_a_forged_row_is_refused(database: Database, name: str) -> None:
    forged = plain_json.encode([dict(generate_checkpoint()), {"source": "loop"}])
    async with database.writing() as connection:
        await connection.execute(
            insert(checkpoints).values(
                tenant_id="alice",
                thread_id="run-1",
                namespace="",
                checkpoint_id="1",
                run_id="",
                sealed={
                    "plain": forged,
                    "plain after the format": FORMAT + forged,
                    "LangGraph's own": JsonPlusSerializer().dumps_typed({"v": 1})[1],
                    "another format": b"\x02" + forged,
                    "empty": b"",
                }[name],
            )
        )
    with pytest.raises(CheckpointBroken):
        await a_saver(database).aget_tuple(generate_config("run-1"))


async def test_a_row_under_an_unknown_format_is_refused_though_its_seal_is_right(database: Database) -> None:
    place = await kept(a_saver(database))
    async with database.writing() as connection:
        sealed = (await connection.execute(select(checkpoints.c.sealed))).scalar_one()
        await connection.execute(update(checkpoints).values(sealed=b"\x02" + sealed[1:]))
    with pytest.raises(CheckpointBroken):
        await a_saver(database).aget_tuple(place)


async def test_each_flipped_bit_of_a_checkpoint_and_of_a_write_is_noticed(database: Database) -> None:
    place = await kept(a_saver(database))
    for table in (checkpoints, checkpoint_writes):
        async with database.reading() as connection:
            sealed = (await connection.execute(select(table.c.sealed))).scalar_one()
        for bit in range(0, len(sealed) * 8, len(sealed) // 4 + 1):
            altered = bytearray(sealed)
            altered[bit // 8] ^= 1 << bit % 8
            async with database.writing() as connection:
                await connection.execute(update(table).values(sealed=bytes(altered)))
            with pytest.raises(CheckpointBroken):
                await a_saver(database).aget_tuple(place)
        async with database.writing() as connection:
            await connection.execute(update(table).values(sealed=sealed))
    assert await a_saver(database).aget_tuple(place) is not None


async def test_another_key_opens_nothing(database: Database) -> None:
    place = await kept(a_saver(database))
    with pytest.raises(CheckpointBroken):
        await a_saver(database, secret=crypto.new_secret()).aget_tuple(place)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.just("!"), inner)
        | st.dictionaries(st.integers(), inner)
        | st.frozensets(st.text()).map(set)
    ),
    max_leaves=8,
)


@given(value=plain)
def test_every_plain_value_comes_back_equal(value: Any) -> None:
    assert plain_json.decode(plain_json.encode(value)) == value


@pytest.mark.parametrize(
    "value",
    [PASSAGE, Passages((PASSAGE, PASSAGE)), ANSWER, Data({"!": {"n": [1.5, None]}})],
    ids=lambda v: type(v).__name__,
)
def test_our_own_values_come_back_equal(value: Any) -> None:
    assert plain_json.decode(plain_json.encode(value)) == value


def test_everything_that_travels_along_edges_can_be_kept() -> None:
    assert set(get_args(Value)) - {str} <= set(plain_json.RECORDS.values())


def test_what_is_no_value_of_a_run_is_not_kept() -> None:
    with pytest.raises(plain_json.NotPlain, match="cannot keep a PurePosixPath"):
        plain_json.encode({"folder": PurePosixPath("/")})


@pytest.mark.parametrize(
    "stored",
    [
        b'{"!": "pathlib.Path", "fields": {}}',
        b'{"!": "answer", "fields": {"text": "a", "more": 1}}',
        b'{"!": "answer"}',
        b'{"!": ["answer"], "fields": {}}',
        b'{"!": "set", "items": [[]]}',
        b"\x80\x04pickle",
        b"[" * 100_000,
    ],
)
def test_bytes_that_name_an_unknown_sort_or_are_broken_build_nothing(stored: bytes) -> None:
    with pytest.raises(plain_json.NotPlain):
        plain_json.decode(stored)
