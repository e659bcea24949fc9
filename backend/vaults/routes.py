"""HTTP for one's own vaults. What belongs to somebody else is not found."""

from fastapi import APIRouter

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.vaults.schemas import ProtectionLevel, VaultChange, VaultIn, VaultOut
from knowledge_vault.custody import Replacing
from knowledge_vault.protection import PROMISES
from knowledge_vault.values import Protection, TenantId, VaultId

router = APIRouter(prefix="/api", tags=["vaults"])


@router.get("/vaults", responses=errors(401))
async def list_vaults(principal: SignedIn, services: ServicesDep) -> list[VaultOut]:
    """One's vaults."""
    return [VaultOut.of(vault) for vault in await services.vault.list_vaults(TenantId(principal.tenant_id))]


@router.post("/vaults", status_code=201, responses=errors(401, 422))
async def create_vault(body: VaultIn, principal: SignedIn, services: ServicesDep) -> VaultOut:
    """A new vault with keys of its own."""
    vault = await services.vault.create_vault(
        TenantId(principal.tenant_id),
        name=body.name,
        description=body.description,
        protection=body.protection or Protection.STANDARD,
    )
    return VaultOut.of(vault)


@router.get("/protection-levels", responses=errors(401))
async def list_protection_levels(_principal: SignedIn) -> list[ProtectionLevel]:
    """What a vault's protection may be and what each level promises, the default first."""
    return [ProtectionLevel.of(promise) for promise in PROMISES]


@router.post("/vaults/{vault_id}/rebuild", status_code=202, responses=errors(401, 404, 422, 423))
async def rebuild_vault(vault_id: str, principal: SignedIn, services: ServicesDep) -> VaultOut:
    """Build the search index anew from the sealed chunks, in the background; `reindexing` tells how far it is.

    The one before serves until it is ready. It is built under a new search secret.
    """
    place = TenantId(principal.tenant_id), VaultId(vault_id)
    await services.vault.custody.rotate(*place, Replacing.SEARCH_SECRET)
    return VaultOut.of(await services.vault.get_vault(*place))


@router.get("/vaults/{vault_id}", responses=errors(401, 404))
async def get_vault(vault_id: str, principal: SignedIn, services: ServicesDep) -> VaultOut:
    """A vault of one's own."""
    return VaultOut.of(await services.vault.get_vault(TenantId(principal.tenant_id), VaultId(vault_id)))


@router.patch("/vaults/{vault_id}", responses=errors(401, 404, 422))
async def change_vault(
    vault_id: str, body: VaultChange, principal: SignedIn, services: ServicesDep
) -> VaultOut:
    """Change name, description, protection, or how its documents are cut.

    Another protection takes over once its index is built.
    """
    tenant_id = TenantId(principal.tenant_id)
    vault = await services.vault.update_vault(
        tenant_id,
        VaultId(vault_id),
        name=body.name,
        description=body.description,
        chunking=body.chunking.sizes() if body.chunking else None,
    )
    if body.chunking:
        await services.recutting.begin(tenant_id, vault.id)
    to_be = vault.reindexing.protection if vault.reindexing else vault.protection
    if body.protection is not None and body.protection is not to_be:
        await services.vault.custody.protect(tenant_id, vault.id, body.protection)
        vault = await services.vault.get_vault(tenant_id, vault.id)
    return VaultOut.of(vault)


@router.delete("/vaults/{vault_id}", status_code=204, responses=errors(401, 404))
async def delete_vault(vault_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Destroy the vault's keys, then everything in it."""
    principal.require_person()
    await services.vault.delete_vault(TenantId(principal.tenant_id), VaultId(vault_id))
