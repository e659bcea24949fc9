"""What a node's behaviour may reach while it runs: the run's question, its tools, its meter, its voice."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from agent_runtime.limits import Meter
from agent_runtime.not_ready import Unsearched
from agent_runtime.ports import ChatMessage, Sampling, TextDelta, Tools

RETRY_TEMPERATURE = 0.4


@dataclass
class Step:
    """One node's turn in one run."""

    node_id: str
    question: str
    """What the person asked, whichever edge led here."""
    tools: Tools
    meter: Meter
    speak: Callable[[str], None] = lambda text: None
    """Show a piece of the answer at once; silent unless this node's output is the run's answer."""
    step_id: str = ""
    """The run, the node and which visit of it: the same when the step is tried again, also after a crash. What acts on
    the world outside passes it along, so that it acts once."""
    unsearched: Unsearched = field(default_factory=Unsearched)
    """Where a search notes what it could not look at."""
    attempt: int = 1
    """Which try of this step it is. A model is asked somewhat differently from the second on, so that it may do
    better: what it wrote at temperature 0 it would only write again."""
    detail: dict[str, Any] = field(default_factory=dict)
    """JSON-ready facts for the trace, filled by the behaviour."""

    async def ask(self, messages: Sequence[ChatMessage], sampling: Sampling) -> AsyncGenerator[str, None]:
        """Yield what the model writes, counted against the run's limits.

        Raises:
            LimitReached: the run has no tokens left for this.
            ModelError: see `ChatModel.reply`.
        """
        model = self.tools.model
        prompt_tokens = await model.count_tokens(messages)
        self.meter.count_prompt(prompt_tokens)
        room = min(sampling.max_tokens, self.meter.tokens_left)
        asked = replace(sampling, max_tokens=room)
        if self.attempt > 1:
            freer = max(sampling.temperature, RETRY_TEMPERATURE)
            asked = replace(asked, seed=sampling.seed + self.attempt - 1, temperature=freer)
        pieces = 0
        try:
            async with aclosing(model.reply(messages, asked)) as parts:
                async for part in parts:
                    if isinstance(part, TextDelta):
                        pieces += 1
                        yield part.text
                    else:
                        self.meter.correct_prompt(part.prompt_tokens - prompt_tokens)
                        pieces = part.completion_tokens
        finally:  # also when the step has read enough and leaves early: then pieces stand for tokens
            self.meter.count_completion(pieces)
