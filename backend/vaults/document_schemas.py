"""The shapes that documents have in HTTP: on their way in, in lists, and as they are read."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from knowledge_vault import values


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


class DocumentChange(BaseModel):
    tags: list[Annotated[str, Field(min_length=1, max_length=60)]] | None = Field(None, max_length=30)
    """All the tags it is to have; null leaves them as they are."""
