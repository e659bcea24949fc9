"""Lay passages out for a model, and make them fit its window. What is left out is counted, never hidden."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

from agent_runtime import shape
from agent_runtime.errors import PromptTooLong
from agent_runtime.ports import ChatMessage, ChatModel, Passage, Sampling
from agent_runtime.step import Step

TEMPLATE_TOKENS = 16
"""Room for what a chat template may add after counting."""


def list_passages(passages: Sequence[Passage]) -> str:
    """The passages numbered from 1, each with its document's name."""
    return "\n\n".join(
        f"[{number}] {passage.document}\n{passage.text.strip()}" for number, passage in enumerate(passages, 1)
    )


async def ask_for(
    schema: shape.Schema,
    messages: Sequence[ChatMessage],
    step: Step,
    *,
    max_tokens: int,
    temperature: float = 0.0,
    model: ChatModel | None = None,
) -> dict[str, Any]:
    """What the model answers, as JSON of this schema.

    Raises:
        ModelFailed: what it wrote is no such JSON, though a grammar held it: it broke off, or nothing held it.
    """
    sampling = Sampling(max_tokens=max_tokens, temperature=temperature, shape=schema)
    async with aclosing(step.ask(messages, sampling, model=model)) as pieces:
        written = "".join([piece async for piece in pieces])
    step.detail["written"] = written
    return shape.parse(written, schema)


async def fit_passages(
    messages_with: Callable[[int], list[ChatMessage]], count: int, model: ChatModel, *, reserve: int
) -> tuple[list[ChatMessage], int]:
    """The messages with as many of the best passages as leave `reserve` tokens free, and how many those are.

    Raises:
        PromptTooLong: it does not fit even without any passage.
    """
    window = model.context_tokens - reserve - TEMPLATE_TOKENS
    for used in range(count, -1, -1):
        messages = messages_with(used)
        tokens = await model.count_tokens(messages)
        if tokens <= window:
            return messages, used
    raise PromptTooLong(prompt_tokens=tokens, window_tokens=max(0, window))
