"""An owner holds a vault's key over HTTP: locked it says so everywhere, unlocked it goes on as if nothing had been."""

import asyncio

import pytest

from backend.services import Services
from tests.backend.conftest import Person
from tests.backend.steps import RIVER, add, ready, vault_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSPHRASE = "a boat under the bridge"


async def held(person: Person, name: str) -> tuple[str, str]:
    vault_id = await vault_with(person, name, RIVER)
    response = await person.put(
        f"/api/vaults/{vault_id}/mode", json={"mode": "session", "passphrase": PASSPHRASE}
    )
    assert response.status_code == 200, response.text
    assert response.json()["vault"]["mode"] == "session"
    return vault_id, response.json()["recovery_code"]


async def test_a_locked_vault_says_so_and_what_to_do(ada: Person) -> None:
    vault_id, code = await held(ada, "locked")
    locked = (await ada.post(f"/api/vaults/{vault_id}/lock")).json()
    assert locked["is_locked"]
    assert "locked" not in [vault["name"] for vault in (await ada.get("/api/vaults")).json()]
    for response in (
        await ada.post(f"/api/vaults/{vault_id}/search", json={"question": "who built the bridge?"}),
        await ada.get(f"/api/vaults/{vault_id}/documents"),
        await ada.post(f"/api/vaults/{vault_id}/documents", files=[("files", ("a.txt", b"a"))]),
        await ada.post(f"/api/vaults/{vault_id}/keys/rotate", json={"what": "search"}),
    ):
        assert response.status_code == 423, response.text
        problem = response.json()
        assert problem["type"] == "urn:qanat:vault-locked"
        assert "Unlock it" in problem["detail"]
    opened = await ada.post(f"/api/vaults/{vault_id}/unlock", json={"recovery_code": code, "hours": 1})
    assert opened.json()["name"] == "locked"
    assert opened.json()["open_until"] is not None


async def test_an_agent_over_a_locked_vault_says_so_instead_of_answering(
    ada: Person, services: Services
) -> None:
    from agent_runtime.errors import RetrievalFailed
    from backend.wiring import VaultRetriever
    from knowledge_vault.values import TenantId

    vault_id, _ = await held(ada, "asked")
    await ada.post(f"/api/vaults/{vault_id}/lock")
    me = (await ada.get("/api/session")).json()
    retriever = VaultRetriever(services.vault, TenantId(me["user"]["id"] if "user" in me else me["id"]))
    with pytest.raises(RetrievalFailed, match="locked"):
        await retriever.search("who built the bridge?", vaults=[vault_id], limit=3)


async def test_files_that_were_being_taken_in_go_on_after_unlocking(ada: Person) -> None:
    vault_id, _ = await held(ada, "waiting")
    await add(ada, vault_id, [("late.txt", b"The ferry sails at noon. " * 400)])
    await ada.post(f"/api/vaults/{vault_id}/lock")
    await asyncio.sleep(0.5)
    response = await ada.post(f"/api/vaults/{vault_id}/unlock", json={"passphrase": PASSPHRASE})
    assert response.status_code == 200
    assert {document["stage"] for document in await ready(ada, vault_id)} == {"active"}


async def test_what_does_not_open_a_vault_is_told_apart_from_what_cannot(ada: Person, ben: Person) -> None:
    vault_id, _ = await held(ada, "guarded")
    path = f"/api/vaults/{vault_id}/unlock"
    assert (await ada.post(path, json={"passphrase": "a boat over the bridge"})).status_code == 403
    assert (await ada.post(path, json={"recovery_code": "nonsense"})).status_code == 422
    assert (await ada.post(path, json={"passphrase": PASSPHRASE, "hours": 25})).status_code == 422
    assert (await ada.post(path, json={})).status_code == 422
    for action in ("unlock", "lock", "grant"):
        body = {"passphrase": PASSPHRASE} if action == "unlock" else {"days": 1}
        assert (await ben.post(f"/api/vaults/{vault_id}/{action}", json=body)).status_code == 404
    mode = {"mode": "session", "passphrase": PASSPHRASE}
    assert (await ben.put(f"/api/vaults/{vault_id}/mode", json=mode)).status_code == 404
    assert (await ben.get(f"/api/vaults/{vault_id}/keys")).status_code == 404


async def test_who_guesses_a_passphrase_has_to_wait_and_the_owner_of_another_vault_has_not(
    ada: Person,
) -> None:
    (guessed, _), (other, _) = await held(ada, "guessed"), await held(ada, "left alone")
    path = f"/api/vaults/{guessed}/unlock"
    statuses = [
        (await ada.post(path, json={"recovery_code": f"nonsense {n}"})).status_code for n in range(10)
    ]
    assert set(statuses) == {422}
    refused = await ada.post(path, json={"passphrase": PASSPHRASE})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "300")
    assert "Wait five minutes" in refused.json()["detail"]
    assert (await ada.post(f"/api/vaults/{other}/unlock", json={"passphrase": PASSPHRASE})).status_code == 200


async def test_a_grant_is_given_and_revoked(ada: Person) -> None:
    vault_id, _ = await held(ada, "granted")
    granted = await ada.post(f"/api/vaults/{vault_id}/grant", json={"days": 3})
    assert granted.json()["mode"] == "grant"
    still_open = (await ada.post(f"/api/vaults/{vault_id}/lock")).json()
    assert not still_open["is_locked"], "the server opens it by itself"
    revoked = (await ada.delete(f"/api/vaults/{vault_id}/grant")).json()
    assert (revoked["mode"], revoked["is_locked"]) == ("session", True)


@pytest.mark.parametrize("what", ["vault", "search"])
async def test_keys_are_replaced_while_the_vault_serves(ada: Person, what: str) -> None:
    vault_id = await vault_with(ada, f"rotated-{what}", RIVER)
    response = await ada.post(f"/api/vaults/{vault_id}/keys/rotate", json={"what": what})
    assert response.status_code == 202
    async with asyncio.timeout(60):
        while True:
            keys = (await ada.get(f"/api/vaults/{vault_id}/keys")).json()
            found = await ada.post(
                f"/api/vaults/{vault_id}/search", json={"question": "who built the bridge?"}
            )
            assert "Clara Voss" in found.json()["passages"][0]["text"]
            if not keys["rotations"][0]["is_under_way"]:
                break
    assert keys["rotations"][0]["problem"] is None
    assert keys["key_version" if what == "vault" else "search_version"] == 2


async def test_each_mode_says_what_it_promises_and_what_not(ada: Person) -> None:
    modes = (await ada.get("/api/owner-modes")).json()
    assert [mode["mode"] for mode in modes] == ["always", "session", "grant"]
    assert all(mode["protects"] and mode["does_not_protect"] for mode in modes)


async def test_only_the_operator_sees_how_the_root_key_is_kept(ada: Person) -> None:
    assert (await ada.get("/api/root-key")).status_code == 403
    assert (await ada.post("/api/root-key/rotate")).status_code == 403
