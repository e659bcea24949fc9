"""`python -m scripts.new_migration "what changes"`: write the migration from the newest one to the tables as declared.

Read what it wrote before committing it: a renamed column looks like one dropped and one added.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from backend import schema
from backend.database import Database


async def write(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at(Path(folder) / "empty.db")

        def revise(connection: Connection) -> None:
            config = schema.alembic_config(connection)
            command.upgrade(config, "head")
            command.revision(config, message=message, autogenerate=True)

        async with database.writing() as connection:
            await connection.run_sync(revise)
        await database.close()


if __name__ == "__main__":
    asyncio.run(write(" ".join(sys.argv[1:]) or "change the tables"))
