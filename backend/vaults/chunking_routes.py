"""HTTP for how documents are cut into chunks: as they are cut now, and as they would be."""

from fastapi import APIRouter

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.vaults.chunking_schemas import Chunking, ChunkOut
from knowledge_vault.values import DocumentId, TenantId

router = APIRouter(prefix="/api", tags=["vaults"])


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
