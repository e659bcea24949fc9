"""HTTP for how documents are cut into chunks: as they are cut now, and as they would be."""

from fastapi import APIRouter

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.vaults.chunking_schemas import (
    LEAST,
    MOST,
    RECOMMENDED,
    Chunking,
    ChunkingChoices,
    ChunkOut,
    RecuttingOut,
)
from knowledge_vault.values import DocumentId, TenantId, VaultId

router = APIRouter(prefix="/api", tags=["vaults"])


@router.get("/chunking", responses=errors(401))
async def list_chunking_choices(_principal: SignedIn) -> ChunkingChoices:
    """The sizes that documents are cut by unless their owner chooses others, and between which ones may choose."""
    return ChunkingChoices(
        recommended=Chunking.of(RECOMMENDED), least=Chunking.of(LEAST), most=Chunking.of(MOST)
    )


@router.get("/vaults/{vault_id}/recutting", responses=errors(401, 404))
async def get_recutting(vault_id: str, principal: SignedIn, services: ServicesDep) -> RecuttingOut:
    """How far the documents have been cut by the vault's newest sizes; the old chunks serve meanwhile."""
    progress = await services.recutting.progress(TenantId(principal.tenant_id), VaultId(vault_id))
    return RecuttingOut(is_under_way=progress.is_under_way, done=progress.done, total=progress.total)


@router.get("/documents/{document_id}/chunks", responses=errors(401, 404))
async def list_chunks(document_id: str, principal: SignedIn, services: ServicesDep) -> list[ChunkOut]:
    """How the document was cut, in the order of its text."""
    chunks = await services.vault.chunks(TenantId(principal.tenant_id), DocumentId(document_id))
    return [ChunkOut.of(chunk) for chunk in chunks]


@router.post("/documents/{document_id}/chunk-preview", responses=errors(401, 404, 422))
async def preview_chunks(
    document_id: str, body: Chunking, principal: SignedIn, services: ServicesDep
) -> list[ChunkOut]:
    """How the document would be cut by these sizes. Nothing is kept; the passages have no ids."""
    chunks = await services.vault.preview_chunks(
        TenantId(principal.tenant_id), DocumentId(document_id), body.sizes()
    )
    return [ChunkOut.of(chunk) for chunk in chunks]
