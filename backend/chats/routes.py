"""HTTP for chats."""

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from agent_runtime.events import LeftOut, NotReady
from backend.accounts.principal import SignedIn
from backend.chats.schemas import ChatIn, ChatOut, ChatSummary, MessageOut, QuestionIn
from backend.chats.service import OpenChat, OpenMessage
from backend.responses import errors
from backend.runs.streaming import follow
from backend.services import ServicesDep
from backend.sse import stream

router = APIRouter(prefix="/api/chats", tags=["chats"])


def _summary(chat: OpenChat) -> ChatSummary:
    return ChatSummary(
        id=chat.chat.id,
        slug=chat.agent.slug if chat.agent else None,
        agent_name=chat.agent.name if chat.agent else "An agent that was taken away",
        title=chat.title,
        created_at=chat.chat.created_at,
        updated_at=chat.chat.updated_at,
    )


def _message(opened: OpenMessage) -> MessageOut:
    message, content = opened.message, opened.content
    return MessageOut(
        id=message.id,
        role=message.role,
        status=message.status,
        content=content["text"],
        citations=content.get("citations", []),
        sentences=content.get("sentences", []),
        not_ready=content.get("not_ready", NotReady()),
        left_out=content.get("left_out", LeftOut()),
        run_id=message.run_id,
        charge=content.get("charge", 0),
        proof_id=content.get("proof_id"),
        created_at=message.created_at,
    )


def _chat(chat: OpenChat) -> ChatOut:
    return ChatOut(**_summary(chat).model_dump(), messages=[_message(message) for message in chat.messages])


@router.get("", responses=errors(401))
async def list_chats(principal: SignedIn, services: ServicesDep) -> list[ChatSummary]:
    """One's chats, the latest first."""
    return [_summary(chat) for chat in await services.chats.list_chats(principal)]


@router.post("", status_code=201, responses=errors(401, 404))
async def create_chat(body: ChatIn, principal: SignedIn, services: ServicesDep) -> ChatOut:
    """A new chat with a published agent."""
    return _chat(await services.chats.create(principal, body.slug))


@router.get("/{chat_id}", responses=errors(401, 404))
async def get_chat(chat_id: str, principal: SignedIn, services: ServicesDep) -> ChatOut:
    """A chat of one's own with its messages."""
    return _chat(await services.chats.get(principal, chat_id))


@router.delete("/{chat_id}", status_code=204, responses=errors(401, 404))
async def delete_chat(chat_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Delete a chat and its messages."""
    await services.chats.delete(principal, chat_id)


@router.post(
    "/{chat_id}/messages",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **errors(401, 402, 404, 409, 422, 503)},
)
async def ask_in_chat(
    chat_id: str,
    body: QuestionIn,
    principal: SignedIn,
    services: ServicesDep,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> StreamingResponse:
    """Ask. The answer streams; leaving the stream stops it and costs nothing."""
    handle = await services.chats.ask(principal, chat_id, body.content, idempotency_key=idempotency_key)
    return stream(follow(handle))
