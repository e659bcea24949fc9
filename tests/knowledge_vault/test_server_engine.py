"""What the engine for a Qdrant server sends, and what it makes of answers that are late, wrong or refusals.

Beside the suite of test_index.py, which it shares with the other engines. No real server can be had where this was
written: requests are held to Qdrant's OpenAPI by the stand-in that answers them.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from knowledge_vault.custody import Replacing
from knowledge_vault.errors import VaultUnavailable
from knowledge_vault.index.server import ServerEngine
from knowledge_vault.values import PassageId, Protection
from tests.knowledge_vault import qdrant_stand_in
from tests.knowledge_vault.making import ALICE, BOB, WordEmbedder, open_vault, stream, take_in
from tests.knowledge_vault.qdrant_stand_in import StandIn
from tests.knowledge_vault.test_at_rest import CANARY
from tests.knowledge_vault.test_index import OTHER, SHARD, SIZE, ids, point, unit


@pytest.fixture
def qdrant() -> Iterator[StandIn]:
    with qdrant_stand_in.running() as running:
        yield running


class Pauses(list[float]):
    """Waits for nobody, and remembers how long it was to wait."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def connect(qdrant: StandIn) -> Iterator[Callable[..., ServerEngine]]:
    made: list[ServerEngine] = []

    def connected(**more: object) -> ServerEngine:
        facts: dict[str, object] = {"collection": "qanat", "dimension": SIZE, **more}
        made.append(ServerEngine(qdrant.address, **facts))  # type: ignore[arg-type]
        return made[-1]

    yield connected
    for engine in made:
        engine.close()


def test_the_collection_is_laid_out_for_many_tenants(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    connect(copies=3).upsert(SHARD, [point(1)])
    made = qdrant.collections["qanat"]
    assert made.made["vectors"]["v"] == {"size": SIZE, "distance": "Dot", "datatype": "float16"}
    assert made.made["sparse_vectors"] == {"w": {}}
    assert (made.made["hnsw_config"]["m"], made.made["hnsw_config"]["payload_m"]) == (0, 16)
    assert (made.made["replication_factor"], made.made["write_consistency_factor"]) == (3, 2)
    assert made.indexes["s"] == {"type": "keyword", "is_tenant": True}
    assert made.indexes["d"]["is_tenant"] is False
    assert qdrant.broken == []


def test_a_request_without_a_shard_or_outside_the_openapi_is_caught(qdrant: StandIn) -> None:
    points = f"{qdrant.address}/collections/qanat/points"
    mine = {"must": [{"key": "s", "match": {"value": SHARD}}]}
    beside = {"should": [{"key": "s", "match": {"value": SHARD}}]}
    asked = {"query": {"nearest": [1.0]}, "using": "v", "limit": 1}
    wrong = [
        ("POST", f"{points}/query?timeout=2", asked),
        ("POST", f"{points}/query?timeout=2", {**asked, "filter": beside}),
        ("POST", f"{points}/query?timeout=2", {**asked, "filter": mine, "top": 1}),
        ("POST", f"{points}/query?timeout=2", {**asked, "filter": mine, "limit": "1"}),
        ("POST", f"{points}/query?timeout=2&within=d", {**asked, "filter": mine}),
        ("POST", f"{points}/query", {**asked, "filter": mine}),
        ("POST", f"{points}/scroll?timeout=2", {"limit": 9}),
        ("POST", f"{points}/count?timeout=2", {"exact": True}),
        ("POST", f"{points}/delete?wait=true&timeout=2", {"filter": {}}),
        ("POST", f"{points}/delete?wait=true&timeout=2", {"points": [str(UUID(int=1))]}),
        ("POST", f"{points}/delete?timeout=2", {"filter": mine}),
        ("PUT", f"{points}?wait=true&timeout=2", {"points": [{"id": 1, "vector": {}, "payload": {}}]}),
        ("DELETE", points, {}),
    ]
    for number, (method, address, body) in enumerate(wrong, start=1):
        assert httpx.request(method, address, json=body).status_code == 400, address
        assert len(qdrant.broken) == number, address
    right = httpx.post(f"{points}/query?timeout=2", json={**asked, "filter": mine})
    assert right.status_code == 404, "understood: there is only no such collection"


def test_many_points_travel_in_several_requests(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    engine = connect()
    engine.upsert(SHARD, [point(seed) for seed in range(1, 601)])
    assert [len(body["points"]) for name, _, body in qdrant.asked if name == "upsert_points"] == [
        256,
        256,
        88,
    ]
    assert engine.count(SHARD) == len(engine.ids(SHARD)) == 600


def test_points_of_another_vault_are_refused_whatever_the_server_says(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    engine = connect()
    engine.upsert(SHARD, [point(1, terms=(5,))])
    engine.upsert(OTHER, [point(2, terms=(5,))])
    qdrant.forgets_filters = True
    with pytest.raises(VaultUnavailable, match="not asked for"):
        engine.nearest(SHARD, unit(1), limit=9, within=None)
    with pytest.raises(VaultUnavailable, match="not asked for"):
        engine.matching(SHARD, {5: 1.0}, limit=9, within=["d1"])
    with pytest.raises(VaultUnavailable, match="not asked for"):
        engine.ids(SHARD)


def test_a_server_that_is_not_there_is_named_at_once() -> None:
    engine = ServerEngine("http://127.0.0.1:9", collection="qanat", dimension=SIZE, pause=Pauses())
    with pytest.raises(VaultUnavailable, match=r"http://127.0.0.1:9 did not answer.*QANAT_QDRANT_URL"):
        engine.nearest(SHARD, unit(1), limit=1, within=None)
    engine.close()
    with pytest.raises(VaultUnavailable, match="closed"):
        engine.ids(SHARD)


def test_a_server_that_takes_too_long_is_not_waited_for(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    engine = connect(ask_s=1, pause=Pauses())
    engine.upsert(SHARD, [point(1)])
    qdrant.delay_s = 1.3
    began = time.monotonic()
    with pytest.raises(VaultUnavailable, match="did not answer"):
        engine.nearest(SHARD, unit(1), limit=1, within=None)
    assert time.monotonic() - began < 3.0


def test_a_busy_server_is_asked_again_and_as_late_as_it_wishes(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    pauses = Pauses()
    engine = connect(pause=pauses)
    qdrant.next_answers = [(503, {}), (500, {}), (429, {"Retry-After": "3"}), (429, {})]
    engine.upsert(SHARD, [point(1)])
    assert pauses == [0.1, 0.2, 3.0, 5.0]
    assert ids(engine.nearest(SHARD, unit(1), limit=1, within=None)) == [1]
    qdrant.next_answers = [(503, {})] * 50
    with pytest.raises(VaultUnavailable, match="status 503"):
        engine.nearest(SHARD, unit(1), limit=1, within=None)
    assert len(qdrant.next_answers) > 40, "a question is not put for long"
    with pytest.raises(VaultUnavailable, match="status 503"):
        engine.upsert(SHARD, [point(2)])
    assert len(qdrant.next_answers) > 20


def test_a_wrong_key_is_told_and_a_right_one_sent(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    qdrant.api_key = "secret"
    with pytest.raises(VaultUnavailable, match="QANAT_QDRANT_API_KEY"):
        connect().count(SHARD)
    engine = connect(api_key="secret")
    with pytest.warns(UserWarning, match="insecure"):  # plain HTTP, to this very machine
        engine.upsert(SHARD, [point(1)])
    assert engine.count(SHARD) == 1


def test_a_collection_of_another_size_or_making_is_not_touched(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    connect().upsert(SHARD, [point(1)])
    with pytest.raises(
        VaultUnavailable, match=f"vectors of {SIZE} numbers, and this embedding model makes 64"
    ):
        connect(dimension=64).upsert(SHARD, [point(1)])
    qdrant.collections["theirs"] = qdrant_stand_in.Collection({"vectors": {"size": 4, "distance": "Dot"}})
    with pytest.raises(VaultUnavailable, match="not made by Qanat"):
        connect(collection="theirs").drop(SHARD)
    assert qdrant.collections["theirs"].indexes == {}
    assert len(qdrant.collections["qanat"].points) == 1


def test_what_is_missing_of_a_collection_is_made(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    connect().upsert(SHARD, [point(1)])
    del qdrant.collections["qanat"].indexes["s"]  # its maker was stopped in the middle
    assert connect().shards() == {SHARD}


def test_a_collection_that_is_deleted_under_way_is_made_anew(
    qdrant: StandIn, connect: Callable[..., ServerEngine]
) -> None:
    engine = connect()
    engine.upsert(SHARD, [point(1)])
    qdrant.collections.clear()
    assert engine.nearest(SHARD, unit(1), limit=1, within=None) == []
    assert engine.count(SHARD) == 0
    engine.delete(SHARD, [PassageId(UUID(int=1).hex)])
    engine.upsert(SHARD, [point(2)])
    assert ids(engine.nearest(SHARD, unit(1), limit=1, within=None)) == [2]


async def test_a_vault_over_a_qdrant_server_tells_it_nothing_readable(
    qdrant: StandIn, connect: Callable[..., ServerEngine], tmp_path: Path
) -> None:
    def engine() -> ServerEngine:
        return connect(dimension=WordEmbedder.dimension)

    async with open_vault(tmp_path, engine=engine()) as vault:
        hers = (await vault.create_vault(ALICE, name=f"Alice's {CANARY}")).id
        his = (await vault.create_vault(BOB, name="Bob's")).id
        secret = await take_in(vault, hers, "secret.txt", f"The safe opens with {CANARY}.")
        await take_in(vault, hers, "cellar.txt", "The safe is in the cellar.")
        await take_in(vault, his, "his.txt", "Bob keeps bees, and no safe.", tenant=BOB)
        found = await vault.search(ALICE, [hers], f"what opens the safe, {CANARY}?")
        assert CANARY in found.passages[0].text
        assert {p.vault_id for p in (await vault.search(BOB, [his], "safe", limit=50)).passages} == {his}
        await vault.replace_document(ALICE, secret.id, content=stream(b"The safe opens with a song."))
        await vault.parse(ALICE, secret.id)
        await vault.index(ALICE, secret.id)
        await vault.custody.rotate(ALICE, hers, Replacing.SEARCH_SECRET)
        await vault.custody.wait(hers)
        found = await vault.search(ALICE, [hers], "song that opens the safe")
        assert "song" in found.passages[0].text
        await vault.custody.protect(BOB, his, Protection.SEALED)
        await vault.custody.wait(his)
        await vault.delete_document(ALICE, secret.id)
        assert len(qdrant.collections["qanat"].points) == 1, "the cellar's"
    qdrant.collections.clear()
    async with open_vault(tmp_path, engine=engine()) as vault:
        found = await vault.search(ALICE, [hers], "where is the safe?")
        assert [passage.text for passage in found.passages] == ["The safe is in the cellar."]
    assert qdrant.broken == []
    sent = json.dumps([body for _, _, body in qdrant.asked])
    assert "safe" not in sent
    assert CANARY not in sent
    assert secret.id not in sent


async def test_a_collection_that_is_deleted_under_a_running_server_is_filled_again(
    qdrant: StandIn, connect: Callable[..., ServerEngine], tmp_path: Path
) -> None:
    async with open_vault(tmp_path, engine=connect(dimension=WordEmbedder.dimension)) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await take_in(vault, home, "bees.txt", "Bees sleep at night.")
        assert (await vault.search(ALICE, [home], "do bees sleep?")).passages
        qdrant.collections.clear()
        assert (await vault.search(ALICE, [home], "do bees sleep?")).passages
    assert qdrant.broken == []
