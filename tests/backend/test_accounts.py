"""Who gets in, and who does not."""

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from backend.services import Services
from tests.backend.conftest import PASSWORD, Person, Register

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nobody_gets_in_without_signing_in(stranger: httpx.AsyncClient) -> None:
    response = await stranger.get("/api/vaults")
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert "Sign in" in response.json()["detail"]


async def test_a_new_account_has_a_wallet_and_is_signed_in(register: Register) -> None:
    client = await register("Carla")
    session = (await client.get("/api/session")).json()
    assert session["user"]["name"] == "Carla"
    assert session["user"]["wallet"] == "managed"
    assert session["user"]["address"].startswith("0x")
    assert session["user"]["is_operator"] is False


async def test_signing_in_again_needs_the_right_password(
    register: Register, stranger: httpx.AsyncClient
) -> None:
    client = await register("Dora")
    email = (await client.get("/api/session")).json()["user"]["email"]
    wrong = await stranger.post("/api/session/login", json={"email": email, "password": "something else"})
    assert wrong.status_code == 401
    right = await stranger.post("/api/session/login", json={"email": email, "password": PASSWORD})
    assert right.status_code == 200
    assert right.json()["user"]["email"] == email


async def test_an_unknown_account_and_a_wrong_password_look_the_same(
    register: Register, stranger: httpx.AsyncClient
) -> None:
    client = await register("Emil")
    email = (await client.get("/api/session")).json()["user"]["email"]
    wrong = await stranger.post("/api/session/login", json={"email": email, "password": "no"})
    unknown = await stranger.post(
        "/api/session/login", json={"email": "nobody@example.org", "password": "no"}
    )
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())


async def test_guessing_a_password_is_stopped(register: Register, stranger: httpx.AsyncClient) -> None:
    client = await register("Fritz")
    email = (await client.get("/api/session")).json()["user"]["email"]
    statuses = [
        (
            await stranger.post("/api/session/login", json={"email": email, "password": f"guess {n}"})
        ).status_code
        for n in range(11)
    ]
    assert statuses[-1] == 429


async def test_an_email_has_one_account(register: Register, stranger: httpx.AsyncClient) -> None:
    client = await register("Gerda")
    email = (await client.get("/api/session")).json()["user"]["email"]
    response = await stranger.post(
        "/api/session/register", json={"email": email.upper(), "password": PASSWORD, "name": "Gerda again"}
    )
    assert response.status_code == 409


async def test_signing_out_ends_the_session_on_the_server(register: Register) -> None:
    client = await register("Hanna")
    cookie = client.cookies["qanat_session"]
    await client.delete("/api/session")
    client.cookies.set("qanat_session", cookie)
    assert (await client.get("/api/vaults")).status_code == 401


async def test_another_site_cannot_act_for_a_signed_in_person(ada: Person) -> None:
    request = ada.build_request("POST", "/api/vaults", json={"name": "planted"})
    del request.headers["X-Qanat"]
    assert (await ada.send(request)).status_code == 403


async def test_a_wallet_signs_in_by_signing_the_servers_message(stranger: httpx.AsyncClient) -> None:
    wallet = Account.create()
    message = (await stranger.post("/api/session/wallet/challenge", json={"address": wallet.address})).json()[
        "message"
    ]
    signature = "0x" + wallet.sign_message(encode_defunct(text=message)).signature.hex()
    response = await stranger.post("/api/session/wallet", json={"message": message, "signature": signature})
    assert response.status_code == 200, response.text
    assert response.json()["user"]["address"] == wallet.address
    assert response.json()["user"]["wallet"] == "external"

    again = await stranger.post("/api/session/wallet", json={"message": message, "signature": signature})
    assert again.status_code == 401, "a signed message works once"


async def test_another_wallets_signature_does_not_sign_in(stranger: httpx.AsyncClient) -> None:
    wallet, thief = Account.create(), Account.create()
    message = (await stranger.post("/api/session/wallet/challenge", json={"address": wallet.address})).json()[
        "message"
    ]
    signature = "0x" + thief.sign_message(encode_defunct(text=message)).signature.hex()
    response = await stranger.post("/api/session/wallet", json={"message": message, "signature": signature})
    assert response.status_code == 401


async def test_the_first_users_link_works_once(services: Services, stranger: httpx.AsyncClient) -> None:
    owner = await services.accounts.create_managed(name="Owner", email=None, password=None)
    token = await services.accounts.make_claim_link(owner)
    first = await stranger.post("/api/session/claim", json={"token": token})
    assert first.json()["user"]["id"] == owner.id
    assert (await stranger.post("/api/session/claim", json={"token": token})).status_code == 401


async def test_an_api_key_is_shown_once_and_its_revocation_counts_at_once(
    ada: Person, stranger: httpx.AsyncClient, services: Services
) -> None:
    created = (await ada.post("/api/keys", json={"name": "laptop"})).json()
    headers = {"Authorization": f"Bearer {created['secret']}"}
    assert (await stranger.get("/v1/models", headers=headers)).status_code == 200
    listed = (await ada.get("/api/keys")).json()
    assert "secret" not in listed[0]
    database = (services.settings.data_dir / "qanat.db").read_bytes()
    assert created["secret"].encode() not in database
    await ada.delete(f"/api/keys/{created['id']}")
    assert (await stranger.get("/v1/models", headers=headers)).status_code == 401


async def test_an_api_key_may_not_spend_money_or_make_keys(ada: Person, stranger: httpx.AsyncClient) -> None:
    created = (await ada.post("/api/keys", json={"name": "bot"})).json()
    headers = {"Authorization": f"Bearer {created['secret']}"}
    assert (await stranger.post("/api/keys", json={"name": "more"}, headers=headers)).status_code == 403
    assert (await stranger.post("/api/licenses", json={"terms_id": 1}, headers=headers)).status_code == 403
