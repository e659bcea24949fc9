"""The settings say where the search index lies: in the data folder, or in a collection of this installation's own."""

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from pydantic import ValidationError

from backend import schema
from backend.database import Database
from backend.settings import Settings
from backend.wiring import index_engine
from knowledge_vault.index.edge import EdgeEngine
from knowledge_vault.index.engine import Point
from knowledge_vault.keys import RootKey
from knowledge_vault.keys.tenants import TenantKeys
from knowledge_vault.values import PassageId, VaultId
from tests.knowledge_vault import qdrant_stand_in

SHARD = VaultId(UUID(int=1).hex)


async def collection_of(installation: Path, address: str, **more: object) -> None:
    """Start an engine as that installation would, and add a point."""
    settings = Settings(data_dir=installation, qdrant_url=address, **more)  # type: ignore[arg-type]
    database = Database.at(installation / "qanat.db")
    async with database.writing() as connection:
        for metadata in schema.METADATAS:
            await connection.run_sync(metadata.create_all)
    sealer = await TenantKeys(RootKey(b"r" * 32), database).sealer("server")
    engine = await index_engine(settings, database, sealer, dimension=4)
    engine.upsert(SHARD, [Point(PassageId(UUID(int=2).hex), "d", np.ones(4, np.float32), (5,))])
    engine.close()
    await database.close()


async def test_each_installation_has_a_collection_of_its_own_on_a_qdrant_server(tmp_path: Path) -> None:
    with qdrant_stand_in.running() as qdrant:
        for name in ("one", "other"):
            (tmp_path / name / "index" / "left behind").mkdir(parents=True)
            for _ in range(2):  # the same after a restart
                await collection_of(tmp_path / name, qdrant.address)
            assert not (tmp_path / name / "index").exists(), "scrambled vectors would stay there"
        assert len(qdrant.collections) == 2
        assert all(name.startswith("qanat-") for name in qdrant.collections)
        await collection_of(tmp_path / "one", qdrant.address, qdrant_collection="mine")
        assert "mine" in qdrant.collections
        assert qdrant.broken == []


async def test_without_a_server_the_index_lies_in_the_data_folder(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "qanat.db")
    async with database.writing() as connection:
        for metadata in schema.METADATAS:
            await connection.run_sync(metadata.create_all)
    sealer = await TenantKeys(RootKey(b"r" * 32), database).sealer("server")
    engine = await index_engine(Settings(data_dir=tmp_path), database, sealer, dimension=4)
    assert isinstance(engine, EdgeEngine)
    engine.close()
    await database.close()


def test_a_qdrant_address_is_an_address_and_its_key_is_shown_nowhere() -> None:
    with pytest.raises(ValidationError):
        Settings(qdrant_url="qdrant.internal")
    assert "hidden" not in repr(Settings(qdrant_api_key="hidden"))  # type: ignore[arg-type]
