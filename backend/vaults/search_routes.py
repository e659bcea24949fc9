"""HTTP for trying a search in a vault of one's own."""

import time

from fastapi import APIRouter

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep
from backend.vaults.search_schemas import LeftOutOut, PassageOut, RelevanceOut, SearchIn, SearchOut
from knowledge_vault.values import Filters, TenantId, VaultId

router = APIRouter(prefix="/api", tags=["vaults"])


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
        rerank=body.rerank,
        filters=body.filters.values() if body.filters else Filters(),
    )
    return SearchOut(
        passages=[PassageOut.of(passage) for passage in found.passages],
        relevance=RelevanceOut.of(found.relevance),
        left_out=[LeftOutOut.of(left) for left in found.left_out] if body.explain else [],
        reranking=found.reranking,
        not_ready_count=found.not_ready_count,
        took_ms=round((time.perf_counter() - started) * 1000),
    )
