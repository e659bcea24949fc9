"""When a part is missing or dies: a clear word, nothing lost, never a free ride."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.product import Product

FACT = "The lock keeper's name is Ottilie Brandt."


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path, settings={"QANAT_CHAIN_GRACE_S": "20"})
    yield product
    product.stop()


def reader_of(product: Product) -> tuple[httpx.Client, str]:
    """Somebody with a metered license to a published agent, and the agent's slug."""
    owner = product.owner()
    vault_id = owner.post("/api/vaults", json={"name": "Canal"}).json()["id"]
    owner.post(f"/api/vaults/{vault_id}/documents", files=[("files", ("fact.txt", FACT.encode()))])
    while owner.get(f"/api/vaults/{vault_id}/documents").json()[0]["stage"] != "active":
        time.sleep(0.1)
    agent = owner.post("/api/agents", json={"name": "Lock", "vaults": [vault_id]}).json()
    version = owner.post(
        f"/api/agents/{agent['id']}/publish", json={"terms": [{"kind": "metered", "price": 1000}]}
    ).json()
    reader = httpx.Client(base_url=product.url, headers={"X-Qanat": "1"}, timeout=60)
    reader.post(
        "/api/session/register",
        json={"email": "reader@example.org", "password": "a long enough password", "name": "Reader"},
    )
    reader.post("/api/wallet/faucet")
    [terms] = reader.get(f"/api/catalogue/{version['slug']}").json()["terms"]
    reader.post("/api/licenses", json={"terms_id": terms["terms_id"], "deposit": 100_000})
    return reader, version["slug"]


def ask(reader: httpx.Client, slug: str) -> httpx.Response:
    body = {"model": slug, "messages": [{"role": "user", "content": "What is the lock keeper's name?"}]}
    return reader.post("/v1/chat/completions", json=body)


def test_when_the_chain_dies_licenses_hold_for_a_while_and_then_nobody_is_served(product: Product) -> None:
    product.start()
    reader, slug = reader_of(product)
    assert ask(reader, slug).status_code == 200
    assert product.process is not None
    [anvil] = [p for p in psutil.Process(product.process.pid).children() if "anvil" in p.name()]
    os.kill(anvil.pid, signal.SIGSTOP)  # it neither answers nor ends: the worst way to be gone
    try:
        assert ask(reader, slug).status_code == 200, "a license that was valid is honoured for a while"
        deadline = time.monotonic() + 60
        while (refused := ask(reader, slug)).status_code == 200 and time.monotonic() < deadline:
            time.sleep(1)
        assert refused.status_code == 503
        assert "chain" in refused.json()["detail"].lower()
        assert int(refused.headers["retry-after"]) > 0
    finally:
        os.kill(anvil.pid, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while ask(reader, slug).status_code != 200:
        assert time.monotonic() < deadline, "service resumes when the chain answers again"
        time.sleep(0.5)


def test_without_a_model_file_everything_but_answering_works_and_says_what_to_do(product: Product) -> None:
    product.settings["QANAT_LLM_PATH"] = str(product.folder / "missing.gguf")
    product.start()
    parts = {part["name"]: part for part in httpx.get(f"{product.url}/readyz").json()["parts"]}
    assert parts["model"]["ready"] is False
    assert "QANAT_LLM_PATH" in parts["model"]["detail"]
    owner = product.owner()
    graph_with_model = owner.post("/api/agents", json={"name": "Needs a model"}).json()
    assert graph_with_model["id"]


def test_without_an_embedding_model_the_server_says_what_to_do(product: Product) -> None:
    product.settings["QANAT_EMBEDDER_DIR"] = str(product.folder / "nothing-here")
    refused = product.run("serve")
    assert refused.returncode == 1
    assert "make prepare" in refused.stderr


def test_a_root_key_inside_the_data_folder_is_refused(product: Product) -> None:
    product.settings["QANAT_ROOT_KEY_FILE"] = str(product.data_dir / "root.key")
    refused = product.run("serve")
    assert refused.returncode == 1
    assert "QANAT_ROOT_KEY_FILE" in refused.stderr
