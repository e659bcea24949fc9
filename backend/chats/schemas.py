"""The shapes that chats have in HTTP."""

from datetime import datetime

from pydantic import BaseModel, Field

from agent_runtime.events import AnswerSentence, Citation, LeftOut, NotReady


class ChatIn(BaseModel):
    slug: str


class ChatSummary(BaseModel):
    id: str
    slug: str | None
    """The agent's; `None` when its author took it away."""
    agent_name: str
    title: str
    created_at: datetime
    updated_at: datetime


class MessageOut(BaseModel):
    id: str
    role: str
    """`user` or `assistant`."""
    status: str
    """`done`, `running`, `failed` or `cancelled`."""
    content: str
    citations: list[Citation]
    sentences: list[AnswerSentence]
    not_ready: NotReady
    left_out: LeftOut
    """What was not searched; names only for the vaults' owner."""
    run_id: str | None
    charge: int
    proof_id: str | None
    created_at: datetime


class ChatOut(ChatSummary):
    messages: list[MessageOut]


class QuestionIn(BaseModel):
    content: str = Field(min_length=1, max_length=8000)
