"""The doors programs come through: `qanat`, `curl`, and the stock `openai` client."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.product import QANAT, ROOT, Product

FACTS = {
    "keeper.md": "# The lock\n\nThe lock keeper's name is Ottilie Brandt. She has kept it since 1998.\n",
    "toll.csv": "boat,toll\nbarge,14 florins\nraft,3 florins\n",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("doors"))
    product.start()
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, text in FACTS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def slug(product: Product, files: Path) -> str:
    """An agent over documents that the command line added."""
    added = product.run_json("vault", "add", "Canal", str(files))
    owner = product.owner()
    agent = owner.post("/api/agents", json={"name": "Lock", "vaults": [added["vault"]]}).json()
    version = owner.post(
        f"/api/agents/{agent['id']}/publish", json={"terms": [{"kind": "metered", "price": 1000}]}
    )
    published: str = version.json()["slug"]
    return published


@pytest.fixture(scope="module")
def api_key(product: Product, slug: str) -> str:
    del slug
    owner = product.owner_again()
    secret: str = owner.post("/api/keys", json={"name": "programs"}).json()["secret"]
    return secret


def test_the_command_line_adds_and_finds_documents(product: Product, files: Path) -> None:
    added = product.run_json("vault", "add", "Found by CLI", str(files))
    assert {document["stage"] for document in added["documents"]} == {"active"}  # type: ignore[index,union-attr]
    found = product.run_json("vault", "search", "Found by CLI", "toll for a barge", "--limit", "1")
    assert "14 florins" in found["passages"][0]["text"]  # type: ignore[index]


def test_a_vault_is_kept_like_a_folder(product: Product, tmp_path: Path) -> None:
    def saved(*options: str) -> dict[str, str]:
        done = product.run("vault", "watch", "Mirror", str(tmp_path), "--once", "--json", *options)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["name"]: line["outcome"] for line in lines}

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "may.md").write_text("In May the sluice jammed.")
    (tmp_path / "rules.txt").write_text("Boats wait for swans.")
    assert saved() == {"logs › may.md": "added", "rules.txt": "added"}
    (tmp_path / "rules.txt").write_text("Boats wait for herons.")
    assert saved() == {"logs › may.md": "unchanged", "rules.txt": "replaced"}
    found = product.run_json("vault", "search", "Mirror", "whom do boats wait for?", "--limit", "1")
    assert "herons" in found["passages"][0]["text"]  # type: ignore[index]
    (tmp_path / "rules.txt").unlink()
    assert saved()["rules.txt"] == "kept"
    assert saved("--delete")["rules.txt"] == "deleted"
    assert saved() == {"logs › may.md": "unchanged"}


def test_what_is_saved_in_a_watched_folder_is_taken_in(product: Product, tmp_path: Path) -> None:
    watching = subprocess.Popen(
        [*QANAT, "vault", "watch", "Watched", str(tmp_path)],
        cwd=ROOT,
        env=product.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout is not None
        assert "Watching" in watching.stdout.readline()
        (tmp_path / "note.md").write_text("The lock opens at six.")
        assert watching.stdout.readline().strip() == "note.md  added"
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=30) == 0


def test_the_command_line_takes_a_secret_and_never_tells_it(product: Product) -> None:
    value = "sk-typed-and-gone-7f3a"
    saved = product.run("secrets", "save", "weather", "--host", "api.example.org", typed=value + "\n")
    assert saved.returncode == 0, saved.stderr
    [listed] = product.run_json("secrets", "list")["secrets"]  # type: ignore[misc]
    assert (listed["name"], listed["hosts"]) == ("weather", ["api.example.org"])
    assert value not in saved.stdout + saved.stderr + str(listed) + product.log.read_text()


def test_the_command_line_asks(product: Product, slug: str) -> None:
    answered = product.run_json("ask", slug, "What is the lock keeper's name?")
    assert set(answered) == {
        "answer",
        "citations",
        "sentences",
        "not_ready",
        "left_out",
        "charge",
        "proof_id",
    }
    assert "Ottilie Brandt" in str(answered["answer"])
    [citation, *_] = answered["citations"]  # type: ignore[misc]
    assert FACTS["keeper.md"][citation["start"] : citation["end"]] == citation["quote"]


def test_the_command_line_says_what_is_wrong(product: Product) -> None:
    done = product.run("ask", "nobody-here", "Hello?")
    assert done.returncode == 1
    assert "no published agent" in done.stderr
    assert "Traceback" not in done.stderr


def test_curl_asks(product: Product, slug: str, api_key: str) -> None:
    curl = shutil.which("curl")
    assert curl, "install curl to run the tests"
    body = {"model": slug, "messages": [{"role": "user", "content": "What is the toll for a raft?"}]}
    done = subprocess.run(
        [
            curl,
            "-s",
            f"{product.url}/v1/chat/completions",
            "-H",
            f"Authorization: Bearer {api_key}",
            "-H",
            "Content-Type: application/json",
            "-d",
            json.dumps(body),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    completion = json.loads(done.stdout)
    assert "3 florins" in completion["choices"][0]["message"]["content"]


def test_the_stock_openai_client_works_unchanged(product: Product, slug: str, api_key: str) -> None:
    client = openai.OpenAI(base_url=f"{product.url}/v1", api_key=api_key)
    assert slug in [model.id for model in client.models.list()]
    asked = "What is the lock keeper's name?"
    completion = client.chat.completions.create(model=slug, messages=[{"role": "user", "content": asked}])
    assert "Ottilie Brandt" in str(completion.choices[0].message.content)
    extra = completion.model_extra or {}
    assert extra["citations"][0]["document"] == "keeper.md"
    assert extra["proof_id"]
    stream = client.chat.completions.create(
        model=slug, messages=[{"role": "user", "content": asked}], stream=True
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert "Ottilie Brandt" in text


def test_the_openai_client_learns_why_it_was_refused(product: Product, slug: str) -> None:
    client = openai.OpenAI(base_url=f"{product.url}/v1", api_key="qk_wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError, match="revoked"):
        client.chat.completions.create(model=slug, messages=[{"role": "user", "content": "Hello?"}])


def test_a_proof_is_verified_without_a_server(product: Product, slug: str, tmp_path: Path) -> None:
    answered = product.run_json("ask", slug, "What is the lock keeper's name?")
    proof = product.owner_again().get(f"/api/proofs/{answered['proof_id']}").json()
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    assert product.run("verify", str(path)).returncode == 0
    path.write_text(json.dumps(proof).replace('"charge": 0', '"charge": 1'))
    assert product.run("verify", str(path)).returncode == 1
