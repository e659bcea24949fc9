"""The real product and a real browser, for journeys that a person would make."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.product import ROOT, Product

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 30_000
PICTURES = Path(os.environ.get("QANAT_TEST_PICTURES", ROOT / "build" / "pictures"))
"""Where pictures of the pages are kept, for people to look at."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    if not (ROOT / "frontend" / "dist" / "index.html").is_file():
        pytest.fail("The pages are not built. Run `make prepare-test`, then test again.")
    product = Product(tmp_path_factory.mktemp("product"))
    product.start()
    yield product
    product.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


class Person:
    """Somebody at a browser of their own. What the page complained about is kept in `complaints`."""

    def __init__(self, context: BrowserContext, product: Product) -> None:
        self.context = context
        self.product = product
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        """Requests to any host but the product's."""
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda told: self.complaints.append(told.text) if told.type == "error" else None
        )
        self.page.on("request", lambda request: self._saw(request.url))

    def _saw(self, url: str) -> None:
        if not url.startswith((self.product.url, "data:", "blob:")):
            self.elsewhere.append(url)

    def goes_to(self, path: str) -> None:
        self.page.goto(self.product.url + path)

    def pictures(self, name: str) -> None:
        """Keep a picture of the page as it is now."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture(scope="module")
def owner(browser: Browser, product: Product) -> Iterator[Person]:
    context = browser.new_context(viewport={"width": 1360, "height": 850})
    yield Person(context, product)
    context.close()


@pytest.fixture(scope="module")
def reader(browser: Browser, product: Product) -> Iterator[Person]:
    """Somebody else, on a phone, in the dark."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, color_scheme="dark"
    )
    yield Person(context, product)
    context.close()
