"""The shapes that documents have in HTTP: on their way in, in lists, and as they are read."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from knowledge_vault import values
from knowledge_vault.filtering import MOST_TAGS


class DocumentProblem(BaseModel):
    title: str
    detail: str


class WebSourceOut(BaseModel):
    url: str
    period: values.Period
    """How often it is fetched again by itself."""
    fetched_at: datetime | None
    """When it was last asked for after it was added."""
    changed_at: datetime | None
    """When it was last found changed."""
    next_at: datetime | None
    """When it is asked for again; null when it never is, by choice or since it failed too often."""
    problem: DocumentProblem | None
    """Why it could not be fetched the last time; what was read before stays and is searched."""

    @classmethod
    def of(cls, source: values.WebSource) -> "WebSourceOut":
        problem = source.problem
        return cls(
            url=source.url,
            period=source.period,
            fetched_at=source.fetched_at,
            changed_at=source.changed_at,
            next_at=source.next_at,
            problem=DocumentProblem(title=problem.title, detail=problem.detail) if problem else None,
        )


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
    pages_done: int
    """How many of its pages, from the first on, are ready to be found; all are found together, once it is active."""
    created_at: datetime
    version: int
    """1, and higher with each replacement."""
    replacement: "DocumentOut | None"
    """New content that takes this one's place once all of it can be found."""
    tags: list[str]
    """In alphabetical order."""
    web_source: WebSourceOut | None
    """The page of the web that it came from; null for a file, and in a replacement."""

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
            pages_done=document.pages_done,
            created_at=document.created_at,
            tags=list(document.tags),
            web_source=WebSourceOut.of(document.web_source) if document.web_source else None,
            version=document.version,
            replacement=cls.of(document.replacement) if document.replacement else None,
        )


class ListingIn(BaseModel):
    """Which documents to list. What is empty leaves nothing out."""

    name: str = Field("", max_length=200)
    """A part of the name."""
    tags: list[str] = Field(default_factory=list, max_length=MOST_TAGS)
    """A document must have all of them."""
    types: list[str] = Field(default_factory=list, max_length=30)
    """Endings of file names such as "pdf", or media types; one of them suffices."""
    stages: list[values.Stage] = Field(default_factory=list)
    """It, or what is to replace it, is at one of them."""
    offset: int = Field(0, ge=0)
    limit: int = Field(50, ge=1, le=200)

    def values(self) -> values.Listing:
        return values.Listing(
            name=self.name,
            tags=tuple(self.tags),
            types=tuple(self.types),
            stages=tuple(self.stages),
            offset=self.offset,
            limit=self.limit,
        )


class DocumentPageOut(BaseModel):
    documents: list[DocumentOut]
    total_count: int
    """How many there are on all pages."""
    under_way_count: int
    """How many of the whole vault are being taken in or replaced."""

    @classmethod
    def of(cls, page: values.DocumentPage) -> "DocumentPageOut":
        return cls(
            documents=[DocumentOut.of(document) for document in page.documents],
            total_count=page.total_count,
            under_way_count=page.under_way_count,
        )


class TagCount(BaseModel):
    tag: str
    document_count: int


class TypeCount(BaseModel):
    media_type: str
    document_count: int


class ContentsOut(BaseModel):
    """What a vault's documents can be told apart by."""

    tags: list[TagCount]
    """In alphabetical order."""
    types: list[TypeCount]
    """The most frequent first."""

    @classmethod
    def of(cls, contents: values.Contents) -> "ContentsOut":
        return cls(
            tags=[TagCount(tag=tag, document_count=count) for tag, count in contents.tags.items()],
            types=[
                TypeCount(media_type=kind, document_count=count) for kind, count in contents.types.items()
            ],
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


class DocumentChange(BaseModel):
    tags: list[Annotated[str, Field(min_length=1, max_length=60)]] | None = Field(None, max_length=MOST_TAGS)
    """All the tags it is to have; null leaves them as they are."""
