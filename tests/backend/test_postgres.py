"""PostgreSQL keeps the records as SQLite does: writers take turns, readers see one moment, and nothing is mistaken."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from backend import records, schema
from backend.database import Database
from backend.refused import DatabaseRefused
from backend.settings import Settings
from tests.postgres import Postgres


def settings(folder: Path, address: str | None) -> Settings:
    return Settings(data_dir=folder, database_url=address)  # type: ignore[arg-type]  # made a secret of


async def test_migrations_lead_to_the_tables_as_declared(postgres_server: Postgres) -> None:
    database = Database.on_server(postgres_server.new_database())
    assert await schema.upgrade(database, path=Path("not used"), now=datetime.now(UTC)) is None

    def differences(connection: Connection) -> list[str]:
        context = MigrationContext.configure(connection, opts={"target_metadata": schema.METADATAS})
        return [str(each) for each in compare_metadata(context, schema.METADATAS)]

    async with database.engine.connect() as connection:
        found = await connection.run_sync(differences)
    await database.close()
    assert [each for each in found if "modify_comment" not in each] == []


async def test_what_reads_before_it_writes_loses_nothing_to_another_process(
    postgres_server: Postgres,
) -> None:
    address = postgres_server.new_database()
    two = [Database.on_server(address) for _ in range(2)]  # a lock in the process would not do
    async with two[0].writing() as connection:
        await connection.execute(text("CREATE TABLE counter AS SELECT 0 AS value"))

    async def count(database: Database) -> None:
        for _ in range(40):
            async with database.writing() as connection:
                value = await connection.scalar(text("SELECT value FROM counter"))
                await asyncio.sleep(0)
                await connection.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})

    await asyncio.gather(*(count(database) for database in two for _ in range(2)))
    async with two[0].reading() as connection:
        assert await connection.scalar(text("SELECT value FROM counter")) == 160
        async with two[1].writing() as writing:
            await writing.execute(text("UPDATE counter SET value = 0"))
        assert await connection.scalar(text("SELECT value FROM counter")) == 160, (
            "one moment for all of a block"
        )
    for database in two:
        await database.close()


async def test_one_server_has_a_database_at_a_time(postgres_server: Postgres, tmp_path: Path) -> None:
    address = postgres_server.new_database()
    first, second = (Database.on_server(address) for _ in range(2))
    await records.begin(settings(tmp_path, address), first)
    with pytest.raises(DatabaseRefused, match="Another Qanat"):
        await records.begin(settings(tmp_path, address), second)
    await first.close()
    await second.close()
    third = Database.on_server(address)
    await records.begin(settings(tmp_path, address), third)
    await third.close()


async def test_a_data_folder_is_never_begun_again_beside_other_records(
    postgres_server: Postgres, tmp_path: Path
) -> None:
    on_file, on_server = tmp_path / "file", tmp_path / "server"
    for folder in (on_file, on_server):
        (folder / "originals").mkdir(parents=True)
        (folder / "originals" / "sealed").write_bytes(b"a document")
    (on_file / "qanat.db").touch()
    address = postgres_server.new_database()
    with pytest.raises(DatabaseRefused, match=r"in its file qanat\.db"):
        records.open_records(settings(on_file, address))

    database = records.open_records(settings(on_server, address))
    with pytest.raises(DatabaseRefused, match=r"is empty, and .* holds documents"):
        await records.begin(settings(on_server, address), database)
    await database.close()

    new = tmp_path / "new"
    new.mkdir()
    database = records.open_records(settings(new, address))
    await records.begin(settings(new, address), database)
    await database.close()
    with pytest.raises(DatabaseRefused, match="set QANAT_DATABASE_URL to it again"):
        records.open_records(settings(new, None))


@pytest.mark.parametrize(
    "address", ["db.internal", "mysql://db/qanat", "postgresql://db.internal", "postgresql://db:port/qanat"]
)
def test_an_address_that_is_none_is_refused_in_words(address: str) -> None:
    with pytest.raises(DatabaseRefused, match="no address of a PostgreSQL database"):
        Database.on_server(address)


@pytest.mark.parametrize(
    "address",
    ["postgresql://qanat:hidden@127.0.0.1:9/qanat", "postgresql://nobody:hidden@/qanat?host=FOLDER"],
)
async def test_a_server_that_lets_nobody_in_is_named_without_its_password(
    postgres_server: Postgres, address: str
) -> None:
    database = Database.on_server(address.replace("FOLDER", str(postgres_server.folder)))
    with pytest.raises(DatabaseRefused, match="QANAT_DATABASE_URL") as refused:
        await database.check()
    assert "hidden" not in str(refused.value)
    assert refused.value.__cause__ is None
    await database.close()
