"""The shapes that vaults have in HTTP."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from knowledge_vault import values
from knowledge_vault.protection import Promise


class VaultIn(BaseModel):
    name: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=2000)
    protection: values.Protection | None = None
    """What of it lies at rest to be searched, `standard` unless said; `GET /api/protection-levels` explains them."""


class Chunking(BaseModel):
    """How documents are cut into the passages that a search finds."""

    characters: int = Field(1600, ge=200, le=4000)
    """The most that a passage has."""
    overlap: float = Field(0.12, ge=0, le=0.4)
    """Share of a passage that the next one repeats."""
    parent_characters: int = Field(4800, ge=200, le=20_000)
    """The most that is read around a passage that was found."""

    def sizes(self) -> values.ChunkSizes:
        return values.ChunkSizes.chosen(
            characters=self.characters, overlap=self.overlap, parent_characters=self.parent_characters
        )

    @classmethod
    def of(cls, sizes: values.ChunkSizes) -> "Chunking":
        return cls(
            characters=sizes.characters, overlap=sizes.overlap, parent_characters=sizes.parent_characters
        )


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


class DocumentProblem(BaseModel):
    title: str
    detail: str


class DocumentOut(BaseModel):
    id: str
    vault_id: str
    name: str
    media_type: str
    size_bytes: int
    stage: values.Stage
    progress: float
    """From 0 to 1, over all stages."""
    error: DocumentProblem | None
    """Why it failed."""
    page_count: int | None
    chunk_count: int
    """0 before it is cut."""
    chunks_done: int
    """How many of them are embedded."""
    created_at: datetime
    version: int
    """1, and higher with each replacement."""
    replacement: "DocumentOut | None"
    """New content that takes this one's place once all of it can be found."""
    tags: list[str]
    """In alphabetical order."""

    @classmethod
    def of(cls, document: values.Document) -> "DocumentOut":
        problem = document.problem
        return cls(
            id=document.id,
            vault_id=document.vault_id,
            name=document.name,
            media_type=document.media_type,
            size_bytes=document.size_bytes,
            stage=document.stage,
            progress=document.progress,
            error=DocumentProblem(title=problem.title, detail=problem.detail) if problem else None,
            page_count=document.page_count,
            chunk_count=document.chunk_count,
            chunks_done=document.chunks_done,
            created_at=document.created_at,
            tags=list(document.tags),
            version=document.version,
            replacement=cls.of(document.replacement) if document.replacement else None,
        )


class IntakeOut(BaseModel):
    documents: dict[values.Stage, int]
    """How many are at each stage; stages with none are left out."""
    chunks_done: int
    chunks_known: int
    """Of the documents under way, as far as they are cut yet."""
    seconds_left: float | None
    """Until all can be found, at the present pace; null when nothing is under way or no pace is known yet."""

    @classmethod
    def of(cls, intake: values.Intake) -> "IntakeOut":
        return cls(
            documents=dict(intake.documents),
            chunks_done=intake.chunks_done,
            chunks_known=intake.chunks_known,
            seconds_left=intake.seconds_left,
        )


class RefusedFile(BaseModel):
    name: str
    title: str
    detail: str


class UploadOut(BaseModel):
    accepted: list[DocumentOut]
    """Sealed on disk; each goes through its stages by itself now."""
    already_there: list[DocumentOut]
    """The vault had a document with these very bytes; nothing new was kept."""
    refused: list[RefusedFile]
    """Nothing of these was kept."""


class PageOut(BaseModel):
    number: int
    start: int
    end: int


class DocumentTextOut(BaseModel):
    document: DocumentOut
    text: str
    """As citations count it: `text[start:end]`, in Unicode code points."""
    pages: list[PageOut]


class ChunkOut(BaseModel):
    passage_id: str
    number: int
    text: str
    start: int
    end: int
    page: int | None
    heading: str
    parent_start: int
    parent_end: int
    """The section around it: what is read when it is found."""

    @classmethod
    def of(cls, chunk: values.Chunk) -> "ChunkOut":
        return cls(
            passage_id=chunk.passage_id,
            number=chunk.number,
            text=chunk.text,
            start=chunk.start,
            end=chunk.end,
            page=chunk.page,
            heading=chunk.heading,
            parent_start=chunk.parent_start,
            parent_end=chunk.parent_end,
        )


class DocumentChange(BaseModel):
    tags: list[Annotated[str, Field(min_length=1, max_length=60)]] | None = Field(None, max_length=30)
    """All the tags it is to have; null leaves them as they are."""


class FiltersIn(BaseModel):
    """Which documents are searched. What is empty or null leaves nothing out."""

    tags: list[str] = Field(default_factory=list, max_length=30)
    """A document must have all of them."""
    types: list[str] = Field(default_factory=list, max_length=30)
    """Endings of file names such as "pdf", or media types; one of them suffices."""
    documents: list[str] = Field(default_factory=list, max_length=500)
    """Ids or whole names; one of them suffices."""
    added_after: AwareDatetime | None = None
    added_before: AwareDatetime | None = None

    def values(self) -> values.Filters:
        return values.Filters(
            tags=tuple(self.tags),
            types=tuple(self.types),
            documents=tuple(self.documents),
            added_after=self.added_after,
            added_before=self.added_before,
        )


class SearchIn(BaseModel):
    question: str = Field(min_length=1, max_length=8000)
    limit: int = Field(8, ge=1, le=50)
    explain: bool = False
    """Tell also what was found but is not shown, and why."""
    sections: bool = False
    """Bring the section around each passage along."""
    filters: FiltersIn | None = None
    """Which documents to search; null: all of the vault."""


class RanksOut(BaseModel):
    """The place, from 1, that each stage gave a passage; `null` where the stage did not list it."""

    keyword: int | None
    vector: int | None
    fused: int | None
    rerank: int | None

    @classmethod
    def of(cls, ranks: values.Ranks | None) -> "RanksOut":
        if ranks is None:
            return cls(keyword=None, vector=None, fused=None, rerank=None)
        return cls(keyword=ranks.keyword, vector=ranks.vector, fused=ranks.fused, rerank=ranks.rerank)


class AlsoInOut(BaseModel):
    """Another place with the same words."""

    passage_id: str
    vault_id: str
    document_id: str
    document: str
    page: int | None


class PassageOut(BaseModel):
    passage_id: str
    vault_id: str
    document_id: str
    document: str
    page: int | None
    start: int
    end: int
    text: str
    heading: str
    score: float
    similarity: float
    ranks: RanksOut
    parent_start: int
    parent_end: int
    """The section around it."""
    section: str | None
    """The words of that section; only when asked for."""
    joined: int
    """How many chunks that follow each other it was made of."""
    also_in: list[AlsoInOut]
    """Where else the same words stand."""

    @classmethod
    def of(cls, passage: values.Passage) -> "PassageOut":
        return cls(
            passage_id=passage.passage_id,
            vault_id=passage.vault_id,
            document_id=passage.document_id,
            document=passage.document,
            page=passage.page,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            heading=passage.heading,
            score=passage.score,
            similarity=passage.similarity,
            ranks=RanksOut.of(passage.ranks),
            parent_start=passage.parent_start,
            parent_end=passage.parent_end,
            section=passage.section,
            joined=passage.joined,
            also_in=[
                AlsoInOut(
                    passage_id=place.passage_id,
                    vault_id=place.vault_id,
                    document_id=place.document_id,
                    document=place.document,
                    page=place.page,
                )
                for place in passage.also_in
            ],
        )


class LeftOutOut(BaseModel):
    """What was found but is not shown as a passage of its own."""

    passage_id: str
    document_id: str
    document: str
    page: int | None
    heading: str
    score: float
    similarity: float
    ranks: RanksOut
    why: values.Left
    into: str | None
    """The passage that it is a copy or a part of."""

    @classmethod
    def of(cls, left: values.LeftOut) -> "LeftOutOut":
        return cls(
            passage_id=left.passage_id,
            document_id=left.document_id,
            document=left.document,
            page=left.page,
            heading=left.heading,
            score=left.score,
            similarity=left.similarity,
            ranks=RanksOut.of(left.ranks),
            why=left.why,
            into=left.into,
        )


class RelevanceOut(BaseModel):
    """Whether anything that bears on the question was found, and the numbers that decided."""

    found: bool
    reason: str
    margin: float
    """How far on either side of the line; 0 is the line itself."""
    likeness: float
    """Of the passage nearest in meaning: 0 is as near as unrelated text, 1 the very words."""
    coverage: float
    """Share of the question's weighted words that the vault knows."""
    together: float
    """The most of them that stand near each other in one of the best passages."""
    lead: float
    """How much more of them the best passage has than those after it."""
    words_count: bool
    """Whether words took part: they do not when the vault knows too few of them."""
    same_language: bool
    """Whether the nearest passage is in the question's language."""

    @classmethod
    def of(cls, relevance: values.Relevance) -> "RelevanceOut":
        return cls(
            found=relevance.found,
            reason=relevance.reason,
            margin=relevance.margin,
            likeness=relevance.likeness,
            coverage=relevance.coverage,
            together=relevance.together,
            lead=relevance.lead,
            words_count=relevance.words_count,
            same_language=relevance.same_language,
        )


class SearchOut(BaseModel):
    passages: list[PassageOut]
    """What comes nearest, also when it does not bear on the question."""
    relevance: RelevanceOut
    left_out: list[LeftOutOut]
    """Empty unless explanations were asked for."""
    not_ready_count: int
    took_ms: int
