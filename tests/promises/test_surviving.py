"""`kill -9` at any moment: after a restart everything that was acknowledged is there, once."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.product import Product

LONG = "\n\n".join(
    f"Chapter {n}. The mill at mile {n} of the canal grinds {n * 7} sacks a day and rests on Sundays. "
    f"Its wheel has {n + 12} blades. " * 12
    for n in range(1, 40)
)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path)
    product.start()
    yield product
    product.stop()


def upload(owner: httpx.Client, files: dict[str, str]) -> str:
    vault_id: str = owner.post("/api/vaults", json={"name": "Canal"}).json()["id"]
    response = owner.post(
        f"/api/vaults/{vault_id}/documents",
        files=[("files", (name, text.encode())) for name, text in files.items()],
    )
    assert response.status_code == 202, response.text
    return vault_id


def ready(owner: httpx.Client, vault_id: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        documents: list[dict[str, Any]] = owner.get(f"/api/vaults/{vault_id}/documents").json()
        if all(document["stage"] in ("active", "failed") for document in documents):
            return documents
        time.sleep(0.1)
    raise TimeoutError("the documents were not taken in")


def again(product: Product, owner: httpx.Client) -> httpx.Client:
    """Kill, restart, and go on with the same session."""
    product.kill()
    product.start()
    return owner


def test_documents_that_were_acknowledged_are_taken_in_after_a_kill(product: Product) -> None:
    owner = product.owner()
    vault_id = upload(owner, {"long.txt": LONG, "short.txt": "The lock keeper's name is Ottilie Brandt."})
    again(product, owner)
    documents = ready(owner, vault_id)
    assert [(document["name"], document["stage"]) for document in documents] == [
        ("long.txt", "active"),
        ("short.txt", "active"),
    ]
    found = owner.post(
        f"/api/vaults/{vault_id}/search", json={"question": "What is the lock keeper's name?", "limit": 50}
    ).json()["passages"]
    assert sum("Ottilie Brandt" in passage["text"] for passage in found) == 1, "there, and once"


def test_a_second_server_on_the_same_data_is_refused(product: Product) -> None:
    other = Product(product.folder)
    done = other.run("serve")
    assert done.returncode == 1
    assert "QANAT_DATA_DIR" in done.stderr


def test_another_root_key_opens_nothing_and_breaks_nothing(product: Product) -> None:
    product.stop()
    key = product.folder / "root.key"
    kept = key.read_text()
    key.write_text("00" * 32 + "\n")
    refused = product.run("serve")
    assert refused.returncode == 1
    assert "another key" in refused.stderr
    key.write_text(kept)
    product.start()
