"""The shapes that models have in HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from backend.models.service import RegisteredModel


class ModelChoiceOut(BaseModel):
    """What everybody who draws an agent may know of a model."""

    name: str
    """What steps call it."""
    kind: Literal["built-in", "file", "server"]
    title: str
    context_tokens: int
    """The most tokens that prompt and reply have together."""
    is_default: bool
    """Whether steps ask it that choose no model."""
    is_usable: bool

    @classmethod
    def of(cls, model: RegisteredModel) -> "ModelChoiceOut":
        return cls(
            name=model.name,
            kind=model.kind,
            title=model.title,
            context_tokens=model.context_tokens,
            is_default=model.is_default,
            is_usable=model.problem is None,
        )


class RegisteredModelOut(ModelChoiceOut):
    """What the operator may know besides. A secret is told to nobody."""

    size_bytes: int
    at_once: int
    problem: str | None
    path: str | None
    url: str | None
    is_private: bool
    has_secret: bool
    created_at: datetime | None

    @classmethod
    def of(cls, model: RegisteredModel) -> "RegisteredModelOut":
        return cls(
            **ModelChoiceOut.of(model).model_dump(),
            size_bytes=model.size_bytes,
            at_once=model.at_once,
            problem=model.problem,
            path=model.path,
            url=model.url,
            is_private=model.is_private,
            has_secret=model.has_secret,
            created_at=model.created_at,
        )


class ModelPathIn(BaseModel):
    name: str = Field(max_length=64)
    path: str = Field(max_length=4_000)
    """Of a GGUF file on the server."""
    context_tokens: int | None = Field(None, ge=512, le=1_000_000)


class ModelServerChange(BaseModel):
    url: str = Field(max_length=2_000)
    """Ends before `/chat/completions`."""
    model: str = Field(max_length=200)
    """The model's name at that server."""
    secret: SecretStr | None = Field(None, max_length=4_000)
    """Told to nobody after this."""
    is_private: bool = False
    """Whether the server is on this machine or in one's own network; without, only the public web is reached."""
    context_tokens: int = Field(8_192, ge=512, le=10_000_000)
    at_once: int = Field(8, ge=1, le=256)
    """Replies that it is asked for at one time; others wait their turn."""


class ModelServerIn(ModelServerChange):
    name: str = Field(max_length=64)


class TriedOut(BaseModel):
    text: str
    took_ms: int
