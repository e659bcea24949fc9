"""Make deleted rows unreadable, not only unlisted: what a key's destruction rests on."""

import contextlib

from knowledge_vault.ports import Database


async def forget_deleted_rows(database: Database) -> None:
    """Take deleted keys out of SQLite's log too; other databases have their own ways (see docs)."""
    async with database.reading() as connection:
        if connection.dialect.name != "sqlite":
            return
        raw = await connection.get_raw_connection()
        with contextlib.suppress(Exception):  # readers at work: the next deletion or start gets it done
            cursor = await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
            await cursor.close()
