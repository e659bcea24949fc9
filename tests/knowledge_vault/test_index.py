"""One suite for every engine, and what the scrambling keeps and hides.

The engine that speaks to a Qdrant server runs against a stand-in, and against a real server where QANAT_TEST_QDRANT_URL
names one (with QANAT_TEST_QDRANT_API_KEY, where it wants a key).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge_vault.index.edge import EdgeEngine
from knowledge_vault.index.engine import Engine, Point
from knowledge_vault.index.memory import MemoryEngine
from knowledge_vault.index.scramble import NOISE_RADIUS, SearchKeys
from knowledge_vault.index.server import ServerEngine
from knowledge_vault.values import DocumentId, PassageId, TenantId, VaultId
from tests.knowledge_vault import qdrant_stand_in

SIZE = 32
SHARD = VaultId(UUID(int=1).hex)
OTHER = VaultId(UUID(int=2).hex)


@pytest.fixture(params=["edge", "memory", "server", "real server"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "server":
        with qdrant_stand_in.running() as stand_in:
            engine = ServerEngine(stand_in.address, collection="qanat", dimension=SIZE)
            yield engine
            engine.close()
            assert stand_in.broken == []
        return
    if request.param == "real server":
        with a_collection_of_a_real_server() as engine:
            yield engine
        return
    made: Engine = (
        EdgeEngine(tmp_path / "index", dimension=SIZE, most_open=2)
        if request.param == "edge"
        else MemoryEngine()
    )
    yield made
    made.close()


@contextmanager
def a_collection_of_a_real_server() -> Iterator[ServerEngine]:
    address, api_key = os.environ.get("QANAT_TEST_QDRANT_URL"), os.environ.get("QANAT_TEST_QDRANT_API_KEY")
    if not address:
        pytest.skip("no Qdrant server: name one with QANAT_TEST_QDRANT_URL")
    name = f"qanat-test-{uuid4().hex}"
    engine = ServerEngine(address, collection=name, dimension=SIZE, api_key=api_key)
    try:
        yield engine
    finally:
        engine.close()
        httpx.delete(f"{address}/collections/{name}", headers={"api-key": api_key} if api_key else {})


def unit(seed: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).standard_normal(SIZE)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def point(seed: int, *, document: str = "d1", terms: tuple[int, ...] = ()) -> Point:
    return Point(PassageId(UUID(int=seed).hex), document, unit(seed), terms)


def ids(hits: list[tuple[PassageId, float]]) -> list[int]:
    return [UUID(each).int for each, _ in hits]


def test_the_nearest_come_first(engine: Engine) -> None:
    engine.upsert(SHARD, [point(seed) for seed in range(1, 40)])
    hits = engine.nearest(SHARD, unit(7), limit=5, within=None)
    exact = sorted(range(1, 40), key=lambda seed: -float(unit(seed) @ unit(7)))[:5]
    assert ids(hits) == exact
    assert hits[0][1] == pytest.approx(1.0, abs=2e-3)


def test_terms_add_up_by_their_weights(engine: Engine) -> None:
    engine.upsert(
        SHARD, [point(1, terms=(5, 4_294_967_295)), point(2, terms=(5,)), point(3, terms=(9,)), point(4)]
    )
    hits = engine.matching(SHARD, {5: 1.0, 4_294_967_295: 2.5, 77: 9.0}, limit=9, within=None)
    assert ids(hits) == [1, 2]
    assert [score for _, score in hits] == pytest.approx([3.5, 1.0])
    assert engine.matching(SHARD, {}, limit=9, within=None) == []


def test_only_permitted_documents_are_found(engine: Engine) -> None:
    engine.upsert(SHARD, [point(seed, document=f"d{seed}", terms=(5,)) for seed in range(1, 10)])
    assert set(ids(engine.nearest(SHARD, unit(1), limit=9, within=["d3", "d4"]))) == {3, 4}
    assert set(ids(engine.matching(SHARD, {5: 1.0}, limit=9, within=["d3", "d4"]))) == {3, 4}
    assert engine.nearest(SHARD, unit(1), limit=9, within=[]) == []


def test_no_vault_sees_another(engine: Engine) -> None:
    engine.upsert(SHARD, [point(1, terms=(5,))])
    engine.upsert(OTHER, [point(2, terms=(5,))])
    assert ids(engine.nearest(OTHER, unit(1), limit=9, within=None)) == [2]
    assert ids(engine.matching(SHARD, {5: 1.0}, limit=9, within=None)) == [1]
    assert engine.shards() == {SHARD, OTHER}
    assert (engine.count(SHARD), engine.count(OTHER)) == (1, 1)


def test_a_passage_that_two_shards_have_stays_in_each(engine: Engine) -> None:
    engine.upsert(SHARD, [point(1, terms=(5,)), point(2)])
    engine.upsert(OTHER, [point(1, document="other", terms=(6,))])
    assert ids(engine.matching(SHARD, {5: 1.0, 6: 1.0}, limit=9, within=None)) == [1]
    engine.delete(OTHER, [PassageId(UUID(int=1).hex), PassageId(UUID(int=2).hex)])
    assert {UUID(each).int for each in engine.ids(SHARD)} == {1, 2}
    engine.drop(OTHER)
    assert (engine.count(SHARD), engine.count(OTHER)) == (2, 0)


def test_thousands_of_documents_can_be_permitted(engine: Engine) -> None:
    engine.upsert(SHARD, [point(seed, document=f"d{seed}", terms=(5,)) for seed in range(1, 10)])
    many = [f"x{number}" for number in range(25_000)]
    assert set(ids(engine.nearest(SHARD, unit(1), limit=9, within=[*many, "d3", "d4"]))) == {3, 4}
    hits = engine.nearest(SHARD, unit(2), limit=3, within=["a", *many, *(f"d{n}" for n in range(1, 10))])
    assert ids(hits) == ids(engine.nearest(SHARD, unit(2), limit=3, within=None))
    assert engine.matching(SHARD, {5: 1.0}, limit=9, within=many) == []


def test_adding_again_replaces(engine: Engine) -> None:
    engine.upsert(SHARD, [point(1, terms=(5,))])
    engine.upsert(SHARD, [point(1, terms=(6,))])
    assert len(engine.ids(SHARD)) == engine.count(SHARD) == 1
    assert engine.matching(SHARD, {5: 1.0}, limit=9, within=None) == []
    assert ids(engine.matching(SHARD, {6: 1.0}, limit=9, within=None)) == [1]


def test_what_is_deleted_is_not_found(engine: Engine) -> None:
    engine.upsert(SHARD, [point(seed, terms=(5,)) for seed in (1, 2, 3)])
    engine.delete(SHARD, [PassageId(UUID(int=1).hex), PassageId(uuid4().hex)])
    assert set(ids(engine.nearest(SHARD, unit(1), limit=9, within=None))) == {2, 3}
    assert set(ids(engine.matching(SHARD, {5: 1.0}, limit=9, within=None))) == {2, 3}
    engine.drop(SHARD)
    engine.drop(SHARD)
    assert engine.ids(SHARD) == set()
    assert engine.nearest(SHARD, unit(1), limit=9, within=None) == []
    engine.delete(SHARD, [PassageId(UUID(int=2).hex)])


def test_more_vaults_than_are_kept_open_work_alike(engine: Engine) -> None:
    shards = [VaultId(UUID(int=100 + number).hex) for number in range(6)]
    for number, shard in enumerate(shards):
        engine.upsert(shard, [point(number + 1)])
    for number, shard in enumerate(shards):
        assert ids(engine.nearest(shard, unit(3), limit=3, within=None)) == [number + 1]


def test_points_outlive_the_process_that_added_them(tmp_path: Path) -> None:
    engine = EdgeEngine(tmp_path / "index", dimension=SIZE)
    engine.upsert(SHARD, [point(1, terms=(5,))])
    engine.close()
    again = EdgeEngine(tmp_path / "index", dimension=SIZE)
    assert ids(again.matching(SHARD, {5: 1.0}, limit=1, within=None)) == [1]
    again.close()
    assert (tmp_path / "index").stat().st_mode & 0o077 == 0


def keys(secret: bytes = b"s" * 32, size: int = 384) -> SearchKeys:
    return SearchKeys(secret, tenant=TenantId("t"), vault=SHARD, dimension=size)


def test_scrambling_keeps_what_is_near_and_hides_what_it_is() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 384))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ours = keys()
    stored = np.stack([ours.stored(v.astype(np.float32), PassageId(str(i))) for i, v in enumerate(vectors)])
    asked = np.stack([ours.asked(v.astype(np.float32)) for v in vectors])
    assert (np.argmax(stored @ asked.T, axis=0) == np.arange(50)).all()
    assert np.linalg.norm(asked, axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert np.linalg.norm(stored - asked, axis=1) == pytest.approx(np.full(50, NOISE_RADIUS), abs=1e-5)
    assert abs((stored * vectors).sum(axis=1).mean()) < 0.1
    other = keys(b"x" * 32)
    foreign = np.stack([other.asked(v.astype(np.float32)) for v in vectors])
    assert abs((stored * foreign).sum(axis=1).mean()) < 0.1


def test_scrambling_again_gives_the_same() -> None:
    vector = unit(3)
    one, other = keys(size=SIZE), keys(size=SIZE)
    assert (one.stored(vector, PassageId("a")) == other.stored(vector, PassageId("a"))).all()
    assert not (one.stored(vector, PassageId("a")) == other.stored(vector, PassageId("b"))).all()


def test_words_and_documents_have_other_names_in_every_vault() -> None:
    one, other = keys(), keys(b"x" * 32)
    assert one.word("english", "bee") == keys().word("english", "bee") < 2**32
    assert one.word("english", "bee") != other.word("english", "bee")
    assert one.word("english", "bee") != one.word("german", "bee")
    assert one.document(DocumentId("d")) != other.document(DocumentId("d"))
    assert "s" * 32 not in repr(one)
