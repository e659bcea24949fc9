"""What axe finds on every page, in light and in dark: nothing serious, nothing critical."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Person
from tests.product import ROOT, Product

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).slice(0, 3).join(' ')}`))"""
ADDRESSES = (
    "/",
    "/vaults",
    "/agents",
    "/catalogue",
    "/chat",
    "/inbox",
    "/licenses",
    "/earnings",
    "/keys",
    "/models",
    "/account",
    "/nowhere",
)


@pytest.fixture(scope="module")
def addresses(product: Product) -> list[str]:
    """Every page, those of a vault, a document, a draft and a conversation among them."""
    client = product.owner_again()
    vault = client.post("/api/vaults", json={"name": "Bees"}).json()["id"]
    added = client.post(
        f"/api/vaults/{vault}/documents",
        files=[("files", ("bees.txt", b"Bees dance to tell the way.")), ("files", ("empty.txt", b""))],
    ).json()
    agent = client.post("/api/agents", json={"name": "Helper", "vaults": [vault]}).json()["id"]
    document = added["accepted"][0]["id"]
    drawn = f"/api/agents/{agent}"
    client.post(f"{drawn}/tests", json={"question": "Do bees dance?", "state": "draft"})
    client.post(f"{drawn}/tests", json={"question": "Why?", "checks": [{"kind": "cites"}]})
    aside = client.post(f"{drawn}/kept-drafts", json={"graph": {"nodes": [], "edges": []}}).json()["state"]
    client.post(f"{drawn}/try", json={"question": "Who won the chess game in Reykjavik?"})
    run = client.get(f"{drawn}/runs").json()[0]["id"]
    return [
        *ADDRESSES,
        f"/vaults/{vault}",
        f"/vaults/{vault}?tab=search",
        f"/vaults/{vault}?tab=chunks",
        f"/vaults/{vault}?tab=protection",
        f"/documents/{document}",
        f"/agents/{agent}",
        f"/agents/{agent}/runs",
        f"/agents/{agent}/runs/{run}",
        f"/agents/{agent}/tests",
        f"/agents/{agent}/versions?before={aside}",
    ]


def called(address: str) -> str:
    """A page's address as the name of a picture, without ids."""
    words = re.findall(r"[a-z]+", re.sub(r"[0-9a-f]{32}", "one", address))
    return "-".join(words) or "home"


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_page_keeps_anybody_out(
    colours: Any, browser: Browser, product: Product, addresses: list[str]
) -> None:
    context = browser.new_context(viewport={"width": 1360, "height": 850}, color_scheme=colours)
    person = Person(context, product)
    found = {}
    for address in ("/signin", "/register"):
        person.goes_to(address)
        expect(person.page.get_by_role("heading", level=1)).to_be_visible()
        person.page.evaluate(AXE.read_text())
        found[address] = person.page.evaluate(RUN)
    context.add_cookies(
        [
            {"name": cookie.name, "value": cookie.value or "", "url": product.url}
            for cookie in product.owner_again().cookies.jar
        ]
    )
    for address in addresses:
        person.goes_to(address)
        expect(person.page.get_by_role("heading", level=1).first).to_be_visible()
        expect(person.page.get_by_role("status", name=re.compile("Loading"))).to_have_count(0)
        person.pictures(f"{colours}-{called(address)}")
        person.page.evaluate(AXE.read_text())
        found[address] = person.page.evaluate(RUN)
    context.close()
    assert {address: what for address, what in found.items() if what} == {}
