"""Bring the database to this version's schema, after a snapshot of what was there."""

import asyncio
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

import backend.accounts.store
import backend.agents.store
import backend.api_keys.store
import backend.chats.store
import backend.runs.store  # noqa: F401  # imported for the tables they declare
import knowledge_vault.tables
import licensing.tables
from backend.database import Database, metadata

METADATAS: tuple[MetaData, ...] = (metadata, knowledge_vault.tables.metadata, licensing.tables.metadata)
"""Every table of the product, package by package."""
MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, *, path: Path, now: datetime) -> Path | None:
    """Apply the migrations that are missing; the snapshot taken before, or `None` when nothing was missing.

    The snapshot is a complete database file beside `path`. A data folder of a later version is refused by
    Alembic ("can't locate revision"), untouched.
    """
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    async with database.engine.connect() as connection:
        current = await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )
    if current == head:
        return None
    snapshot = None
    if current is not None:
        snapshot = path.with_name(f"{path.stem}.before-{head}.{now:%Y%m%dT%H%M%S}{path.suffix}")
        async with database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            await driver.execute("VACUUM INTO ?", (str(snapshot),))
            await asyncio.to_thread(snapshot.chmod, 0o600)
    async with database.writing() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
    return snapshot
