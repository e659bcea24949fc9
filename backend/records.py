"""Which database the records of a data folder are in, and that it is never mistaken for another.

Originals lie in the data folder, whatever keeps the records. A server with an empty database beside them would
take them for left-overs, so the folder notes what its records are in.
"""

from pathlib import Path

from sqlalchemy import inspect

from backend.database import Database, postgres_url
from backend.refused import DatabaseRefused
from backend.settings import Settings

_NOTE = "records.txt"
_ON_SERVER = (
    "The records of this folder are in the PostgreSQL database that QANAT_DATABASE_URL named at its start.\n"
)


def open_records(settings: Settings) -> Database:
    """The database of the settings; connects to nothing yet.

    Raises:
        DatabaseRefused: its address is none, or this data folder's records are in the other kind.
    """
    file, note = database_file(settings), settings.data_dir / _NOTE
    if settings.database_url is None:
        if note.is_file():
            raise DatabaseRefused(
                f"The records of {settings.data_dir} are in a PostgreSQL database: set QANAT_DATABASE_URL to it again, "
                "or use another QANAT_DATA_DIR."
            )
        return Database.at(file)
    if file.is_file():
        raise DatabaseRefused(
            f"The records of {settings.data_dir} are in its file qanat.db, and are not moved by themselves: unset "
            "QANAT_DATABASE_URL, or use another QANAT_DATA_DIR with it."
        )
    return Database.on_server(settings.database_url.get_secret_value())


async def begin(settings: Settings, database: Database) -> None:
    """Before anything is written: see that the database can be used and is this folder's, and note that it is.

    Raises:
        DatabaseRefused: it is not, or another server has it open.
    """
    if not database.is_server:
        return
    await database.check()
    await database.be_its_only_server()
    async with database.reading() as connection:
        is_new = not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version"))
    note = settings.data_dir / _NOTE
    originals = settings.data_dir / "originals"
    if is_new and originals.is_dir() and any(originals.iterdir()):
        raise DatabaseRefused(
            f"The database that QANAT_DATABASE_URL names is empty, and {settings.data_dir} holds documents. Name the "
            "database that they were recorded in, restore it from a backup, or use another QANAT_DATA_DIR."
        )
    note.write_text(_ON_SERVER)


def jobs_database(settings: Settings) -> str:
    """Where DBOS keeps the jobs that are under way: in tables of its own beside the records."""
    if settings.database_url is None:
        return f"sqlite:///{settings.data_dir / 'jobs.db'}"
    return postgres_url(settings.database_url.get_secret_value()).render_as_string(hide_password=False)


def database_file(settings: Settings) -> Path:
    return settings.data_dir / "qanat.db"
