"""HTTP for the root key: how it is kept, and putting a new one in its place. The key itself never passes here."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/root-key", tags=["root key"])


class RootKeyOut(BaseModel):
    provider: str
    """What keeps it: file, passphrase, keyring or transit."""
    version: int
    """How many root keys this data folder has had."""
    changed_at: datetime | None
    has_recovery: bool
    """There is a recovery key that opens the data when the root key is lost."""


class RootKeyRotated(BaseModel):
    version: int
    resealed_count: int
    """Keys that the root key seals: three or so for each person and vault. No document is touched."""


@router.get("", responses=errors(401, 403))
async def get_root_key(principal: SignedIn, services: ServicesDep) -> RootKeyOut:
    """How the root key is kept."""
    principal.require_operator()
    keeping = await services.root.keeping()
    return RootKeyOut(
        provider=keeping.provider,
        version=keeping.version,
        changed_at=keeping.changed_at,
        has_recovery=keeping.has_recovery,
    )


@router.post("/rotate", responses=errors(401, 403, 500, 503))
async def rotate_root_key(principal: SignedIn, services: ServicesDep) -> RootKeyRotated:
    """A new root key in place of the present one, while everything goes on."""
    principal.require_operator()
    count = await services.root.rotate()
    return RootKeyRotated(version=(await services.root.keeping()).version, resealed_count=count)
