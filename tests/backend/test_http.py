"""What every answer promises: headers, limits, problem documents, a document that describes them."""

from pathlib import Path

import httpx
import pytest

from backend import openapi
from tests.backend.conftest import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_health_names_every_part(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/healthz")).json() == {"status": "alive"}
    response = await stranger.get("/readyz")
    assert response.status_code == 200, response.text
    assert [part["name"] for part in response.json()["parts"]] == ["database", "vectors", "model", "chain"]


async def test_pages_load_nothing_from_elsewhere(stranger: httpx.AsyncClient) -> None:
    headers = (await stranger.get("/api/session")).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


async def test_a_huge_body_is_refused(ada: Person) -> None:
    response = await ada.post("/api/vaults", json={"name": "x" * 1_100_000})
    assert response.status_code == 413


@pytest.mark.parametrize("body", [b"not json", b'{"name": 7}', b"{}", b'{"name": ""}'])
async def test_a_body_that_cannot_be_used_is_a_problem_document(ada: Person, body: bytes) -> None:
    response = await ada.post("/api/vaults", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


async def test_an_unknown_address_below_the_api_is_no_page(stranger: httpx.AsyncClient) -> None:
    response = await stranger.get("/api/nothing-here")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_no_path_leads_out_of_the_front_end(stranger: httpx.AsyncClient) -> None:
    for path in (
        "/..%2f..%2fpyproject.toml",
        "/assets/..%2f..%2f..%2fpyproject.toml",
        "/%2e%2e/pyproject.toml",
    ):
        response = await stranger.get(path)
        assert "[project]" not in response.text


async def test_the_front_ends_types_are_made_from_this_api() -> None:
    committed = Path(__file__).parents[2] / "frontend" / "openapi.json"
    assert committed.read_text(encoding="utf-8") == openapi.document(), (
        "run `python -m backend.openapi frontend/openapi.json` and `npm run types` in frontend/"
    )
