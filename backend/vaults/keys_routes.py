"""HTTP for a vault's keys: who holds them, unlocking and locking, granting and revoking, and replacing them."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, SecretStr, model_validator

from backend.accounts.principal import Principal, SignedIn
from backend.responses import errors
from backend.resuming import submit_unfinished
from backend.services import ServicesDep
from backend.vaults.schemas import VaultOut
from knowledge_vault.custody import KeyState, Replacing
from knowledge_vault.keys.modes import PROMISES
from knowledge_vault.keys.owner import LEAST_HOURS, MOST_HOURS
from knowledge_vault.values import OwnerMode, TenantId, VaultId

router = APIRouter(prefix="/api", tags=["vault keys"])

Hours = Annotated[float, Field(ge=LEAST_HOURS, le=MOST_HOURS, description="How long it stays open.")]
Secret = Annotated[SecretStr, Field(max_length=1024)]


class PromiseOut(BaseModel):
    """What a mode promises, to be printed where it is chosen."""

    mode: OwnerMode
    title: str
    who_opens: str
    protects: str
    does_not_protect: str


class ModeIn(BaseModel):
    mode: Literal["always", "session"]
    passphrase: Secret | None = None
    """With `session`: at least 12 characters."""
    hours: Hours = 8

    @model_validator(mode="after")
    def _session_needs_a_passphrase(self) -> "ModeIn":
        if self.mode == "session" and self.passphrase is None:
            raise ValueError("session mode needs a passphrase")
        return self


class ModeOut(BaseModel):
    vault: VaultOut
    recovery_code: str | None
    """With `session`: opens the vault beside the passphrase. Shown this once and kept nowhere."""


class UnlockIn(BaseModel):
    passphrase: Secret | None = None
    recovery_code: Secret | None = None
    hours: Hours = 8

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "UnlockIn":
        if (self.passphrase is None) == (self.recovery_code is None):
            raise ValueError("send either the passphrase or the recovery code")
        return self


class GrantIn(BaseModel):
    days: float = Field(gt=0, le=366)


class RotationOut(BaseModel):
    what: Replacing
    done: int
    total: int
    """Keys, or documents."""
    is_under_way: bool
    problem: str | None


class KeysOut(BaseModel):
    mode: OwnerMode
    is_locked: bool
    open_until: datetime | None
    key_version: int
    search_version: int
    rotations: list[RotationOut]


class RotateIn(BaseModel):
    what: Replacing


@router.get("/owner-modes", responses=errors(401))
async def list_owner_modes(_: SignedIn) -> list[PromiseOut]:
    """What each owner mode promises, and what it does not."""
    return [
        PromiseOut(
            mode=each.mode,
            title=each.title,
            who_opens=each.who_opens,
            protects=each.protects,
            does_not_protect=each.does_not_protect,
        )
        for each in PROMISES
    ]


@router.put("/vaults/{vault_id}/mode", responses=errors(401, 403, 404, 409, 422, 423))
async def choose_owner_mode(
    vault_id: str, body: ModeIn, principal: SignedIn, services: ServicesDep
) -> ModeOut:
    """Choose who holds the vault's key. `session` again makes a new passphrase and a new recovery code."""
    place = _own(principal, vault_id)
    code = None
    if body.mode == "always":
        await services.vault.custody.hand_over(*place)
    else:
        assert body.passphrase is not None
        code = await services.vault.custody.hold(
            *place, passphrase=body.passphrase.get_secret_value(), hours=body.hours
        )
    return ModeOut(vault=VaultOut.of(await services.vault.get_vault(*place)), recovery_code=code)


@router.post("/vaults/{vault_id}/unlock", responses=errors(401, 403, 404, 409, 422, 429))
async def unlock_vault(vault_id: str, body: UnlockIn, principal: SignedIn, services: ServicesDep) -> VaultOut:
    """Open the vault into memory for some hours; documents that waited for it are gone on with."""
    place = _own(principal, vault_id)
    services.unlock_tries.take(":".join(place), to="unlock this vault")
    await services.vault.custody.unlock(
        *place,
        hours=body.hours,
        passphrase=body.passphrase.get_secret_value() if body.passphrase else None,
        code=body.recovery_code.get_secret_value() if body.recovery_code else None,
    )
    await submit_unfinished(services.vault, services.ingestion)
    return VaultOut.of(await services.vault.get_vault(*place))


@router.post("/vaults/{vault_id}/lock", responses=errors(401, 403, 404, 409))
async def lock_vault(vault_id: str, principal: SignedIn, services: ServicesDep) -> VaultOut:
    """Forget the vault's key now. With a grant the server opens it again by itself."""
    place = _own(principal, vault_id)
    await services.vault.custody.lock(*place)
    return VaultOut.of(await services.vault.get_vault(*place))


@router.post("/vaults/{vault_id}/grant", responses=errors(401, 403, 404, 409, 422, 423))
async def grant_vault(vault_id: str, body: GrantIn, principal: SignedIn, services: ServicesDep) -> VaultOut:
    """Let the server open the vault by itself for some days, in place of an earlier grant."""
    place = _own(principal, vault_id)
    await services.vault.custody.grant(*place, days=body.days)
    return VaultOut.of(await services.vault.get_vault(*place))


@router.delete("/vaults/{vault_id}/grant", responses=errors(401, 403, 404, 409, 423))
async def revoke_grant(vault_id: str, principal: SignedIn, services: ServicesDep) -> VaultOut:
    """End the grant, replace the vault's key, and lock the vault."""
    place = _own(principal, vault_id)
    await services.vault.custody.revoke(*place)
    return VaultOut.of(await services.vault.get_vault(*place))


@router.get("/vaults/{vault_id}/keys", responses=errors(401, 404))
async def get_vault_keys(vault_id: str, principal: SignedIn, services: ServicesDep) -> KeysOut:
    """Versions of the vault's keys, and how far the replacing of one has come. Never a key."""
    place = TenantId(principal.tenant_id), VaultId(vault_id)
    vault = await services.vault.get_vault(*place)
    return _keys_out(
        await services.vault.custody.state(*place), vault.mode, vault.is_locked, vault.open_until
    )


@router.post("/vaults/{vault_id}/keys/rotate", status_code=202, responses=errors(401, 403, 404, 422, 423))
async def rotate_vault_keys(
    vault_id: str, body: RotateIn, principal: SignedIn, services: ServicesDep
) -> KeysOut:
    """Begin to replace the vault's key (data keys are sealed anew) or its search secret (the index is built anew)."""
    place = _own(principal, vault_id)
    await services.vault.custody.rotate(*place, body.what)
    vault = await services.vault.get_vault(*place)
    return _keys_out(
        await services.vault.custody.state(*place), vault.mode, vault.is_locked, vault.open_until
    )


@router.post("/vaults/{vault_id}/scrub", responses=errors(401, 403, 404, 423))
async def scrub_vault(vault_id: str, principal: SignedIn, services: ServicesDep) -> StreamingResponse:
    """Open everything that is sealed in the vault; a line of JSON for each document tells how far it is.

    `{"done", "total", "damage"}`, where `damage` is null or `{"document_id", "parts"}` of a document that does not
    open any more. It is marked as failed then; the others are not affected.
    """
    place = _own(principal, vault_id)
    await services.vault.custody.check_open(*place)

    async def lines() -> AsyncIterator[bytes]:
        async for step in services.vault.scrub(*place):
            yield json.dumps(asdict(step)).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _own(principal: Principal, vault_id: str) -> tuple[TenantId, VaultId]:
    principal.require_person()
    return TenantId(principal.tenant_id), VaultId(vault_id)


def _keys_out(state: KeyState, mode: OwnerMode, is_locked: bool, open_until: datetime | None) -> KeysOut:
    return KeysOut(
        mode=mode,
        is_locked=is_locked,
        open_until=open_until,
        key_version=state.key_version,
        search_version=state.search_version,
        rotations=[
            RotationOut(
                what=each.what,
                done=each.done,
                total=each.total,
                is_under_way=each.is_under_way,
                problem=each.problem,
            )
            for each in state.rotations
        ],
    )
