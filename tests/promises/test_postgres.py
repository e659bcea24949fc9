"""The whole product with its records on a PostgreSQL server: asked, charged, killed, and nothing lost or readable."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres
from tests.product import Product

NOTE = "The lock keeper of the upper canal is Ottilie Brandt."


@pytest.fixture
def product(postgres_server: Postgres, tmp_path: Path) -> Iterator[Product]:
    address = postgres_server.new_database()
    product = Product(tmp_path, settings={"QANAT_DATABASE_URL": address, "QANAT_LOAD_SAMPLE": "true"})
    product.start()
    yield product
    product.stop()


def test_it_is_asked_and_charged_and_goes_on_after_a_kill(
    product: Product, postgres_server: Postgres, tmp_path: Path
) -> None:
    answered = product.run_json("ask", "sample", "How deep is the mother well?")
    assert "47 metres" in str(answered["answer"])
    assert isinstance(answered["charge"], int)
    assert answered["charge"] > 0
    note = tmp_path / "note.txt"
    note.write_text(NOTE)
    product.run_json("vault", "add", "canal", str(note))
    owner = product.owner()

    product.kill()
    product.start()
    assert owner.get("/api/vaults").status_code == 200, "whoever was signed in still is"
    found = product.run_json("vault", "search", "canal", "Who keeps the lock?")
    passages = found["passages"]
    assert isinstance(passages, list)
    assert passages[0]["text"] == NOTE
    again = product.run_json("ask", "sample", "How deep is the mother well?")
    assert again["charge"] == answered["charge"]
    assert not (product.data_dir / "qanat.db").exists()

    postgres_server.write_down()
    on_disk = b"".join(each.read_bytes() for each in postgres_server.folder.rglob("*") if each.is_file())
    assert b"chain_signing_key" in on_disk, "it is here that the records are"
    for words in (b"Ottilie", b"note.txt", b"mother well", b"47 metres"):
        assert words not in on_disk
