"""The shapes that vaults have in HTTP."""

from datetime import datetime

from pydantic import BaseModel, Field

from backend.vaults.chunking_schemas import Chunking
from knowledge_vault import values
from knowledge_vault.protection import Promise


class VaultIn(BaseModel):
    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=2000)
    protection: values.Protection | None = None
    """What of it lies at rest to be searched, `standard` unless said; `GET /api/protection-levels` explains them."""


class VaultChange(BaseModel):
    name: str | None = Field(None, min_length=1, max_length=120)
    description: str | None = Field(None, max_length=2000)
    chunking: Chunking | None = None
    """Documents that are there are cut anew one after the other; the old passages serve meanwhile."""
    protection: values.Protection | None = None
    """Another level begins a new index in the background; the one before serves until it is ready."""


class ReindexingOut(BaseModel):
    protection: values.Protection
    """What the vault will have then."""
    progress: float
    """From 0 to 1."""


class ProtectionLevel(BaseModel):
    protection: values.Protection
    title: str
    promise: str
    index: str
    """What lies at rest to be searched, and what that tells."""
    does_not_protect_against: list[str]
    most_chunks: int | None
    """How many passages such a vault can hold; null for no limit of its own."""

    @classmethod
    def of(cls, promise: Promise) -> "ProtectionLevel":
        return cls(
            protection=promise.protection,
            title=promise.title,
            promise=promise.promise,
            index=promise.index,
            does_not_protect_against=list(promise.does_not_protect_against),
            most_chunks=promise.most_chunks,
        )


class VaultOut(BaseModel):
    id: str
    name: str
    description: str
    created_at: datetime
    document_count: int
    chunk_count: int
    size_bytes: int
    not_ready_count: int
    """Documents that a search does not see yet, or never will."""
    protection: values.Protection
    reindexing: ReindexingOut | None
    """A new index that is being built while the one before serves."""
    mode: values.OwnerMode
    """Who holds its key; `GET /api/owner-modes` says what each promises."""
    is_locked: bool
    """Neither its name nor anything in it can be read until its owner unlocks it."""
    open_until: datetime | None
    """When it locks itself."""
    chunking: Chunking

    @classmethod
    def of(cls, vault: values.Vault) -> "VaultOut":
        return cls(
            id=vault.id,
            name=vault.name,
            description=vault.description,
            created_at=vault.created_at,
            document_count=vault.document_count,
            chunk_count=vault.chunk_count,
            size_bytes=vault.size_bytes,
            not_ready_count=vault.not_ready_count,
            protection=vault.protection,
            reindexing=ReindexingOut(
                protection=vault.reindexing.protection, progress=vault.reindexing.progress
            )
            if vault.reindexing
            else None,
            mode=vault.mode,
            is_locked=vault.is_locked,
            open_until=vault.open_until,
            chunking=Chunking.of(vault.chunking),
        )
