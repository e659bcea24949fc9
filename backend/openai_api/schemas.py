"""Shapes of the OpenAI chat completions API, with what Qanat adds: citations, charge and proof.

Fields that steer sampling are accepted and passed over: an agent decides how its model is asked.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime.events import AnswerSentence, LeftOut, NotReady
from backend.errors import Invalid


class TextPart(BaseModel):
    type: str
    text: str = ""


class MessageIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    role: str
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class CompletionIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    model: str
    """The agent's slug; `slug@3` pins a version."""
    messages: list[MessageIn] = Field(min_length=1)
    stream: bool = False

    @property
    def question(self) -> str:
        """What is asked: the last message of the user. Raises Invalid when there is none."""
        for message in reversed(self.messages):
            if message.role == "user" and message.text.strip():
                return message.text.strip()
        raise Invalid("The messages hold no question: add one with role `user`.")


class CitationOut(BaseModel):
    number: int
    """As it stands in the text: [1] is number 1."""
    document: str
    document_id: str | None = None
    page: int | None
    """From 1; `None` where the document has no pages."""
    start: int
    end: int
    """Characters of the document's text: `text[start:end] == quote`."""
    quote: str


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    charge: int
    """In the currency's smallest unit."""


class AssistantMessage(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str


class Choice(BaseModel):
    index: int = 0
    message: AssistantMessage
    finish_reason: str = "stop"


class CompletionOut(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    citations: list[CitationOut]
    found: bool = True
    """False where the answer says that nothing was found."""
    sentences: list[AnswerSentence]
    """Each sentence of the answer with the citations it rests on; `supported` is false where none bears it out."""
    not_ready: NotReady
    """What was not searched since it was not ready; names only for the vaults' owner."""
    left_out: LeftOut
    """Passages that did not fit into the model's window; names only for the vaults' owner."""
    proof_id: str | None
    """The proof of this use: `GET /api/proofs/{proof_id}`."""


class ModelOut(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[ModelOut]


def chunk(
    completion_id: str, created: int, model: str, delta: dict[str, Any], finish: str | None = None
) -> dict[str, Any]:
    """One piece of a streamed completion."""
    return {
        "id": completion_id,
        "object": "chat.completion.chunk",
        "created": created,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
