"""Whoever gives up in the middle of a write takes nobody else's turn."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

from backend.database import Database


async def test_a_writer_that_is_cancelled_anywhere_leaves_the_database_to_the_others(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "qanat.db")
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE said (word TEXT)"))

    async def write_and_read() -> None:
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO said VALUES ('cancelled')"))
            await connection.execute(text("SELECT word FROM said"))

    chance = random.Random(1)
    for _ in range(300):
        giving_up = asyncio.create_task(write_and_read())
        await asyncio.sleep(chance.uniform(0, 0.003))  # the moment is the thing varied
        giving_up.cancel()
        with suppress(asyncio.CancelledError):
            await giving_up
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO said VALUES ('kept')"))
    async with database.reading() as connection:
        count = await connection.scalar(text("SELECT count(*) FROM said WHERE word = 'kept'"))
    await database.close()
    assert count == 300
