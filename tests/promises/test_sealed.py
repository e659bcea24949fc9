"""Searching every byte of the data folder and the logs for what people wrote finds nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import Product

DOCUMENT = "The combination of the harbour safe is heliotrope-4417-zanzibar."
QUESTION = "What is the combination of the harbour safe, quokkabluebell?"


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path)
    product.start()
    yield product
    product.stop()


def places_of(needle: str, folder: Path) -> list[str]:
    """The files that hold the needle, in any of the encodings a database or a page file might use."""
    forms = [needle.encode(code) for code in ("utf-8", "utf-16-le", "utf-32-le")]
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def test_nothing_anybody_wrote_can_be_read_on_disk(product: Product) -> None:
    owner = product.owner()
    vault_id = owner.post("/api/vaults", json={"name": "Harbour ledger vermilion"}).json()["id"]
    owner.post(
        f"/api/vaults/{vault_id}/documents",
        files=[("files", ("harbour-secret-name.txt", DOCUMENT.encode()))],
    )
    while owner.get(f"/api/vaults/{vault_id}/documents").json()[0]["stage"] != "active":
        time.sleep(0.1)
    agent = owner.post("/api/agents", json={"name": "Harbour", "vaults": [vault_id]}).json()
    owner.post(f"/api/agents/{agent['id']}/publish", json={"terms": [{"kind": "metered", "price": 10}]})
    slug = owner.get(f"/api/agents/{agent['id']}").json()["slug"]
    chat_id = owner.post("/api/chats", json={"slug": slug}).json()["id"]
    answered = owner.post(f"/api/chats/{chat_id}/messages", json={"content": QUESTION})
    assert "heliotrope" in answered.text, "the needle went through the model and back"
    remembering = owner.post("/api/agents", json={"name": "Rememberer"}).json()
    nodes = [
        {"id": "start", "kind": "start"},
        {"id": "keep", "kind": "remember", "settings": {"name": "cassowaryname"}},
        {"id": "end", "kind": "answer", "settings": {"text": "Noted."}},
    ]
    ways = [("start", "question", "keep", "value"), ("keep", "values", "end", "value")]
    edges = [
        {"id": f"e{n}", "source": {"node": a, "socket": b}, "target": {"node": c, "socket": d}}
        for n, (a, b, c, d) in enumerate(ways)
    ]
    graph = {"schema": "qanat/agent-graph@1", "nodes": nodes, "edges": edges}
    path = f"/api/agents/{remembering['id']}"
    owner.put(f"{path}/draft", json={"graph": graph, "base_revision": 1})
    assert "Noted." in owner.post(f"{path}/try", json={"question": "My cat is parsnipwhisker."}).text
    assert owner.get("/api/facts").json()[0]["value"] == "My cat is parsnipwhisker."
    product.kill()

    for needle in (
        "heliotrope",
        "quokkabluebell",
        "parsnipwhisker",
        "cassowaryname",
        "harbour-secret-name",
        "vermilion",
        "combination of the",
    ):
        assert places_of(needle, product.folder) == [], f"{needle!r} can be read on disk"


def test_the_search_for_needles_would_find_one(tmp_path: Path) -> None:
    (tmp_path / "leak.bin").write_bytes(b"\x00\x01" + "heliotrope".encode("utf-16-le"))
    assert places_of("heliotrope", tmp_path) == ["leak.bin"]


def test_the_data_folder_is_for_its_owner_alone(product: Product) -> None:
    assert product.data_dir.stat().st_mode & 0o077 == 0
    for path in product.data_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (product.folder / "root.key").stat().st_mode & 0o077 == 0
