"""HTTP for the documents of one's own vaults: adding, reading, replacing, tagging and deleting them."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.vaults.document_schemas import (
    ContentsOut,
    DocumentChange,
    DocumentOut,
    DocumentPageOut,
    DocumentTextOut,
    IntakeOut,
    ListingIn,
    PageOut,
    RefusedFile,
    UploadOut,
)
from backend.vaults.upload import uploaded_files
from knowledge_vault.errors import DocumentRefused
from knowledge_vault.values import DocumentId, TenantId, VaultId

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


@router.get("/vaults/{vault_id}/documents", responses=errors(401, 404))
async def list_documents(vault_id: str, principal: SignedIn, services: ServicesDep) -> list[DocumentOut]:
    """The vault's documents and how far each has come."""
    documents = await services.vault.list_documents(TenantId(principal.tenant_id), VaultId(vault_id))
    return [DocumentOut.of(document) for document in documents]


@router.get("/vaults/{vault_id}/documents/page", responses=errors(401, 404, 422, 423))
async def page_documents(
    vault_id: str,
    principal: SignedIn,
    services: ServicesDep,
    listing: Annotated[ListingIn, Query()],
) -> DocumentPageOut:
    """A part of the vault's documents, newest first; quick with any number of them."""
    return DocumentPageOut.of(
        await services.vault.page_of_documents(
            TenantId(principal.tenant_id), VaultId(vault_id), listing.values()
        )
    )


@router.get("/vaults/{vault_id}/contents", responses=errors(401, 404, 423))
async def get_contents(vault_id: str, principal: SignedIn, services: ServicesDep) -> ContentsOut:
    """The tags and kinds that the vault's documents have, each with how many have it."""
    return ContentsOut.of(await services.vault.contents(TenantId(principal.tenant_id), VaultId(vault_id)))


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
