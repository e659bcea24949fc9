"""Documents over HTTP: in, found, out, and never somebody else's."""

import asyncio
from typing import Any

import pytest

from tests.backend.conftest import Person
from tests.backend.steps import RIVER, add, ready, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_document_is_found_at_its_very_characters(ada: Person) -> None:
    vault_id = await vault_with(ada, "river", RIVER)
    found = (
        await ada.post(f"/api/vaults/{vault_id}/search", json={"question": "who built the bridge?"})
    ).json()
    passage = found["passages"][0]
    text = (await ada.get(f"/api/documents/{passage['document_id']}/text")).json()["text"]
    assert text[passage["start"] : passage["end"]] == passage["text"]
    assert "Clara Voss" in passage["text"]
    assert found["reranking"] == "none"


async def test_one_bad_file_keeps_no_good_one_out(ada: Person) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "mixed"})).json()["id"]
    uploaded = await add(
        ada,
        vault_id,
        [
            ("empty.txt", b""),
            ("good.txt", b"Bees dance. Bees sleep."),
            ("huge.txt", b"x" * 200_001),
            ("also-good.md", b"# Wasps\n\nWasps do neither."),
        ],
    )
    assert [document["name"] for document in uploaded["accepted"]] == ["good.txt", "also-good.md"]
    assert [file["name"] for file in uploaded["refused"]] == ["empty.txt", "huge.txt"]
    assert all(file["detail"] for file in uploaded["refused"])
    assert {document["stage"] for document in await ready(ada, vault_id)} == {"active"}


async def test_a_damaged_file_fails_with_a_reason_and_can_be_tried_again(ada: Person) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "damaged"})).json()["id"]
    await add(ada, vault_id, [("broken.pdf", b"%PDF-1.7\nthis is no PDF at all")])
    [document] = await ready(ada, vault_id)
    assert document["stage"] == "failed"
    assert document["error"]["detail"]
    again = await ada.post(f"/api/documents/{document['id']}/retry")
    assert again.status_code == 202
    [document] = await ready(ada, vault_id)
    assert document["stage"] == "failed"


async def test_a_file_name_that_is_a_path_stays_a_name(ada: Person) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "paths"})).json()["id"]
    uploaded = await add(ada, vault_id, [("../../etc/passwd.txt", b"nothing to see")])
    assert uploaded["accepted"][0]["name"] == "passwd.txt"


async def test_the_original_comes_back_byte_for_byte_and_never_as_a_page(ada: Person) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "originals"})).json()["id"]
    content = b"<html><body><script>alert(1)</script><p>Hello there.</p></body></html>"
    uploaded = await add(ada, vault_id, [("page.html", content)])
    response = await ada.get(f"/api/documents/{uploaded['accepted'][0]['id']}/original")
    assert response.content == content
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")


async def test_a_deleted_document_is_not_found_any_more(ada: Person) -> None:
    vault_id = await vault_with(ada, "short-lived", "The password of the lighthouse is Albatross.")
    [document] = await ready(ada, vault_id)
    assert (await ada.delete(f"/api/documents/{document['id']}")).status_code == 204
    found = (
        await ada.post(f"/api/vaults/{vault_id}/search", json={"question": "lighthouse password"})
    ).json()
    assert found["passages"] == []
    assert (await ada.get(f"/api/documents/{document['id']}/text")).status_code == 404


async def test_a_search_keeps_to_the_tags_asked_for_and_tells_what_it_left_out(ada: Person) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "tagged"})).json()["id"]
    await add(
        ada,
        vault_id,
        [
            ("mites.txt", b"Varroa mites are treated in December."),
            ("wasps.txt", b"Wasps and varroa mites are not friends."),
        ],
    )
    [mites, _] = sorted(await ready(ada, vault_id), key=lambda document: str(document["name"]))
    tagged = await ada.patch(f"/api/documents/{mites['id']}", json={"tags": ["bees", "Bees", "care"]})
    assert tagged.json().get("tags") == ["bees", "care"], tagged.json()
    body = {"question": "When are varroa mites treated?", "filters": {"tags": ["bees"], "types": ["txt"]}}
    found = (await ada.post(f"/api/vaults/{vault_id}/search", json=body)).json()
    assert [passage["document"] for passage in found["passages"]] == ["mites.txt"]
    assert {"found", "margin", "reason"} <= found["relevance"].keys()
    assert found["left_out"] == []
    body = {"question": "When are varroa mites treated?", "limit": 1, "explain": True, "sections": True}
    found = (await ada.post(f"/api/vaults/{vault_id}/search", json=body)).json()
    [left] = found["left_out"]
    assert (left["document"], left["why"], left["ranks"]["fused"]) == ("wasps.txt", "below_limit", 2)
    assert found["passages"][0]["section"] == "Varroa mites are treated in December."
    body = {"question": "When?", "filters": {"added_after": "2026-01-31T00:00:00"}}
    assert (await ada.post(f"/api/vaults/{vault_id}/search", json=body)).status_code == 422


async def test_an_upload_that_is_no_form_is_refused_in_words(ada: Person) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "no-form"})).json()["id"]
    response = await ada.post(f"/api/vaults/{vault_id}/documents", json={"files": []})
    assert response.status_code == 422
    assert "multipart" in response.json()["detail"]


async def test_other_sizes_can_be_looked_at_before_a_vault_is_cut_by_them(ada: Person) -> None:
    vault_id = await vault_with(ada, "long", "Bees dance all day long and sleep at night. " * 100)
    [document] = await ready(ada, vault_id)
    before = (await ada.get(f"/api/documents/{document['id']}/chunks")).json()
    sizes = {"characters": 400, "overlap": 0, "parent_characters": 800}
    shown = await ada.post(f"/api/documents/{document['id']}/chunk-preview", json=sizes)
    places = [(chunk["start"], chunk["end"]) for chunk in shown.json()]
    assert len(places) > len(before)
    assert (await ada.get(f"/api/documents/{document['id']}/chunks")).json() == before
    refused = await ada.post(f"/api/documents/{document['id']}/chunk-preview", json={"characters": 1})
    assert refused.status_code == 422

    begun = (await ada.get(f"/api/vaults/{vault_id}/recutting")).json()
    assert begun == {"is_under_way": False, "done": 0, "total": 0}
    changed = await ada.patch(f"/api/vaults/{vault_id}", json={"chunking": sizes})
    assert changed.json()["chunking"] == sizes
    async with asyncio.timeout(60):
        while (progress := (await ada.get(f"/api/vaults/{vault_id}/recutting")).json())["is_under_way"]:
            await asyncio.sleep(0.05)
    assert progress == {"is_under_way": False, "done": 1, "total": 1}
    after = (await ada.get(f"/api/documents/{document['id']}/chunks")).json()
    assert [(chunk["start"], chunk["end"]) for chunk in after] == places


async def test_the_sizes_between_which_one_may_choose_are_told_and_kept_to(ada: Person) -> None:
    choices = (await ada.get("/api/chunking")).json()
    vault = (await ada.post("/api/vaults", json={"name": "sizes"})).json()
    assert vault["chunking"] == choices["recommended"]
    for allowed in (choices["least"], choices["most"], choices["recommended"]):
        changed = await ada.patch(f"/api/vaults/{vault['id']}", json={"chunking": allowed})
        assert changed.json()["chunking"] == allowed
    for size, value in choices["most"].items():
        beyond = {**choices["recommended"], size: value + 1}
        refused = await ada.patch(f"/api/vaults/{vault['id']}", json={"chunking": beyond})
        assert refused.status_code == 422


async def test_documents_are_listed_a_page_at_a_time_by_what_one_looks_for(ada: Person, ben: Person) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "many"})).json()["id"]
    files = [(f"report-{number}.txt", f"Bees {number}.".encode()) for number in range(3)]
    await add(ada, vault_id, [*files, ("notes.md", b"# Wasps")])
    documents = await ready(ada, vault_id)
    await ada.patch(f"/api/documents/{documents[0]['id']}", json={"tags": ["quarter", "draft"]})

    async def listed(query: str) -> tuple[list[str], int]:
        page = (await ada.get(f"/api/vaults/{vault_id}/documents/page?{query}")).json()
        return [each["name"] for each in page["documents"]], page["total_count"]

    assert await listed("limit=2") == (["notes.md", "report-2.txt"], 4)
    assert await listed("limit=2&offset=2") == (["report-1.txt", "report-0.txt"], 4)
    assert await listed("name=PORT-1") == (["report-1.txt"], 1)
    assert await listed("types=md&types=pdf") == (["notes.md"], 1)
    assert await listed("tags=quarter&tags=draft&stages=active") == (["report-0.txt"], 1)
    assert await listed("stages=failed") == ([], 0)
    contents = (await ada.get(f"/api/vaults/{vault_id}/contents")).json()
    assert [each["tag"] for each in contents["tags"]] == ["draft", "quarter"]
    assert contents["types"][0] == {"media_type": "text/plain", "document_count": 3}
    for path in ("documents/page", "contents", "recutting"):
        assert (await ben.get(f"/api/vaults/{vault_id}/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["web-pages", "site-maps"])
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/healthz", "http://169.254.169.254/", "http://[::1]/", "file:///etc/passwd", "x"],
)
async def test_no_private_address_is_fetched_for_a_user(ada: Person, path: str, url: str) -> None:
    vault_id = (await ada.post("/api/vaults", json={"name": "web"})).json()["id"]
    refused = await ada.post(f"/api/vaults/{vault_id}/{path}", json={"url": url})
    assert refused.status_code == 422
    assert "public web" in refused.json()["detail"]
    assert (await ada.get(f"/api/vaults/{vault_id}/documents")).json() == []


async def test_a_file_has_no_address_to_be_fetched_from_again(ada: Person) -> None:
    vault_id = await vault_with(ada, "files", RIVER)
    [document] = await ready(ada, vault_id)
    assert (await ada.post(f"/api/documents/{document['id']}/synchronize")).status_code == 404
    nothing = (await ada.post(f"/api/vaults/{vault_id}/synchronize")).json()
    assert nothing == {"changed": [], "unchanged_count": 0, "failed": []}


async def test_a_vault_has_the_protection_it_was_given_and_can_change_it(ada: Person) -> None:
    levels = (await ada.get("/api/protection-levels")).json()
    assert [level["protection"] for level in levels] == ["standard", "sealed"]
    assert "the search index is scrambled" in levels[0]["promise"]
    vault = (await ada.post("/api/vaults", json={"name": "safe", "protection": "sealed"})).json()
    assert (vault["protection"], vault["reindexing"]) == ("sealed", None)
    await add(ada, vault["id"], [("a.txt", b"The combination of the safe is Albatross.")])
    await ready(ada, vault["id"])
    for level in ("standard", "sealed"):
        changed = await ada.patch(f"/api/vaults/{vault['id']}", json={"protection": level})
        assert changed.status_code == 200
        now = await indexed(ada, vault["id"])
        assert now["protection"] == level
        body = {"question": "the combination of the safe"}
        found = (await ada.post(f"/api/vaults/{vault['id']}/search", json=body)).json()
        assert "Albatross" in found["passages"][0]["text"]
    assert (await ada.post("/api/vaults", json={"name": "x", "protection": "none"})).status_code == 422


async def test_a_vault_can_be_rebuilt_and_answers_the_same(ada: Person, stranger: Person) -> None:
    vault_id = await vault_with(ada, "rebuilt", "The password of the lighthouse is Albatross.")
    await ready(ada, vault_id)
    body = {"question": "lighthouse password"}
    before = (await ada.post(f"/api/vaults/{vault_id}/search", json=body)).json()["passages"]
    assert (await ada.post(f"/api/vaults/{vault_id}/rebuild")).status_code == 202
    await indexed(ada, vault_id)
    assert (await ada.post(f"/api/vaults/{vault_id}/search", json=body)).json()["passages"] == before
    assert (await stranger.post(f"/api/vaults/{vault_id}/rebuild")).status_code == 401


async def indexed(person: Person, vault_id: str) -> dict[str, Any]:
    """The vault once no index of it is being built."""
    while True:
        vault: dict[str, Any] = (await person.get(f"/api/vaults/{vault_id}")).json()
        if vault["reindexing"] is None:
            return vault
        await asyncio.sleep(0.05)
