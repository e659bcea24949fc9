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
