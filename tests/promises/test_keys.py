"""What the owner of a server can do with its keys, on the real product: print, lose, recover, move and replace them."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.product import QANAT, ROOT, Product

CODE = re.compile(r"^ +((?:[0-9A-Z]{4}-){7}[0-9A-Z]{4})$", re.M)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("keys"))
    yield product
    product.stop()


def printed(product: Product) -> list[str]:
    return CODE.findall(product.log.read_text())


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)


def recover(product: Product, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*QANAT, "keys", "recover"],
        cwd=ROOT,
        env=product.environment,
        input=code + "\n",
        capture_output=True,
        text=True,
        check=False,
    )


def finds(product: Product) -> bool:
    found = product.run_json("vault", "search", "rivers", "how long is the Talm?")
    passages = found["passages"]
    assert isinstance(passages, list)
    return "214 kilometres" in passages[0]["text"]


@pytest.mark.timeout(600)  # some twenty commands, each a process of its own
def test_keys_are_printed_once_replaced_moved_lost_and_recovered(product: Product, tmp_path: Path) -> None:
    product.start()
    product.claim_token()  # the lines are printed once the pages can be had
    wait_for(lambda: printed(product) != [])
    assert len(printed(product)) == 1, "the recovery key is printed at the first start"
    assert "RECOVERY KEY" in product.log.read_text()
    document = tmp_path / "talm.txt"
    document.write_text("The river Talm is 214 kilometres long.")
    product.run_json("vault", "add", "rivers", str(document))

    before = (product.folder / "root.key").read_text()
    rotated = product.run_json("keys", "rotate", "root")
    assert rotated["version"] == 2
    assert (product.folder / "root.key").read_text() != before
    assert finds(product), "the running server goes on under the new key"
    for what in ("vault", "search"):
        assert product.run_json("keys", "rotate", what, "rivers")["version"] == 2
    assert finds(product)
    assert product.run_json("vault", "scrub", "rivers") == {
        "documents": 1,
        "records": 0,
        "damaged": [],
    }
    refused = product.run("keys", "move", "passphrase")
    assert refused.returncode == 1
    assert "Stop it first" in refused.stderr
    product.stop()

    product.start()
    assert len(printed(product)) == 1, "and never again"
    product.stop()

    lost = (product.folder / "root.key").read_text()
    (product.folder / "root.key").unlink()
    refused = product.run("serve")
    assert refused.returncode == 1
    assert "qanat keys recover" in refused.stderr
    assert recover(product, "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA").returncode == 1
    done = recover(product, printed(product)[0])
    assert done.returncode == 0, done.stderr
    assert (product.folder / "root.key").read_text().strip() in lost

    secret = tmp_path / "passphrase"
    secret.write_text("five words that nobody guesses\n")
    product.settings["QANAT_ROOT_PASSPHRASE_FILE"] = str(secret)
    moved = product.run_json("keys", "move", "passphrase")
    assert "Delete" in str(moved["left_to_do"])
    (product.folder / "root.key").unlink()
    refused = product.run("serve")
    assert "QANAT_ROOT_KEY_PROVIDER=passphrase" in refused.stderr
    product.settings["QANAT_ROOT_KEY_PROVIDER"] = "passphrase"
    product.start()
    assert finds(product)
    new = product.run_json("keys", "recovery")["recovery_key"]
    assert new != printed(product)[0]
    product.stop()

    secret.write_text("another passphrase altogether")
    refused = product.run("serve")
    assert refused.returncode == 1
    assert "not the passphrase" in refused.stderr
    assert recover(product, printed(product)[0]).returncode == 1, "the first recovery key has ended"
    assert recover(product, str(new)).returncode == 0
    product.start()
    assert finds(product)


def test_a_crash_writes_no_keys_to_the_disk(product: Product) -> None:
    if product.process is None or product.process.poll() is not None:
        product.start()
    assert product.process is not None
    limits = Path(f"/proc/{product.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
