"""The database's schema: migrations lead to the tables as declared, and an upgrade loses nothing."""

import time
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from backend import schema
from backend.database import Database
from backend.refused import DataFromLaterVersion

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def test_migrations_lead_to_the_tables_as_declared(tmp_path: Path) -> None:
    path = tmp_path / "qanat.db"
    database = Database.at(path)
    assert await schema.upgrade(database, path=path, now=NOW) is None, "a new database needs no snapshot"

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"target_metadata": schema.METADATAS})
        return list(compare_metadata(context, schema.METADATAS))

    async with database.engine.connect() as connection:
        found = await connection.run_sync(differences)
    await database.close()
    assert found == [], "run `python -m scripts.new_migration`"


async def test_an_upgrade_takes_a_snapshot_first(tmp_path: Path) -> None:
    path = tmp_path / "qanat.db"
    database = Database.at(path)
    await schema.upgrade(database, path=path, now=NOW)
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE kept (word TEXT)"))
        await connection.execute(text("INSERT INTO kept VALUES ('treasure')"))
    await database.close()

    head = ScriptDirectory.from_config(schema.alembic_config()).get_current_head()
    assert head is not None
    again = Database.at(path)
    snapshot = await schema.take_snapshot(again, path=path, before=head, now=NOW)
    await again.close()
    opened = Database.at(snapshot)
    async with opened.reading() as connection:
        assert (await connection.execute(text("SELECT word FROM kept"))).scalar() == "treasure"
    await opened.close()
    assert snapshot.stat().st_mode & 0o077 == 0


async def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "qanat.db"
    database = Database.at(path)
    await schema.upgrade(database, path=path, now=NOW)
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    refused = None
    try:
        await schema.upgrade(database, path=path, now=NOW)
    except DataFromLaterVersion as error:
        refused = error
    await database.close()
    assert refused is not None
    assert "newer" in str(refused)


async def test_web_pages_of_an_earlier_version_are_followed_daily_from_the_next_day_on(
    tmp_path: Path,
) -> None:
    database = Database.at(tmp_path / "qanat.db")
    began = time.time_ns() // 1000
    async with database.writing() as connection:
        await connection.run_sync(lambda sync: command.upgrade(schema.alembic_config(sync), "0008"))
        await connection.execute(
            text(
                "INSERT INTO vault_vaults (id, tenant_id, created_at, key_version, sealed_key, search_version, "
                "sealed_search_secret, sealed_labels) VALUES ('v', 'ada', 1, 1, x'00', 1, x'00', x'00')"
            )
        )
        for name in ("a", "b"):
            await connection.execute(
                text(
                    "INSERT INTO vault_documents (id, tenant_id, vault_id, version, stage, progress, attempt, "
                    "media_type, size_bytes, content_mac, chunk_count, original, created_at, sealed_name) VALUES "
                    "(:id, 'ada', 'v', 1, 'active', 1, 1, 'text/html', 5, :mac, 1, :id, 1, x'00')"
                ),
                {"id": name, "mac": name.encode()},
            )
            await connection.execute(
                text("INSERT INTO vault_document_origins VALUES (:id, 1, x'00')"), {"id": name}
            )
        await connection.run_sync(lambda sync: command.upgrade(schema.alembic_config(sync), "head"))
        rows = await connection.execute(
            text("SELECT period, next_at FROM vault_web_sources ORDER BY next_at")
        )
        (one, first), (other, last) = [tuple(row) for row in rows]
    assert (one, other) == ("daily", "daily")
    day = 86_400_000_000
    assert began < first < last <= time.time_ns() // 1000 + day
    await database.close()


async def test_documents_of_the_first_version_keep_their_place(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "qanat.db")
    async with database.writing() as connection:
        await connection.run_sync(lambda sync: command.upgrade(schema.alembic_config(sync), "0001"))
        await connection.execute(
            text("INSERT INTO vault_vaults VALUES ('v', 'ada', 1, 1, x'00', 1, x'00', x'00')"),
        )
        for name, stage, chunk_count in (("waiting", "received", 0), ("done", "active", 7)):
            await connection.execute(
                text(
                    "INSERT INTO vault_documents (id, tenant_id, vault_id, version, stage, progress, attempt, "
                    "media_type, size_bytes, content_mac, chunk_count, original, created_at, sealed_name) VALUES "
                    "(:id, 'ada', 'v', 1, :stage, 0, 1, 'text/plain', 5, :mac, :chunks, :id, 1, x'00')"
                ),
                {"id": name, "stage": stage, "mac": name.encode(), "chunks": chunk_count},
            )
        await connection.run_sync(lambda sync: command.upgrade(schema.alembic_config(sync), "head"))
        rows = await connection.execute(
            text("SELECT id, stage, chunks_done FROM vault_documents ORDER BY id")
        )
        assert [tuple(row) for row in rows] == [("done", "active", 7), ("waiting", "sealed", 0)]
    await database.close()
