"""HTTP for one's own vaults. What belongs to somebody else is not found."""

import time
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.vaults.schemas import (
    Chunking,
    ChunkOut,
    DocumentChange,
    DocumentOut,
    DocumentTextOut,
    IntakeOut,
    LeftOutOut,
    PageOut,
    PassageOut,
    ProtectionLevel,
    RefusedFile,
    RelevanceOut,
    SearchIn,
    SearchOut,
    UploadOut,
    VaultChange,
    VaultIn,
    VaultOut,
)
from backend.vaults.upload import uploaded_files
from knowledge_vault.custody import Replacing
from knowledge_vault.errors import DocumentRefused
from knowledge_vault.protection import PROMISES
from knowledge_vault.values import DocumentId, Filters, Protection, TenantId, VaultId

router = APIRouter(prefix="/api", tags=["vaults"])

UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                    "required": ["files"],
                }
            }
        },
    }
}


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
        services.recutting.begin(tenant_id, vault.id)
    if body.protection is not None and body.protection is not vault.protection:
        await services.vault.custody.protect(tenant_id, vault.id, body.protection)
        vault = await services.vault.get_vault(tenant_id, vault.id)
    return VaultOut.of(vault)


@router.delete("/vaults/{vault_id}", status_code=204, responses=errors(401, 404))
async def delete_vault(vault_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Destroy the vault's keys, then everything in it."""
    principal.require_person()
    await services.vault.delete_vault(TenantId(principal.tenant_id), VaultId(vault_id))


@router.get("/vaults/{vault_id}/documents", responses=errors(401, 404))
async def list_documents(vault_id: str, principal: SignedIn, services: ServicesDep) -> list[DocumentOut]:
    """The vault's documents and how far each has come."""
    documents = await services.vault.list_documents(TenantId(principal.tenant_id), VaultId(vault_id))
    return [DocumentOut.of(document) for document in documents]


@router.get("/vaults/{vault_id}/intake", responses=errors(401, 404))
async def get_intake(vault_id: str, principal: SignedIn, services: ServicesDep) -> IntakeOut:
    """How far the vault's documents have come all together, and how long the rest will take."""
    return IntakeOut.of(await services.vault.intake(TenantId(principal.tenant_id), VaultId(vault_id)))


@router.post(
    "/vaults/{vault_id}/documents", status_code=202, responses=errors(401, 404, 422), openapi_extra=UPLOAD
)
async def add_documents(
    vault_id: str, request: Request, principal: SignedIn, services: ServicesDep
) -> UploadOut:
    """Add files. Each is judged by itself: one that is refused keeps no other out."""
    tenant_id = TenantId(principal.tenant_id)
    await services.vault.get_vault(tenant_id, VaultId(vault_id))
    result = UploadOut(accepted=[], already_there=[], refused=[])
    async for file in uploaded_files(request):
        content = file.chunks()
        try:
            added = await services.vault.add_document(
                tenant_id, VaultId(vault_id), name=file.name, content=content
            )
        except DocumentRefused as error:
            result.refused.append(RefusedFile(name=file.name, title=error.title, detail=error.detail))
            async for _ in content:  # the rest of the file has to pass before the next one begins
                pass
            continue
        document = DocumentOut.of(added.document)
        if added.already_there:
            result.already_there.append(document)
        else:
            result.accepted.append(document)
            await services.ingestion.submit(tenant_id, added.document.id, job=added.document.job)
    return result


@router.get("/documents/{document_id}", responses=errors(401, 404))
async def get_document(document_id: str, principal: SignedIn, services: ServicesDep) -> DocumentOut:
    """A document of one's own."""
    return DocumentOut.of(
        await services.vault.get_document(TenantId(principal.tenant_id), DocumentId(document_id))
    )


@router.put(
    "/documents/{document_id}/content",
    status_code=202,
    responses=errors(401, 404, 422),
    openapi_extra=UPLOAD,
)
async def replace_document(
    document_id: str, request: Request, principal: SignedIn, services: ServicesDep
) -> UploadOut:
    """Give a document new content: one file. The old one serves until all of the new one can be found."""
    tenant_id = TenantId(principal.tenant_id)
    document = await services.vault.get_document(tenant_id, DocumentId(document_id))
    result = UploadOut(accepted=[], already_there=[], refused=[])
    async for file in uploaded_files(request):
        content = file.chunks()
        if result.accepted or result.already_there or result.refused:
            result.refused.append(
                RefusedFile(
                    name=file.name,
                    title="One file at a time",
                    detail=f"{document.name!r} was given the first file's content. Add this one by itself.",
                )
            )
        else:
            try:
                added = await services.vault.replace_document(
                    tenant_id, document.id, content=content, name=file.name
                )
            except DocumentRefused as error:
                result.refused.append(RefusedFile(name=file.name, title=error.title, detail=error.detail))
            else:
                out = DocumentOut.of(added.document)
                (result.already_there if added.already_there else result.accepted).append(out)
                if not added.already_there:
                    await services.ingestion.submit(tenant_id, document.id, job=added.document.job)
        async for _ in content:  # the rest of the file has to pass before the next one begins
            pass
    return result


@router.delete("/documents/{document_id}/replacement", responses=errors(401, 404))
async def dismiss_replacement(document_id: str, principal: SignedIn, services: ServicesDep) -> DocumentOut:
    """Stop and forget new content that has not taken the document's place yet."""
    return DocumentOut.of(
        await services.vault.dismiss_replacement(TenantId(principal.tenant_id), DocumentId(document_id))
    )


@router.patch("/documents/{document_id}", responses=errors(401, 404, 422))
async def change_document(
    document_id: str, body: DocumentChange, principal: SignedIn, services: ServicesDep
) -> DocumentOut:
    """Change its tags."""
    tenant_id, document = TenantId(principal.tenant_id), DocumentId(document_id)
    if body.tags is not None:
        return DocumentOut.of(await services.vault.tag_document(tenant_id, document, body.tags))
    return DocumentOut.of(await services.vault.get_document(tenant_id, document))


@router.delete("/documents/{document_id}", status_code=204, responses=errors(401, 404))
async def delete_document(document_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Destroy the document's key, then its original, text and index entries."""
    await services.vault.delete_document(TenantId(principal.tenant_id), DocumentId(document_id))


@router.post("/documents/{document_id}/retry", status_code=202, responses=errors(401, 404))
async def retry_document(document_id: str, principal: SignedIn, services: ServicesDep) -> DocumentOut:
    """Take a failed or cancelled document, or a failed replacement, in again."""
    tenant_id = TenantId(principal.tenant_id)
    document = await services.vault.retry(tenant_id, DocumentId(document_id))
    await services.ingestion.submit(tenant_id, document.id, job=document.job)
    return DocumentOut.of(document)


@router.post("/documents/{document_id}/cancel", responses=errors(401, 404))
async def cancel_document(document_id: str, principal: SignedIn, services: ServicesDep) -> DocumentOut:
    """Stop taking a document in. One that has ended stays as it is."""
    document = await services.vault.cancel(TenantId(principal.tenant_id), DocumentId(document_id))
    return DocumentOut.of(document)


@router.get("/documents/{document_id}/text", responses=errors(401, 404))
async def get_document_text(document_id: str, principal: SignedIn, services: ServicesDep) -> DocumentTextOut:
    """The parsed text with its pages."""
    parsed = await services.vault.document_text(TenantId(principal.tenant_id), DocumentId(document_id))
    return DocumentTextOut(
        document=DocumentOut.of(parsed.document),
        text=parsed.text,
        pages=[PageOut(number=page.number, start=page.start, end=page.end) for page in parsed.pages],
    )


@router.get("/documents/{document_id}/original", responses=errors(401, 404))
async def get_original(document_id: str, principal: SignedIn, services: ServicesDep) -> StreamingResponse:
    """The very bytes that were added, as a download: a browser never runs what is in them."""
    tenant_id = TenantId(principal.tenant_id)
    document = await services.vault.get_document(tenant_id, DocumentId(document_id))
    return StreamingResponse(
        services.vault.original(tenant_id, document.id),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name)}"},
    )


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


@router.post("/vaults/{vault_id}/search", responses=errors(401, 404, 422))
async def search_vault(
    vault_id: str, body: SearchIn, principal: SignedIn, services: ServicesDep
) -> SearchOut:
    """The passages that bear on a question, with the rank each stage gave them."""
    started = time.perf_counter()
    found = await services.vault.search(
        TenantId(principal.tenant_id),
        [VaultId(vault_id)],
        body.question,
        limit=body.limit,
        sections=body.sections,
        filters=body.filters.values() if body.filters else Filters(),
    )
    return SearchOut(
        passages=[PassageOut.of(passage) for passage in found.passages],
        relevance=RelevanceOut.of(found.relevance),
        left_out=[LeftOutOut.of(left) for left in found.left_out] if body.explain else [],
        not_ready_count=found.not_ready_count,
        took_ms=round((time.perf_counter() - started) * 1000),
    )
