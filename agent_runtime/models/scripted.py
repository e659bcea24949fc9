"""A model that says what a test tells it to, behind the same port and held to the same suite as the real ones."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from agent_runtime.errors import ModelError, PromptTooLong
from agent_runtime.models import chatml
from agent_runtime.models.stopping import StopWatch
from agent_runtime.ports import ChatMessage, ReplyEnd, ReplyPart, Sampling, TextDelta

_WORD = re.compile(r"\s*\S+|\s+$")


class ScriptedModel:
    """Says its lines in order, the last one again and again. A word is a token."""

    def __init__(
        self,
        lines: Iterable[str | ModelError] | Callable[[str], str] = ("Yes.",),
        *,
        context_tokens: int = 4096,
        pause_s: float = 0.0,
    ) -> None:
        """`lines` are replies, errors to raise instead, or a function from the last message to a reply.

        `pause_s` is waited before each word, so that a reply can be interrupted.
        """
        self._lines = lines if callable(lines) else list(lines)
        self._context_tokens = context_tokens
        self._pause_s = pause_s
        self.asked: list[list[ChatMessage]] = []
        """Every prompt that was put to it, in order."""
        self.words_written = 0

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(piece.text.split()) for piece in chatml.render(messages))

    async def reply(
        self, messages: Sequence[ChatMessage], sampling: Sampling
    ) -> AsyncGenerator[ReplyPart, None]:
        prompt_tokens = await self.count_tokens(messages)
        if prompt_tokens >= self._context_tokens:
            raise PromptTooLong(prompt_tokens=prompt_tokens, window_tokens=self._context_tokens)
        self.asked.append(list(messages))
        line = self._next_line(messages[-1].content)
        if isinstance(line, ModelError):
            raise line
        words = _WORD.findall(line)
        watch = StopWatch((*sampling.stop, *chatml.STOPS))
        room = min(sampling.max_tokens, self._context_tokens - prompt_tokens)
        written = 0
        for word in words[:room]:
            await asyncio.sleep(self._pause_s)
            written += 1
            self.words_written += 1
            if text := watch.pass_on(word):
                yield TextDelta(text)
            if watch.stopped:
                break
        if not watch.stopped and (rest := watch.rest()):
            yield TextDelta(rest)
        ended = watch.stopped or len(words) <= room
        yield ReplyEnd(prompt_tokens, written, "stop" if ended else "length")

    def _next_line(self, last_message: str) -> str | ModelError:
        if callable(self._lines):
            return self._lines(last_message)
        return self._lines[min(len(self.asked), len(self._lines)) - 1]
