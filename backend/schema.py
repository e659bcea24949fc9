"""Bring the database to this version's schema, after a snapshot of what was there."""

import asyncio
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

import agent_runtime.tables
import backend.accounts.store
import backend.agent_calls.store
import backend.agent_tests.store
import backend.agents.kept_drafts
import backend.agents.store
import backend.api_keys.store
import backend.chats.store
import backend.facts.store
import backend.inquiries.store
import backend.models.store
import backend.runs.store
import backend.server_secrets
import backend.stored_secrets.store
import backend.vaults.recutting  # noqa: F401  # imported for the tables they declare
import knowledge_vault.tables
import licensing.tables
from backend.database import Database, metadata
from backend.refused import DataFromLaterVersion

METADATAS: tuple[MetaData, ...] = (
    metadata,
    agent_runtime.tables.metadata,
    knowledge_vault.tables.metadata,
    licensing.tables.metadata,
)
"""Every table of the product, package by package."""
MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database, *, path: Path, now: datetime) -> Path | None:
    """Apply the migrations that are missing; the snapshot taken before, or `None` when there was nothing to keep.

    On a PostgreSQL server no snapshot is taken: a migration that fails is rolled back whole there, and copies of the
    database are its operator's.

    Raises:
        DataFromLaterVersion: the database is of a version that this code does not know.
    """
    scripts = ScriptDirectory.from_config(alembic_config())
    head = scripts.get_current_head()
    async with database.engine.connect() as connection:
        current = await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )
    if current == head or head is None:
        return None
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise DataFromLaterVersion(current)
    snapshot = None
    if current is not None and not database.is_server:
        snapshot = await take_snapshot(database, path=path, before=head, now=now)
    async with database.writing() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
    return snapshot


async def take_snapshot(database: Database, *, path: Path, before: str, now: datetime) -> Path:
    """A complete copy of the database beside it, readable by its owner alone."""
    snapshot = path.with_name(f"{path.stem}.before-{before}.{now:%Y%m%dT%H%M%S}{path.suffix}")
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        await driver.execute("VACUUM INTO ?", (str(snapshot),))
    await asyncio.to_thread(snapshot.chmod, 0o600)
    return snapshot
