"""The main job as people do it: documents in, an agent drawn over them, published, licensed, asked, earned.

One journey in the order of its steps: each test goes on where the one before it ended.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.product import Product

HANDBOOK = """# Beekeeper handbook

Feed the colonies in late August with two parts sugar to one part water.

A colony that is about to swarm builds queen cells along the lower edge of the comb. Inspect every seven days \
from May to July.

More than ten mites per day in July means that treatment with formic acid must begin at once.
"""
QUESTION = "When must treatment with formic acid begin?"


def test_the_link_that_the_server_printed_makes_the_first_user(owner: Person, product: Product) -> None:
    owner.goes_to(f"/welcome#token={product.claim_token()}")
    page = owner.page
    page.get_by_label("Name").fill("Mina")
    page.get_by_label("E-mail").fill("mina@example.org")
    page.get_by_role("textbox", name="Password").fill("honey in the comb")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Welcome, Mina")).to_be_visible()
    assert "token" not in page.url
    owner.pictures("home-new")


def test_dropped_documents_become_searchable_and_refused_ones_say_why(owner: Person, tmp_path: Path) -> None:
    (tmp_path / "handbook.md").write_text(HANDBOOK)
    (tmp_path / "empty.txt").write_text("")
    page = owner.page
    page.get_by_role("link", name="Vaults", exact=True).click()
    page.get_by_role("button", name="New vault").click()
    page.get_by_label("Name").fill("Beekeeping")
    page.get_by_role("button", name="Create vault").click()
    page.get_by_label("Drop documents here, or choose files").set_input_files(
        [tmp_path / "handbook.md", tmp_path / "empty.txt"]
    )
    expect(page.get_by_role("alert")).to_contain_text("empty.txt")
    expect(page.get_by_role("list", name="Documents").get_by_text("Ready")).to_be_visible()
    owner.pictures("vault")


def test_a_search_leads_to_the_words_in_the_document(owner: Person) -> None:
    page = owner.page
    page.get_by_role("tab", name="Try a search").click()
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_role("button", name="Search").click()
    found = page.get_by_role("list", name="Passages")
    expect(found).to_contain_text("formic acid must begin at once")
    found.get_by_text("Why this place?").first.click()
    expect(found.get_by_text("place 1").first).to_be_visible()
    owner.pictures("vault-search")
    found.get_by_role("link", name=re.compile("handbook.md")).first.click()
    expect(page.locator("mark")).to_contain_text("formic acid must begin at once")


def test_an_agent_is_drawn_and_its_problems_are_named_and_undone(owner: Person) -> None:
    page = owner.page
    owner.goes_to("/agents")
    page.get_by_role("button", name="New agent").click()
    page.get_by_label("Name").fill("Bee helper")
    page.get_by_role("button", name="Create and open").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_role("button", name="Add If / otherwise").click()
    page.get_by_role("tab", name="Problems").click()
    expect(page.get_by_role("list", name="Problems")).to_contain_text("not connected")
    expect(page.get_by_role("button", name="Publish")).to_have_attribute("aria-disabled", "true")
    owner.pictures("editor-problems")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The agent can run.")).to_be_visible()


def test_the_draft_is_tried_beside_the_drawing(owner: Person) -> None:
    page = owner.page
    page.get_by_role("tab", name="Try it").click()
    page.get_by_label("Question").fill(QUESTION)
    page.get_by_role("button", name="Run", exact=True).click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text("formic acid", timeout=40_000)
    expect(answer.get_by_role("list", name="Citations")).to_contain_text("handbook.md", timeout=40_000)
    steps = page.get_by_role("list", name="Steps of this run")
    steps.get_by_role("button", name=re.compile("Search my documents")).click()
    expect(steps).to_contain_text("handbook.md")
    owner.pictures("editor-tried")


def test_the_run_is_opened_and_run_again_from_a_step_beside_what_it_was(owner: Person) -> None:
    page = owner.page
    draft = page.url
    page.get_by_role("link", name=re.compile("Open this run")).click()
    steps = page.get_by_role("list", name="Steps of: This run")
    steps.get_by_role("button", name=re.compile("Answer with sources")).click()
    expect(steps).to_contain_text("The prompt as it was sent")
    steps.get_by_role("button", name=re.compile("Search my documents")).click()
    steps.get_by_role("button", name="Change it and run again from here").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("What it handed on").click()
    dialog.get_by_role("checkbox", name=re.compile("handbook.md")).first.uncheck()
    dialog.get_by_role("button", name="Run what follows").click()
    again = page.get_by_role("list", name="Steps of: Run again")
    expect(
        again.get_by_role("button", name=re.compile("Search my documents.*Changed by you"))
    ).to_be_visible()
    expect(again.get_by_role("button", name=re.compile("Answer with sources.*Differs"))).to_be_visible()
    expect(page.get_by_role("region", name="Run again")).to_contain_text(
        "The documents say nothing about this."
    )
    owner.pictures("run-again")
    page.goto(draft)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def test_it_is_published_with_a_price(owner: Person) -> None:
    page = owner.page
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Address", exact=True)).to_have_value("bee-helper")
    dialog.get_by_label("Per answer", exact=True).fill("0.02")
    dialog.get_by_label("What is new").fill("The first one.")
    owner.pictures("publish")
    dialog.get_by_role("button", name="Publish").click()
    page.wait_for_url("**/catalogue/bee-helper")
    expect(page.get_by_role("heading", name="Bee helper", exact=True)).to_be_visible()
    expect(page.get_by_text("0.02 QUSD per answer")).to_be_visible()
    expect(page.get_by_text("This agent is yours")).to_be_visible()


def test_somebody_else_gets_a_license_in_two_clicks_and_asks(reader: Person) -> None:
    page = reader.page
    reader.goes_to("/chat/with/bee-helper")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill("Karim")
    page.get_by_label("E-mail").fill("karim@example.org")
    page.get_by_role("textbox", name="Password").fill("wax on the candle")
    page.get_by_role("button", name="Create account").click()
    # The way in leads back to the agent.
    page.get_by_role("button", name="Choose 0.02 QUSD per answer").click()
    dialog = page.get_by_role("dialog")
    reader.pictures("buy-phone")
    faucet = dialog.get_by_role("button", name="Get test currency")
    faucet.click()
    dialog.get_by_role("button", name="Confirm purchase").click()
    page.get_by_label("Your question").fill(QUESTION)
    expect(page.get_by_text("At most 0.02 QUSD per answer")).to_be_visible()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("article", name="Answer")).to_contain_text("formic acid", timeout=40_000)
    expect(page.get_by_text("Charged 0.02 QUSD")).to_be_visible(timeout=40_000)
    reader.pictures("chat-phone")


def test_a_citation_opens_the_passage_with_its_words_marked(reader: Person) -> None:
    page = reader.page
    page.get_by_role("list", name="Citations").get_by_role("button").first.click()
    panel = page.get_by_role("complementary", name="Citation 1")
    expect(panel.get_by_role("heading", name="handbook.md")).to_be_visible()
    expect(panel.locator("mark")).to_contain_text("formic acid")
    # Only the vault's owner may open the whole document.
    expect(panel.get_by_role("link")).to_have_count(0)
    reader.pictures("citation-phone")
    panel.get_by_role("button", name="Close the passage").click()


def test_the_proof_of_the_answer_can_be_read_and_kept(
    reader: Person, product: Product, tmp_path: Path
) -> None:
    page = reader.page
    page.get_by_role("button", name="Proof").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("qanat verify")
    with page.expect_download() as started:
        dialog.get_by_role("button", name="Download").click()
    proof = tmp_path / "proof.json"
    started.value.save_as(proof)
    assert product.run("verify", str(proof)).returncode == 0


def test_the_author_sees_the_earning_settles_and_claims_it(owner: Person) -> None:
    page = owner.page
    owner.goes_to("/earnings")
    expect(page.get_by_role("table", name="Receipts")).to_contain_text("Bee helper")
    page.get_by_role("button", name="Settle now").click()
    claim = page.get_by_role("button", name=re.compile(r"^Claim 0\.0\d+ QUSD"))
    expect(claim).to_be_enabled()
    expect(page.get_by_role("table", name="Settlements")).to_contain_text("0x")
    owner.pictures("earnings")
    claim.click()
    expect(page.get_by_text("moved to your wallet")).to_be_visible()


@pytest.mark.parametrize("who", ["owner", "reader"])
def test_no_page_complained_and_none_asked_another_host(who: str, request: pytest.FixtureRequest) -> None:
    person: Person = request.getfixturevalue(who)
    # Asking for a session, or an agent, that one has not is answered with 401 or 402, which browsers log.
    complaints = [text for text in person.complaints if not re.search(r"status of (401|402)", text)]
    assert complaints == []
    assert person.elsewhere == []
