"""A vault from before keys could be kept, held and replaced otherwise is there after the upgrade, and can do it all."""

import json
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text

from backend import schema
from backend.database import Database
from knowledge_vault import crypto
from knowledge_vault.custody import Replacing
from knowledge_vault.keys.key_file import KeyFile
from knowledge_vault.keys.root import RootKeeper
from knowledge_vault.values import OwnerMode, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, FixedClock, WordEmbedder, take_in

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOME = VaultId("0123456789abcdef0123456789abcdef")


async def test_a_vault_of_the_first_schema_keeps_its_name_and_can_have_its_keys_replaced(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    path = data / "qanat.db"
    await first_version(path, tmp_path / "root.key")
    database = Database.at(path)
    assert await schema.upgrade(database, path=path, now=NOW) is not None, "a snapshot comes first"
    root = RootKeeper(database, KeyFile(tmp_path / "root.key", data_dir=data), FixedClock())
    vault = KnowledgeVault(
        database, data_dir=data, root_key=await root.open(), clock=FixedClock(), embedder=WordEmbedder()
    )
    await vault.start()
    try:
        [kept] = await vault.list_vaults(ALICE)
        assert (kept.name, kept.mode, kept.is_locked) == ("Bees", OwnerMode.ALWAYS, False)
        await take_in(vault, HOME, "bees.txt", "Bees sleep at night.")
        assert (await root.keeping()).provider == "file"
        assert await root.new_recovery()
        await root.rotate()
        for what in Replacing:
            await vault.custody.rotate(ALICE, HOME, what)
            await vault.custody.wait(HOME)
            found = await vault.search(ALICE, [HOME], "do bees sleep?")
            assert found.passages[0].text == "Bees sleep at night."
        state = await vault.custody.state(ALICE, HOME)
        assert (state.key_version, state.search_version) == (2, 2)
        code = await vault.custody.hold(ALICE, HOME, passphrase="a hive behind the barn", hours=1)
        await vault.custody.lock(ALICE, HOME)
        await vault.custody.unlock(ALICE, HOME, code=code, hours=1)
        assert (await vault.get_vault(ALICE, HOME)).name == "Bees"
    finally:
        await vault.stop()
        await database.close()


async def first_version(path: Path, key_file: Path) -> None:
    """A database as the first schema had it, with one vault, and its root key in a file."""
    root, vault_key, search_secret = (crypto.new_secret() for _ in range(3))
    await KeyFile(key_file, data_dir=path.parent).keep([root])
    labels = json.dumps({"name": "Bees", "description": ""}).encode()
    row = {
        "id": HOME,
        "tenant_id": ALICE,
        "created_at": 0,
        "key_version": 1,
        "sealed_key": crypto.seal(root, vault_key, ("vault-key", ALICE, HOME, 1)),
        "search_version": 1,
        "sealed_search_secret": crypto.seal(root, search_secret, ("search-secret", ALICE, HOME, 1)),
        "sealed_labels": crypto.seal(vault_key, labels, ("vault-labels", ALICE, HOME, 1)),
    }
    check = crypto.seal(root, b"qanat data folder", ("root-check", 1))
    database = Database.at(path)

    def to_first(connection: Connection) -> None:
        command.upgrade(schema.alembic_config(connection), "0001")

    async with database.writing() as connection:
        await connection.run_sync(to_first)
        await connection.execute(
            text("INSERT INTO vault_root_check (id, sealed) VALUES (1, :sealed)"), {"sealed": check}
        )
        columns = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        await connection.execute(text(f"INSERT INTO vault_vaults ({columns}) VALUES ({values})"), row)
    await database.close()
