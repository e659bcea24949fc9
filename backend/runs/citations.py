"""Open the original at a citation: the cited words within their page, for whoever got the answer.

Who owns the vault may open the whole document. Everybody else sees the page around the words they paid for,
read anew from the vault: when the owner has deleted the document, only the quote itself is left.
"""

from collections.abc import Iterable
from typing import Any

from backend.accounts.principal import Principal
from backend.agent_calls import store as calls_store
from backend.agents import store as agents_store
from backend.database import Database
from backend.runs.schemas import CitedPassage
from backend.runs.store import Run
from knowledge_vault.errors import NotFound
from knowledge_vault.values import DocumentId, DocumentText, TenantId
from knowledge_vault.vault import KnowledgeVault

AROUND_CHARACTERS = 1_500
"""Shown before and after the words in a document without pages."""


class CitedPassages:
    """Reads the surroundings of citations."""

    def __init__(self, database: Database, vault: KnowledgeVault) -> None:
        self._database = database
        self._vault = vault

    async def open(self, principal: Principal, run: Run, citation: dict[str, Any]) -> CitedPassage:
        """The passage of a citation of this run, which must be the principal's own."""
        async with self._database.reading() as connection:
            asked = [run.agent_id, *await calls_store.agents_asked(connection, run.id)]
            owners = [await agents_store.find_owner(connection, agent_id) for agent_id in asked]
        start, end = citation["start"], citation["end"]
        text, text_start, page = citation["quote"], start, citation["page"]
        found = await self._document(owners, DocumentId(citation["document_id"]))
        is_owner = found is not None and found[0] == principal.user.id
        if found and found[1].text[start:end] == citation["quote"]:
            text_start, text_end = _surroundings(found[1], start, end)
            text = found[1].text[text_start:text_end]
        return CitedPassage(
            document=citation["document"],
            page=page,
            text=text,
            text_start=text_start,
            start=start,
            end=end,
            vault_id=citation["vault_id"] if is_owner else None,
            document_id=citation["document_id"] if is_owner else None,
        )

    async def _document(
        self, owners: Iterable[str | None], document_id: DocumentId
    ) -> tuple[str, DocumentText] | None:
        """The document and whose it is: of the agent's author, or of one whose agent was asked on the way."""
        for owner_id in dict.fromkeys(owners):
            try:
                return owner_id or "", await self._vault.document_text(TenantId(owner_id or ""), document_id)
            except NotFound:
                continue
        return None


def _surroundings(document: DocumentText, start: int, end: int) -> tuple[int, int]:
    """The pages that the words touch, or a stretch around them where there are no pages."""
    touched = [page for page in document.pages if page.start < end and page.end > start]
    if touched:
        return min(touched[0].start, start), max(touched[-1].end, end)
    first = document.text.rfind("\n", 0, max(0, start - AROUND_CHARACTERS)) + 1
    last = document.text.find("\n", end + AROUND_CHARACTERS)
    return max(first, start - 2 * AROUND_CHARACTERS), min(
        last if last >= 0 else len(document.text), end + 2 * AROUND_CHARACTERS
    )
