"""The browser's implementation of the sealing format, in a real browser, against the server's and frozen vectors."""

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from knowledge_vault import crypto
from tests.knowledge_vault.test_crypto import VECTORS, altered
from tests.product import ROOT

FRONTEND = ROOT / "frontend"
MODULE = FRONTEND / "src" / "features" / "vaults" / "model" / "sealing.ts"
ORIGIN = "http://127.0.0.1:1/"
"""Nothing is asked for there: the page is made up, at an address where browsers allow WebCrypto."""

USE = """
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (data) => { let all = ''; for (const byte of data) all += String.fromCharCode(byte); return btoa(all); };
window.sealIt = async ({ key, plaintext, context, salt }) =>
  text(await seal(bytes(key), bytes(plaintext), context, ...(salt ? [bytes(salt)] : [])));
window.openIt = async ({ key, sealed, context }) => {
  try { return text(await openSealed(bytes(key), bytes(sealed), context)); }
  catch (error) { if (error instanceof SealBroken) return null; throw error; }
};
window.isThere = true;
"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with the very module, its types taken off."""
    folder = tmp_path_factory.mktemp("sealing")
    subprocess.run(
        [
            *("npx", "--no-install", "tsc", str(MODULE), "--ignoreConfig", "--outDir", str(folder)),
            *("--target", "ES2024", "--module", "ESNext", "--skipLibCheck"),
        ],
        cwd=FRONTEND,
        check=True,
        capture_output=True,
    )
    code = (folder / "sealing.js").read_text(encoding="utf-8") + USE
    page = browser.new_page()
    html = f"<!doctype html><script type=module>{code}</script>"
    page.route(ORIGIN, lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(ORIGIN)
    page.wait_for_function("window.isThere")
    yield page
    page.close()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def opened(page: Page, key: bytes, sealed: bytes, context: list[str | int]) -> bytes | None:
    found = page.evaluate("openIt", {"key": encoded(key), "sealed": encoded(sealed), "context": context})
    return None if found is None else base64.b64decode(found)


def test_the_browser_seals_and_opens_every_vector(page: Page) -> None:
    for vector in VECTORS["vectors"]:
        key, salt = bytes.fromhex(vector["key"]), bytes.fromhex(vector["salt"])
        plaintext = bytes.fromhex(vector["plaintext_repeated"]) * vector["repeats"]
        asked = {"key": encoded(key), "plaintext": encoded(plaintext), "context": vector["context"]}
        sealed = base64.b64decode(page.evaluate("sealIt", {**asked, "salt": encoded(salt)}))
        assert sealed[:56].hex() == vector["sealed_head"], vector["name"]
        assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"], vector["name"]
        assert opened(page, key, sealed, vector["context"]) == plaintext, vector["name"]


def test_the_browser_refuses_everything_that_must_not_open(page: Page) -> None:
    refused: list[Any] = [
        refusal for refusal in VECTORS["refusals"] if opened(page, *altered(refusal)) is None
    ]
    assert refused == VECTORS["refusals"]


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 16_385, 100_000])
def test_what_one_side_seals_the_other_opens(page: Page, size: int) -> None:
    key, context = crypto.new_secret(), ["original", "tenant", "vault", "文", 1, -size]
    plaintext = (b"0123456789" * (size // 10 + 1))[:size]
    assert opened(page, key, crypto.seal(key, plaintext, context), context) == plaintext
    sealed = base64.b64decode(
        page.evaluate("sealIt", {"key": encoded(key), "plaintext": encoded(plaintext), "context": context})
    )
    assert crypto.open_sealed(key, sealed, context) == plaintext
