"""HTTP for one's own API keys."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.accounts.principal import SignedIn
from backend.api_keys.store import ApiKey
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/keys", tags=["api keys"])


class ApiKeyIn(BaseModel):
    name: str = Field(max_length=120)
    slugs: list[str] | None = None
    """The agents it may use; nothing for all."""


class ApiKeyOut(BaseModel):
    id: str
    name: str
    hint: str
    slugs: list[str] | None
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyOut":
        return cls(
            id=key.id,
            name=key.name,
            hint=key.hint,
            slugs=list(key.slugs) if key.slugs is not None else None,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
        )


class NewApiKeyOut(ApiKeyOut):
    secret: str
    """Told this once; it is not kept."""


@router.get("", responses=errors(401))
async def list_api_keys(principal: SignedIn, services: ServicesDep) -> list[ApiKeyOut]:
    """One's keys, newest first."""
    principal.require_person()
    return [ApiKeyOut.of(key) for key in await services.api_keys.list_keys(principal.user.id)]


@router.post("", status_code=201, responses=errors(401, 403))
async def create_api_key(body: ApiKeyIn, principal: SignedIn, services: ServicesDep) -> NewApiKeyOut:
    """A new key; its secret is told once."""
    principal.require_person()
    key, secret = await services.api_keys.create(principal.user.id, name=body.name, slugs=body.slugs)
    return NewApiKeyOut(**ApiKeyOut.of(key).model_dump(), secret=secret)


@router.delete("/{key_id}", status_code=204, responses=errors(401, 404))
async def revoke_api_key(key_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Revoke a key at once."""
    principal.require_person()
    await services.api_keys.revoke(principal.user.id, key_id)
