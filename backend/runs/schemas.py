"""The shapes that runs have in HTTP."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from agent_runtime.events import AnswerSentence, Citation, LeftOut, NotReady


class RunOut(BaseModel):
    id: str
    agent_id: str
    version_id: str | None
    state: str
    started_at: datetime
    finished_at: datetime | None
    question: str
    answer: str | None
    citations: list[Citation]
    sentences: list[AnswerSentence]
    not_ready: NotReady
    left_out: LeftOut
    charge: int
    proof_id: str | None
    failure: dict[str, str] | None
    steps: list[dict[str, Any]]
    """What each node took in and gave out; only for agents of one's own."""


class CitedPassage(BaseModel):
    """The words that a citation rests on, within the text around them."""

    document: str
    page: int | None
    text: str
    """The page, or the surroundings where the document has no pages."""
    text_start: int
    """Where `text` begins in the document's text."""
    start: int
    """Where the quote begins in the document's text: `text[start - text_start : end - text_start]`."""
    end: int
    vault_id: str | None
    """Only for the vault's owner, who may open the whole document."""
    document_id: str | None
