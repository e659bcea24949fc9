"""A model that several people use: each reply waits its turn, and what one asked is no help to another."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from agent_runtime.models.line import FairLine
from agent_runtime.ports import ChatMessage, ChatModel, ReplyPart, Sampling, Waiting


@dataclass(frozen=True)
class ModelInLine:
    """A `ChatModel` as one person's run sees it."""

    model: ChatModel
    line: FairLine
    """The one line before this model, shared by all who use it."""
    person: str
    prefix_scope: str
    """See `Sampling.prefix_scope`: this person and this agent."""

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def context_tokens(self) -> int:
        return self.model.context_tokens

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return await self.model.count_tokens(messages)

    async def reply(
        self, messages: Sequence[ChatMessage], sampling: Sampling
    ) -> AsyncGenerator[ReplyPart, None]:
        turn = self.line.join(self.person)
        try:
            async for ahead in turn.places():
                yield Waiting(ahead)
            own = replace(sampling, prefix_scope=self.prefix_scope)
            async with aclosing(self.model.reply(messages, own)) as parts:
                async for part in parts:
                    yield part
        finally:
            turn.leave()
