"""The root key is made once, kept apart from the data, and no other key is ever taken for it."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.database import Database
from knowledge_vault.errors import KeyFileUnusable, SealBroken
from knowledge_vault.keys import RootKey
from knowledge_vault.keys.key_file import KeyFile
from knowledge_vault.keys.root import RootKeeper
from knowledge_vault.keys.tenants import TenantKeys
from knowledge_vault.tables import metadata
from tests.knowledge_vault.making import FixedClock


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
async def database(data_dir: Path) -> AsyncIterator[Database]:
    database = Database.at(data_dir / "qanat.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


async def open_root_key(path: Path, *, data_dir: Path, database: Database) -> RootKey:
    return await RootKeeper(database, KeyFile(path, data_dir=data_dir), FixedClock()).open()


async def test_the_first_start_makes_a_key_that_only_its_owner_reads(
    tmp_path: Path, data_dir: Path, database: Database
) -> None:
    path = tmp_path / "keys" / "root.key"
    made = await open_root_key(path, data_dir=data_dir, database=database)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (await open_root_key(path, data_dir=data_dir, database=database)).secret == made.secret
    assert made.secret.hex() not in repr(made)


async def test_a_key_inside_the_data_folder_is_refused(data_dir: Path, database: Database) -> None:
    with pytest.raises(KeyFileUnusable, match="inside the data folder"):
        await open_root_key(data_dir / "keys" / "root.key", data_dir=data_dir, database=database)
    assert not (data_dir / "keys").exists()


async def test_a_link_out_of_the_data_folder_and_back_is_refused(
    tmp_path: Path, data_dir: Path, database: Database
) -> None:
    (tmp_path / "elsewhere").symlink_to(data_dir)
    with pytest.raises(KeyFileUnusable, match="inside the data folder"):
        await open_root_key(tmp_path / "elsewhere" / "root.key", data_dir=data_dir, database=database)


async def test_data_of_another_key_is_refused(tmp_path: Path, data_dir: Path, database: Database) -> None:
    await open_root_key(tmp_path / "one.key", data_dir=data_dir, database=database)
    other = tmp_path / "other.key"
    other.write_text("ab" * 32)
    other.chmod(0o600)
    with pytest.raises(KeyFileUnusable, match="another key"):
        await open_root_key(other, data_dir=data_dir, database=database)


async def test_a_lost_key_is_not_silently_replaced(
    tmp_path: Path, data_dir: Path, database: Database
) -> None:
    path = tmp_path / "root.key"
    await open_root_key(path, data_dir=data_dir, database=database)
    path.unlink()
    with pytest.raises(KeyFileUnusable, match="Put your copy of the key back"):
        await open_root_key(path, data_dir=data_dir, database=database)
    assert not path.exists()


async def test_a_key_that_others_may_read_is_refused(
    tmp_path: Path, data_dir: Path, database: Database
) -> None:
    path = tmp_path / "root.key"
    await open_root_key(path, data_dir=data_dir, database=database)
    path.chmod(0o644)
    with pytest.raises(KeyFileUnusable, match="chmod 600"):
        await open_root_key(path, data_dir=data_dir, database=database)


async def test_a_file_that_is_no_key_is_refused(tmp_path: Path, data_dir: Path, database: Database) -> None:
    path = tmp_path / "root.key"
    path.write_text("not a key")
    path.chmod(0o600)
    with pytest.raises(KeyFileUnusable, match="64 hexadecimal digits"):
        await open_root_key(path, data_dir=data_dir, database=database)


async def test_what_one_tenant_seals_no_other_opens(
    tmp_path: Path, data_dir: Path, database: Database
) -> None:
    root_key = await open_root_key(tmp_path / "root.key", data_dir=data_dir, database=database)
    keys = TenantKeys(root_key, database)
    alice, bob = await keys.sealer("alice"), await keys.sealer("bob")
    sealed = alice.seal(b"a question", "message", "chat-1", 4)
    again = await TenantKeys(root_key, database).sealer("alice")
    assert again.open(sealed, "message", "chat-1", 4) == b"a question"
    for sealer, place in ((bob, ("message", "chat-1", 4)), (alice, ("message", "chat-2", 4))):
        with pytest.raises(SealBroken):
            sealer.open(sealed, *place)
