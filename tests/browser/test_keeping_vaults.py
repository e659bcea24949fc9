"""A vault's owner decides how it is kept: sealed, opened with a passphrase, locked; and replaces what is in it."""

from playwright.sync_api import expect

from tests.browser.conftest import Person
from tests.product import Product

PASSPHRASE = "four unrelated words here"


def test_a_sealed_vault_is_made_filled_and_searched(owner: Person, product: Product) -> None:
    cookies = product.owner_again().cookies.jar
    owner.context.add_cookies(
        [{"name": cookie.name, "value": cookie.value or "", "url": product.url} for cookie in cookies]
    )
    owner.goes_to("/vaults")
    page = owner.page
    page.get_by_role("button", name="New vault").first.click()
    page.get_by_label("Name").fill("Ledger")
    expect(page.get_by_text("nothing that could be searched lies on the disk")).to_be_visible()
    owner.pictures("new-vault-with-protection")
    page.get_by_role("radio", name="Sealed").click()
    page.get_by_role("button", name="Create vault").click()
    expect(page.get_by_role("heading", level=1, name="Ledger")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(
        files=[{"name": "tolls.txt", "mimeType": "text/plain", "buffer": b"A barge pays fourteen florins."}]
    )
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()


def test_a_document_is_replaced_from_the_list(owner: Person) -> None:
    page = owner.page
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Replace tolls.txt").click()
    chosen.value.set_files(
        files=[{"name": "tolls.txt", "mimeType": "text/plain", "buffer": b"A barge pays twenty florins."}]
    )
    page.get_by_role("tab", name="Try a search").click()

    def found() -> bool:
        page.get_by_role("textbox").first.fill("what does a barge pay?")
        page.keyboard.press("Enter")
        return page.get_by_text("twenty florins").first.is_visible()

    for _ in range(60):
        if found():
            break
        page.wait_for_timeout(500)
    expect(page.get_by_text("twenty florins").first).to_be_visible()


def test_why_a_passage_was_found_is_told_in_words(owner: Person) -> None:
    page = owner.page
    expect(page.get_by_text("An agent would answer from this")).to_be_visible()
    page.get_by_role("button", name="Why this place?").first.click()
    expect(page.get_by_text("place 1").first).to_be_visible()
    owner.pictures("search-explained")


def test_a_document_is_tagged_and_the_list_and_a_search_keep_to_the_tag(owner: Person) -> None:
    page = owner.page
    page.locator("input[type=file]").first.set_input_files(
        files=[{"name": "rafts.txt", "mimeType": "text/plain", "buffer": b"A raft pays two florins."}]
    )
    page.get_by_role("tab", name="Documents").click()
    documents = page.get_by_role("list", name="Documents")
    expect(documents.get_by_text("Ready", exact=True)).to_have_count(2)
    page.get_by_role("button", name="Change the tags of rafts.txt").click()
    page.get_by_role("dialog").get_by_role("combobox", name="Tags").fill("wood")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    documents.get_by_role("button", name="wood").click()
    expect(documents.get_by_text("tolls.txt")).to_have_count(0)
    expect(documents.get_by_text("rafts.txt")).to_be_visible()
    owner.pictures("documents-with-a-tag")
    page.get_by_role("button", name="Show all").click()
    expect(documents.get_by_text("tolls.txt")).to_be_visible()

    page.get_by_role("tab", name="Try a search").click()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Tags").click()
    page.get_by_role("option", name="wood").click()
    page.get_by_role("textbox", name="Question").fill("what does a barge pay?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("in the documents that the filters let through")).to_be_visible()
    expect(page.get_by_role("list", name="Passages").get_by_text("twenty florins")).to_have_count(0)


def test_the_cut_is_seen_before_it_is_changed_and_watched_while_it_changes(owner: Person) -> None:
    page = owner.page
    page.get_by_role("tab", name="Chunks").click()
    expect(page.get_by_text("These are the recommended sizes")).to_be_visible()
    page.get_by_label("Length of a chunk").fill("400")
    expect(page.get_by_role("region", name="By these settings")).to_contain_text("florins")
    owner.pictures("chunks")
    page.get_by_role("button", name="Save and cut anew").click()
    expect(page.get_by_text("2 documents are cut by the sizes that were saved.")).to_be_visible()
    page.get_by_role("button", name="Back to the recommended").click()
    expect(page.get_by_text("2 documents will be cut")).to_be_visible()


def test_the_owner_holds_the_key_locks_and_unlocks(owner: Person) -> None:
    page = owner.page
    page.get_by_role("tab", name="Protection").click()
    expect(page.get_by_text("Who can open it:").first).to_be_visible()
    owner.pictures("vault-protection")
    page.get_by_role("button", name="Hold the key yourself").click()
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_label("The same again").fill(PASSPHRASE)
    owner.pictures("hold-the-key")
    page.get_by_role("button", name="Hold the key", exact=True).click()
    expect(page.get_by_text("It is shown this once")).to_be_visible()
    owner.pictures("recovery-code")
    page.get_by_role("button", name="I have kept it").click()
    page.get_by_role("button", name="Lock now").click()
    expect(page.get_by_role("heading", name="This vault is locked")).to_be_visible()
    owner.pictures("vault-locked")
    page.get_by_role("textbox", name="Passphrase").fill("not the passphrase")
    page.get_by_role("button", name="Unlock", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("not the passphrase")
    page.get_by_role("textbox", name="Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Ledger")).to_be_visible()
    expect(page.get_by_role("tab", name="Try a search")).to_be_visible()
