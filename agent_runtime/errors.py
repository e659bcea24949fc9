"""Everything the runtime refuses or fails at. The message says what happened and what to do next.

RuntimeFailure                what every error of this package is
├── GraphInvalid              the graph cannot be run as it is drawn; `problems` says where and why
├── GraphUnreadable           the document is no graph of a version that we read, or it is too large
├── RunFailed                 a step went wrong; `code` names the sort
│   ├── RetrievalFailed       the knowledge could not be reached: repeating may help
│   ├── SupportCheckFailed    the answer could not be checked against its passages: repeating may help
│   ├── EmbedderMissing       there is nothing to compare meanings with: an operator must act
│   ├── LimitReached          the run used up its steps, tokens or time
│   ├── PromptTooLong         the prompt does not fit into the model's window
│   ├── StepTimedOut          one step took longer than its builder allows: repeating may help
│   ├── ConditionFailed       a condition could not be worked out with the values that arrived
│   ├── ValueUnfit            a value is not of the type that it is to be kept as
│   ├── ListUnfit             what is to be taken item by item is no list, or too long a one
│   ├── RoundsUsedUp          steps were repeated as often as they may be, in vain
│   ├── MemoryFull            no more can be remembered
│   ├── AgentRefused          another agent may not be asked
│   ├── AgentFailed           another agent did not answer: asking again may help
│   ├── NothingToAnswer       the run ended without reaching an Answer
│   ├── OutsideRefused        a server outside may not be asked this, or what it answered cannot be taken
│   │   └── OutsideAnswerUnfit    it answered something else than was agreed
│   ├── OutsideUnavailable    a server outside did not answer: repeating may help, where it did not act yet
│   │   └── OutsideUnsure         it may have acted all the same, and would act twice: not repeated by itself
│   └── ModelError
│       ├── ModelMissing      there is no model to ask: an operator must act
│       ├── ModelUnavailable  the model did not answer: repeating may help
│       └── ModelFailed       the model answered with something unusable: repeating may help
├── ModelFileUnusable         the file is no model that can be run here
├── CheckpointBroken          where a run had got to cannot be read: it was altered, or is another's
└── ModelDownloadFailed       a model file could not be fetched, or is not what it should be
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from agent_runtime.graph import Problem


class RuntimeFailure(Exception):
    """What every error of this package is. The message may be shown to a person."""

    code: ClassVar[str] = "failed"
    """What `run.failed` carries: one word per sort of error, for programs."""
    can_retry: ClassVar[bool] = False
    """Whether doing the same again may help."""


class GraphInvalid(RuntimeFailure):
    """The graph cannot be run as it is drawn."""

    code = "graph_invalid"

    def __init__(self, problems: "Sequence[Problem]") -> None:
        first = problems[0].message if problems else "It has no steps."
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"This agent cannot run yet: {first}{more}")
        self.problems = tuple(problems)


class GraphUnreadable(RuntimeFailure):
    """The document is no graph of a version that we read, or it is too large."""

    code = "graph_unreadable"


class CheckpointBroken(RuntimeFailure):
    """Where a run had got to cannot be read: it was altered, or belongs to another run."""

    code = "checkpoint_broken"

    def __init__(self) -> None:
        super().__init__(
            "Where this run had got to cannot be read: what was kept of it was changed, or belongs to another run. "
            "Ask again; if it happens again, tell the operator to check the database and restore a backup."
        )


class RunFailed(RuntimeFailure):
    """A step of a run went wrong."""

    code = "step_failed"


class RetrievalFailed(RunFailed):
    """The knowledge could not be reached."""

    code = "retrieval_failed"
    can_retry = True


class SupportCheckFailed(RunFailed):
    """The answer could not be compared with its passages."""

    code = "support_check_failed"
    can_retry = True


class EmbedderMissing(RunFailed):
    """There is nothing to compare meanings with."""

    code = "embedder_missing"


class LimitReached(RunFailed):
    """The run used up its steps, its tokens or its time."""

    code = "limit_reached"

    def __init__(self, limit: str, *, allowed: float, advice: str) -> None:
        super().__init__(f"This run reached its limit of {allowed:g} {limit}. {advice}")
        self.limit, self.allowed = limit, allowed


class InnerLimitReached(LimitReached):
    """An agent that this one asked met a limit, which is one of the run that both are part of."""

    def __init__(self, message: str) -> None:
        RunFailed.__init__(self, message)


class PromptTooLong(RunFailed):
    """The prompt and the room kept for the answer do not fit into the model's window."""

    code = "prompt_too_long"

    def __init__(self, *, prompt_tokens: int, window_tokens: int) -> None:
        super().__init__(
            f"The prompt is {prompt_tokens} tokens long and the model reads at most {window_tokens}. "
            "Shorten the question or the prompt, or let the step read fewer passages."
        )
        self.prompt_tokens, self.window_tokens = prompt_tokens, window_tokens


class StepTimedOut(RunFailed):
    """One step took longer than its builder allows."""

    code = "step_timed_out"
    can_retry = True

    def __init__(self, title: str, *, limit_s: float) -> None:
        super().__init__(
            f"The step “{title}” took longer than the {limit_s:g} seconds that it may. "
            "Ask again, or let its builder allow more."
        )
        self.limit_s = limit_s


class ConditionFailed(RunFailed):
    """A condition could not be worked out with the values that arrived."""

    code = "condition_failed"


class ValueUnfit(RunFailed):
    """A value is not of the type that it is to be kept as."""

    code = "value_unfit"


class ListUnfit(RunFailed):
    """What is to be taken item by item is no list, or too long a one."""

    code = "list_unfit"


class RoundsUsedUp(RunFailed):
    """Steps were repeated as often as they may be, and what they were repeated for did not come about."""

    code = "rounds_used_up"


class MemoryFull(RunFailed):
    """No more can be remembered."""

    code = "memory_full"


class AgentRefused(RunFailed):
    """Another agent may not be asked."""

    code = "agent_refused"


class AgentFailed(RunFailed):
    """Another agent was asked and did not answer."""

    code = "agent_failed"
    can_retry = True


class NothingToAnswer(RunFailed):
    """The run ended without reaching an Answer."""

    code = "nothing_to_answer"


class OutsideRefused(RunFailed):
    """A server outside may not be asked this, or what it answered cannot be taken."""

    code = "outside_refused"


class OutsideAnswerUnfit(OutsideRefused):
    """A server outside answered something else than was agreed."""

    code = "outside_answer_unfit"


class OutsideUnavailable(RunFailed):
    """A server outside did not answer, or says that it cannot now."""

    code = "outside_unavailable"
    can_retry = True

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent
        """Whether the request may have arrived."""


class OutsideUnsure(OutsideUnavailable):
    """A server outside may have acted although it did not say so, and would act twice if it were asked again."""

    code = "outside_unsure"
    can_retry = False


class ModelError(RunFailed):
    """The language model could not do its part."""

    code = "model_failed"


class ModelMissing(ModelError):
    """There is no model to ask: the operator must provide one."""

    code = "model_missing"


class ModelUnavailable(ModelError):
    """The model did not answer."""

    code = "model_unavailable"
    can_retry = True


class ModelFailed(ModelError):
    """The model answered with something unusable."""

    can_retry = True


class ModelFileUnusable(RuntimeFailure):
    """The file is no model that can be run here."""

    code = "model_file_unusable"

    def __init__(self, name: str, *, reason: str, advice: str = "Choose another file.") -> None:
        super().__init__(f"The file {name!r} cannot be used as a model: {reason}. {advice}")
        self.name, self.reason = name, reason


class ModelDownloadFailed(RuntimeFailure):
    """A model file could not be fetched, or is not the file it should be."""

    code = "model_download_failed"
    can_retry = True
