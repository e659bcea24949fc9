"""HTTP for documents that come from the web: a page, a site's pages, and fetching them again."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, Field

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.vaults.document_schemas import DocumentOut, RefusedFile, UploadOut
from knowledge_vault.errors import DocumentRefused, NotFound, PageRefused, PageUnavailable
from knowledge_vault.values import Added, DocumentId, Period, TenantId, VaultId
from knowledge_vault.web_pages import MOST_PAGES

router = APIRouter(prefix="/api", tags=["vaults"])


class WebPageIn(BaseModel):
    url: str = Field(min_length=1, max_length=2000)
    period: Period = Period.DAILY
    """How often it is fetched again by itself."""


class SiteMapIn(WebPageIn):
    limit: int = Field(20, ge=1, le=MOST_PAGES)
    """The most pages that are added."""


class FollowIn(BaseModel):
    period: Period


class Synchronized(BaseModel):
    changed: list[DocumentOut]
    """Being replaced by what lies there now; the old text serves until then."""
    unchanged_count: int
    failed: list[RefusedFile]
    """These stay as they are."""


@router.post("/vaults/{vault_id}/web-pages", status_code=202, responses=errors(401, 404, 422, 502))
async def add_web_page(
    vault_id: str, body: WebPageIn, principal: SignedIn, services: ServicesDep
) -> UploadOut:
    """Fetch a page of the public web and add it under its title."""
    tenant_id = TenantId(principal.tenant_id)
    added = await services.web_pages.add(tenant_id, VaultId(vault_id), body.url, period=body.period)
    return await _taken_in(services, tenant_id, [added], [])


@router.post("/vaults/{vault_id}/site-maps", status_code=202, responses=errors(401, 404, 422, 502))
async def add_site_map(
    vault_id: str, body: SiteMapIn, principal: SignedIn, services: ServicesDep
) -> UploadOut:
    """Add the pages that a site map names, or that a page links to on its own host; robots.txt is respected."""
    tenant_id = TenantId(principal.tenant_id)
    found = await services.web_pages.add_site(
        tenant_id, VaultId(vault_id), body.url, limit=body.limit, period=body.period
    )
    refused = [RefusedFile(name=each.url, title=each.title, detail=each.detail) for each in found.refused]
    return await _taken_in(services, tenant_id, found.added, refused)


@router.put("/documents/{document_id}/web-source", responses=errors(401, 404, 422))
async def follow_web_page(
    document_id: str, body: FollowIn, principal: SignedIn, services: ServicesDep
) -> DocumentOut:
    """Choose how often the page that a document came from is fetched again by itself; begins anew after giving up."""
    return DocumentOut.of(
        await services.vault.follow(TenantId(principal.tenant_id), DocumentId(document_id), body.period)
    )


@router.post("/documents/{document_id}/synchronize", status_code=202, responses=errors(401, 404, 422, 502))
async def synchronize_document(document_id: str, principal: SignedIn, services: ServicesDep) -> Synchronized:
    """Fetch a page again; when it has changed, it replaces the document once all of it can be found."""
    tenant_id = TenantId(principal.tenant_id)
    return await _synchronize(services, tenant_id, DocumentId(document_id))


@router.post("/vaults/{vault_id}/synchronize", status_code=202, responses=errors(401, 404))
async def synchronize_vault(vault_id: str, principal: SignedIn, services: ServicesDep) -> Synchronized:
    """Fetch all of a vault's pages again."""
    tenant_id = TenantId(principal.tenant_id)
    documents = await services.vault.list_documents(tenant_id, VaultId(vault_id))
    from_the_web = [
        document.id
        for document in documents
        if await services.vault.origin(tenant_id, document.id) is not None
    ]
    result = Synchronized(changed=[], unchanged_count=0, failed=[])
    for document_id in from_the_web:
        try:
            one = await _synchronize(services, tenant_id, document_id)
        except (PageRefused, PageUnavailable, DocumentRefused) as error:
            document = await services.vault.get_document(tenant_id, document_id)
            result.failed.append(RefusedFile(name=document.name, title="Not fetched", detail=str(error)))
        except NotFound:  # deleted meanwhile
            continue
        else:
            result.changed += one.changed
            result.unchanged_count += one.unchanged_count
    return result


async def _synchronize(services: ServicesDep, tenant_id: TenantId, document_id: DocumentId) -> Synchronized:
    if not await services.web_pages.synchronize(tenant_id, document_id):
        return Synchronized(changed=[], unchanged_count=1, failed=[])
    document = await services.vault.get_document(tenant_id, document_id)
    await services.ingestion.submit(tenant_id, document_id, job=document.job)
    return Synchronized(changed=[DocumentOut.of(document)], unchanged_count=0, failed=[])


async def _taken_in(
    services: ServicesDep, tenant_id: TenantId, found: Sequence[Added], refused: list[RefusedFile]
) -> UploadOut:
    result = UploadOut(accepted=[], already_there=[], refused=refused)
    for added in found:
        document = DocumentOut.of(added.document)
        if added.already_there:
            result.already_there.append(document)
            continue
        result.accepted.append(document)
        await services.ingestion.submit(tenant_id, added.document.id, job=added.document.job)
    return result
