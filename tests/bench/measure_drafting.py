"""How often the packaged model writes a usable question for a passage: `python -m tests.bench.measure_drafting`.

Passages are the paragraphs of the sample documents. What counts as usable is `agent_runtime.questioning`'s to decide;
the questions are printed, for a person to judge.
"""

import asyncio
import time
from collections import Counter

from agent_runtime.models.llama_cpp import LlamaCppModel
from agent_runtime.questioning import draft
from backend.settings import Settings
from tests.repository.sources import ROOT

LEAST_CHARACTERS = 200


def passages() -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "samples" / "sources").glob("*.md"))]
    return [part for text in texts for part in text.split("\n\n") if len(part) >= LEAST_CHARACTERS]


async def main() -> None:
    settings = Settings()
    model = LlamaCppModel(settings.llm, threads=settings.llm_threads, context_tokens=2048)
    counts: Counter[str] = Counter()
    began = time.monotonic()
    for passage in passages():
        drafted = await draft(passage, model)
        counts[drafted.by if drafted else "none"] += 1
        if drafted:
            print(f"[{drafted.by}] {drafted.question}\n    {drafted.expected} in: {drafted.rests_on[:160]!r}")
    took_s = time.monotonic() - began
    print(dict(counts), f"{took_s / max(1, counts.total()):.1f} s a passage")
    model.close()


if __name__ == "__main__":
    asyncio.run(main())
