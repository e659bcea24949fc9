"""HTTP for one's own stored secrets. No answer holds a value."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.stored_secrets.service import StoredSecret

router = APIRouter(prefix="/api/secrets", tags=["secrets"])

Host = Annotated[str, Field(max_length=300)]


class SecretValueIn(BaseModel):
    value: SecretStr = Field(max_length=4_000)
    """Told to nobody after this."""
    hosts: list[Host] = Field(max_length=10)
    """Where it may be sent, such as `api.example.org`; over https unless written `http://…`."""


class SecretIn(SecretValueIn):
    name: str = Field(max_length=60)


class SecretOut(BaseModel):
    id: str
    name: str
    hosts: list[str]
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, secret: StoredSecret) -> "SecretOut":
        return cls(
            id=secret.id,
            name=secret.name,
            hosts=[origin.removeprefix("https://") for origin in secret.origins],
            created_at=secret.created_at,
            last_used_at=secret.last_used_at,
        )


@router.get("", responses=errors(401, 403))
async def list_secrets(principal: SignedIn, services: ServicesDep) -> list[SecretOut]:
    """One's secrets by name, oldest first; never their values."""
    principal.require_person()
    return [SecretOut.of(each) for each in await services.stored_secrets.list_secrets(principal.user.id)]


@router.post("", status_code=201, responses=errors(401, 403, 409, 422))
async def create_secret(body: SecretIn, principal: SignedIn, services: ServicesDep) -> SecretOut:
    """Keep a secret for one's agents to send to these hosts."""
    principal.require_person()
    return SecretOut.of(
        await services.stored_secrets.add(
            principal.user.id, name=body.name, value=body.value.get_secret_value(), hosts=body.hosts
        )
    )


@router.put("/{secret_id}", responses=errors(401, 403, 404, 422))
async def replace_secret(
    secret_id: str, body: SecretValueIn, principal: SignedIn, services: ServicesDep
) -> SecretOut:
    """Another value, perhaps for other hosts. Hosts cannot be changed without bringing the value."""
    principal.require_person()
    return SecretOut.of(
        await services.stored_secrets.replace(
            principal.user.id, secret_id, value=body.value.get_secret_value(), hosts=body.hosts
        )
    )


@router.delete("/{secret_id}", status_code=204, responses=errors(401, 403, 404))
async def delete_secret(secret_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Forget a secret; steps that use it fail from now on."""
    principal.require_person()
    await services.stored_secrets.remove(principal.user.id, secret_id)
