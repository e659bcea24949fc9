"""The vault's one door for the rest of the product: documents in, passages out, nothing readable in between.

Every method takes the tenant and answers `NotFound` for what is not that tenant's, as if it never was.
It decides nothing about licenses and knows no HTTP.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.keys import RootKey
from knowledge_vault.ports import Clock, Database, Embedder
from knowledge_vault.values import (
    Added,
    Chunk,
    Document,
    DocumentId,
    DocumentText,
    Limits,
    Passage,
    PassageId,
    SearchResult,
    Stats,
    TenantId,
    Vault,
    VaultId,
)


class KnowledgeVault:
    """All vaults of one data folder."""

    def __init__(
        self,
        database: Database,
        *,
        data_dir: Path,
        root_key: RootKey,
        clock: Clock,
        embedder: Embedder,
        limits: Limits | None = None,
    ) -> None:
        """`data_dir` gets `originals/` and `index/`, both mode 0700. The tables must exist before `start`."""
        raise NotImplementedError

    async def start(self) -> None:
        """Open the index and make it agree with SQL; what was under way is the caller's to resume."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close the index and end the parser process."""
        raise NotImplementedError

    async def create_vault(self, tenant_id: TenantId, *, name: str, description: str = "") -> Vault:
        raise NotImplementedError

    async def list_vaults(self, tenant_id: TenantId) -> Sequence[Vault]:
        """All of the tenant's vaults, oldest first."""
        raise NotImplementedError

    async def get_vault(self, tenant_id: TenantId, vault_id: VaultId) -> Vault:
        raise NotImplementedError

    async def update_vault(
        self,
        tenant_id: TenantId,
        vault_id: VaultId,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> Vault:
        """Change what is given, leave what is None."""
        raise NotImplementedError

    async def delete_vault(self, tenant_id: TenantId, vault_id: VaultId) -> None:
        """Destroy its keys, then its documents and its index."""
        raise NotImplementedError

    async def add_document(
        self, tenant_id: TenantId, vault_id: VaultId, *, name: str, content: AsyncIterable[bytes]
    ) -> Added:
        """Seal the original, fsync it, and record the document as `received`. Then call `parse` and `index`.

        Raises:
            DocumentEmpty, DocumentTooLarge, DocumentKindUnknown: nothing was kept.
        """
        raise NotImplementedError

    async def list_documents(self, tenant_id: TenantId, vault_id: VaultId) -> Sequence[Document]:
        """Oldest first."""
        raise NotImplementedError

    async def get_document(self, tenant_id: TenantId, document_id: DocumentId) -> Document:
        raise NotImplementedError

    async def unfinished(self) -> Sequence[tuple[TenantId, DocumentId]]:
        """Documents of any tenant neither active nor failed, oldest first: what a restart resumes."""
        raise NotImplementedError

    async def parse(self, tenant_id: TenantId, document_id: DocumentId) -> None:
        """Take a `received` document to `parsed`, or to `failed` with its problem.

        Harmless when repeated, when the document is further on, and when it was deleted meanwhile.
        """
        raise NotImplementedError

    async def index(
        self,
        tenant_id: TenantId,
        document_id: DocumentId,
        *,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Take a `parsed` document through `embedded` to `active`, or to `failed`; goes on where it stopped.

        Harmless when repeated, when the document is further on, and when it was deleted meanwhile.
        """
        raise NotImplementedError

    async def retry(self, tenant_id: TenantId, document_id: DocumentId) -> Document:
        """Set a failed document back to `received`, its attempt one higher; others are left as they are."""
        raise NotImplementedError

    async def delete_document(self, tenant_id: TenantId, document_id: DocumentId) -> None:
        """Destroy its data key, then its original, text, chunks and points; works at any stage."""
        raise NotImplementedError

    async def document_text(self, tenant_id: TenantId, document_id: DocumentId) -> DocumentText:
        """The parsed text and its pages.

        Raises:
            NotFound: also while it is not parsed yet.
        """
        raise NotImplementedError

    def original(self, tenant_id: TenantId, document_id: DocumentId) -> AsyncIterator[bytes]:
        """The very bytes that were added, in pieces of 16 KiB or less."""
        raise NotImplementedError

    async def chunks(self, tenant_id: TenantId, document_id: DocumentId) -> Sequence[Chunk]:
        """In the order of the text; empty while it is not embedded yet."""
        raise NotImplementedError

    async def search(
        self,
        tenant_id: TenantId,
        vault_ids: Collection[VaultId],
        question: str,
        *,
        limit: int = 8,
        within: Collection[DocumentId] | None = None,
    ) -> SearchResult:
        """The passages of active documents that bear on the question, best first.

        `within`: only these documents; None means all of the vaults, an empty collection means none.

        Raises:
            NotFound: one of the vaults is not this tenant's.
        """
        raise NotImplementedError

    async def passages_by_id(
        self, tenant_id: TenantId, passage_ids: Sequence[PassageId]
    ) -> Sequence[Passage]:
        """Those of the tenant that are still there, in the order asked; others are left out."""
        raise NotImplementedError

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(len(texts), dimension)`, float32, rows of length 1, in the order given: to compare sentences."""
        raise NotImplementedError

    async def stats(self) -> Stats:
        """Counts over all tenants, for health pages."""
        raise NotImplementedError
