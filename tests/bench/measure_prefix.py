"""What keeping the beginning of a prompt gains: three steps of one agent over the same passages, read anew or not.

`python -m tests.bench.measure_prefix`. The same prompts in the same run, first anew and then with what was kept.
"""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.ports import ChatMessage, ReplyEnd, Sampling
from backend.settings import Settings

TEXT = Path(__file__).resolve().parent.parent.parent / "docs" / "decisions" / "answers-from-passages.md"
STEPS = ("Who decides?", "What is quoted?", "Name a number.")


async def main() -> None:
    model = LlamaCppModel(Settings().llm, threads=1)
    await model.warm()
    text = TEXT.read_text(encoding="utf-8")[:1_200]
    took = {"": 0.0, "ada/agent": 0.0}
    reused = tokens = 0
    for scope in took:
        await _ask(model, text, "Begin.", scope)
        for step in STEPS:
            seconds, end = await _ask(model, text, step, scope)
            took[scope] += seconds
            if scope:
                reused, tokens = reused + end.reused_tokens, tokens + end.prompt_tokens
    model.close()
    anew, kept = took.values()
    print(
        f"{len(STEPS)} replies of 8 tokens: {anew:.2f} s anew, {kept:.2f} s with what was kept: {anew / kept:.1f}x"
    )
    print(f"{reused} of {tokens} tokens of the prompts were known")


async def _ask(model: LlamaCppModel, text: str, step: str, scope: str) -> tuple[float, ReplyEnd]:
    messages = [ChatMessage("system", f"Answer from this text.\n{text}"), ChatMessage("user", step)]
    began = time.perf_counter()
    parts = [
        part async for part in model.reply(messages, replace(Sampling(max_tokens=8), prefix_scope=scope))
    ]
    assert isinstance(parts[-1], ReplyEnd)
    return time.perf_counter() - began, parts[-1]


if __name__ == "__main__":
    asyncio.run(main())
