"""Chats with published agents. The question is kept before anything runs; the answer with its charge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.principal import Principal
from backend.agents.service import Agents
from backend.agents.store import Agent
from backend.chats import store
from backend.chats.store import Chat, Message
from backend.clock import Clock
from backend.database import Database
from backend.errors import Invalid, NotFound
from backend.runs.beside import Beside
from backend.runs.handle import Answered, RunFailed, RunHandle
from backend.runs.service import Runs
from backend.sealed import Sealer, SealerFor, open_json, seal_json

TITLE_CHARACTERS = 80
BESIDE = "chat"
"""The name under which answers are kept beside runs; it is stored with them."""


def chat_of(beside: Beside | None) -> str | None:
    """The chat that a run belongs to; None for one outside of chats."""
    return beside.facts["chat"] if beside and beside.keeper == BESIDE else None


@dataclass(frozen=True)
class OpenMessage:
    message: Message
    content: dict[str, Any]


@dataclass(frozen=True)
class OpenChat:
    chat: Chat
    title: str
    agent: Agent | None
    """`None` when its author took it away."""
    messages: Sequence[OpenMessage]


class Chats:
    """Every method takes who asks; somebody else's chat is not found."""

    def __init__(
        self, database: Database, clock: Clock, agents: Agents, runs: Runs, *, sealer_for: SealerFor
    ) -> None:
        self._database = database
        self._clock = clock
        self._agents = agents
        self._runs = runs
        self._sealer_for = sealer_for
        runs.keep_beside(BESIDE, self)

    async def start(self) -> None:
        """Say of the answers whose runs did not go on after a crash that they failed."""
        async with self._database.writing() as connection:
            await store.fail_without_run(connection)

    async def create(self, principal: Principal, slug: str) -> OpenChat:
        """A new chat with the newest version of an agent, on which it stays. Raises NotFound."""
        agent, version = await self._agents.get_published(slug)
        chat_id, now = uuid4().hex, self._clock.now()
        sealer = await self._sealer_for(principal.tenant_id)
        chat = Chat(
            id=chat_id,
            user_id=principal.user.id,
            agent_id=agent.id,
            version_id=version.id,
            title=seal_json(sealer, "", "chat-title", chat_id),
            created_at=now,
            updated_at=now,
        )
        async with self._database.writing() as connection:
            await store.add_chat(connection, chat)
        return OpenChat(chat, "", agent, [])

    async def list_chats(self, principal: Principal) -> list[OpenChat]:
        """Without their messages, the latest first."""
        async with self._database.reading() as connection:
            chats = await store.list_chats(connection, principal.user.id)
        return [await self._open(principal, chat, []) for chat in chats]

    async def get(self, principal: Principal, chat_id: str) -> OpenChat:
        """With its messages. Raises NotFound."""
        chat = await self._own(principal, chat_id)
        async with self._database.reading() as connection:
            messages = await store.list_messages(connection, chat_id)
        return await self._open(principal, chat, messages)

    async def delete(self, principal: Principal, chat_id: str) -> None:
        async with self._database.writing() as connection:
            if not await store.delete_chat(connection, user_id=principal.user.id, chat_id=chat_id):
                raise NotFound("There is no such chat among yours.")

    async def ask(
        self, principal: Principal, chat_id: str, question: str, *, idempotency_key: str | None
    ) -> RunHandle:
        """Ask in a chat. Raises what `Runs.ask` raises; then nothing was kept and the question can be sent again."""
        chat = await self._own(principal, chat_id)
        agent = await self._agents.get_by_id(chat.agent_id)
        if agent.slug is None:
            raise NotFound("This agent is not published any more.")
        question = question.strip()
        if not question:
            raise Invalid("Write a question first.")
        return await self._runs.ask(
            principal,
            slug=agent.slug,
            question=question,
            idempotency_key=idempotency_key,
            version_id=chat.version_id,
            beside=Beside(BESIDE, {"chat": chat_id, "answer": uuid4().hex}),
        )

    # As the keeper beside runs

    async def begin(
        self,
        connection: AsyncConnection,
        sealer: Sealer,
        facts: Mapping[str, str],
        *,
        run_id: str,
        question: str,
    ) -> None:
        chat_id, answer_id = facts["chat"], facts["answer"]
        position, now, question_id = (
            await store.next_position(connection, chat_id),
            self._clock.now(),
            uuid4().hex,
        )
        for message_id, role, status, content in (
            (question_id, "user", "done", {"text": question}),
            (answer_id, "assistant", "running", {"text": ""}),
        ):
            await store.add_message(
                connection,
                Message(
                    id=message_id,
                    chat_id=chat_id,
                    position=position,
                    role=role,
                    status=status,
                    content=seal_json(sealer, content, "message", chat_id, message_id),
                    run_id=run_id if role == "assistant" else None,
                    created_at=now,
                ),
            )
            position += 1
        if position == 2:
            title = " ".join(question.split())[:TITLE_CHARACTERS]
            await store.set_title(connection, chat_id, seal_json(sealer, title, "chat-title", chat_id))

    async def wait(self, connection: AsyncConnection, sealer: Sealer, facts: Mapping[str, str]) -> None:
        await store.set_status(connection, facts["answer"], "waiting")

    async def go_on(self, connection: AsyncConnection, sealer: Sealer, facts: Mapping[str, str]) -> None:
        await store.set_status(connection, facts["answer"], "running")

    async def finish(
        self,
        connection: AsyncConnection,
        sealer: Sealer,
        facts: Mapping[str, str],
        outcome: Answered | RunFailed,
    ) -> None:
        status, content = _content(outcome)
        sealed = seal_json(sealer, content, "message", facts["chat"], facts["answer"])
        await store.finish_message(connection, facts["answer"], status=status, content=sealed)

    async def _own(self, principal: Principal, chat_id: str) -> Chat:
        async with self._database.reading() as connection:
            chat = await store.find_chat(connection, user_id=principal.user.id, chat_id=chat_id)
        if chat is None:
            raise NotFound("There is no such chat among yours.")
        return chat

    async def _open(self, principal: Principal, chat: Chat, messages: Sequence[Message]) -> OpenChat:
        sealer = await self._sealer_for(principal.tenant_id)
        try:
            agent: Agent | None = await self._agents.get_by_id(chat.agent_id)
        except NotFound:
            agent = None
        return OpenChat(
            chat=chat,
            title=open_json(sealer, chat.title, "chat-title", chat.id),
            agent=agent,
            messages=[
                OpenMessage(message, open_json(sealer, message.content, "message", chat.id, message.id))
                for message in messages
            ],
        )


def _content(outcome: Answered | RunFailed) -> tuple[str, dict[str, Any]]:
    """`(status, content)` of the answer's message."""
    if isinstance(outcome, RunFailed):
        status = "cancelled" if outcome.code == "cancelled" else "failed"
        return status, {"text": outcome.detail}
    return "done", {
        "text": outcome.answer,
        "citations": outcome.citations,
        "sentences": outcome.sentences,
        "not_ready": outcome.not_ready,
        "left_out": outcome.left_out,
        "charge": outcome.charge,
        "proof_id": outcome.proof_id,
    }
