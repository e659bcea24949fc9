"""How much one run may use, and the meter that counts it. Knows nothing of models or graphs."""

from dataclasses import dataclass, field

from agent_runtime.errors import LimitReached


@dataclass(frozen=True, kw_only=True)
class RunLimits:
    """The most that one run may use before it is stopped with `LimitReached`."""

    max_steps: int = 200
    """Steps that run; skipped ones do not count."""
    max_tokens: int = 20_000
    """Tokens read and written by models, together."""
    wall_time_s: float = 300.0
    """Seconds from the first event to the last, less those in which it waits in line for a model."""


@dataclass
class Meter:
    """Counts what one run has used so far."""

    limits: RunLimits
    steps: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model_calls: int = 0
    models: list[str] = field(default_factory=list)
    """The models that were asked, by name, in the order in which they were first."""
    within: "Meter | None" = None
    """The meter of the run that this one is a step of: whatever is counted here counts there too."""
    _in_line: int = 0
    _in_line_since: float = 0.0
    _waited_s: float = 0.0

    def join_line(self, now: float) -> None:
        """One of the run's steps waits for others' questions to be answered. `now` in seconds, of any clock."""
        if not self._in_line:
            self._in_line_since = now
        self._in_line += 1
        if self.within:
            self.within.join_line(now)

    def leave_line(self, now: float) -> None:
        self._in_line -= 1
        if not self._in_line:
            self._waited_s += now - self._in_line_since
        if self.within:
            self.within.leave_line(now)

    @property
    def is_in_line(self) -> bool:
        return self._in_line > 0

    def waited_s(self, now: float) -> float:
        """How long the run has waited in line; steps that wait at one time count once."""
        return self._waited_s + (now - self._in_line_since if self._in_line else 0.0)

    @property
    def tokens_left(self) -> int:
        left = max(0, self.limits.max_tokens - self.prompt_tokens - self.completion_tokens)
        return min(left, self.within.tokens_left) if self.within else left

    def count_step(self) -> None:
        """Raises LimitReached when the run has had all its steps."""
        if self.steps >= self.limits.max_steps:
            raise LimitReached(
                "steps", allowed=self.limits.max_steps, advice="Use fewer steps, or ask for a higher limit."
            )
        if self.within:
            self.within.count_step()
        self.steps += 1

    def count_prompt(self, tokens: int) -> None:
        """Raises LimitReached before the model is asked when the prompt alone would go over."""
        if tokens >= self.tokens_left:
            raise LimitReached(
                "tokens",
                allowed=self.limits.max_tokens,
                advice="Let its steps read fewer passages or write shorter answers.",
            )
        if self.within:
            self.within.count_prompt(tokens)
        self.prompt_tokens += tokens
        self.model_calls += 1

    def correct_prompt(self, difference: int) -> None:
        """Put right an estimate, once the model has said how long the prompt was."""
        self.prompt_tokens = max(0, self.prompt_tokens + difference)
        if self.within:
            self.within.correct_prompt(difference)

    def count_completion(self, tokens: int) -> None:
        self.completion_tokens += tokens
        if self.within:
            self.within.count_completion(tokens)

    def count_model(self, name: str) -> None:
        if name not in self.models:
            self.models.append(name)
        if self.within:
            self.within.count_model(name)
