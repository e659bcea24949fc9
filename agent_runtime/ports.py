"""What a run needs from the world, in the runtime's own words. Protocols and frozen values only."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from sqlalchemy.ext.asyncio import AsyncConnection

from agent_runtime.events import RunFinished
from agent_runtime.limits import Meter


@dataclass(frozen=True)
class Ranks:
    """The place, counted from 1, that each stage of the search gave a passage; None where it did not find it."""

    keyword: int | None = None
    vector: int | None = None
    fused: int | None = None
    rerank: int | None = None


@dataclass(frozen=True)
class PageSpan:
    """Where one page lies in a document's text."""

    number: int
    """Counted from 1."""
    start: int
    end: int
    """Character offsets into the document's text, the end excluded."""


@dataclass(frozen=True)
class Passage:
    """A stretch of a document as found for a question. `document_text[start:end] == text`."""

    passage_id: str
    vault_id: str
    document_id: str
    document: str
    """The document's name, as its owner sees it."""
    text: str
    start: int
    end: int
    """Character offsets into the document's parsed text, the end excluded."""
    page: int | None = None
    """The page on which the passage begins, counted from 1; None for documents without pages."""
    pages: tuple[PageSpan, ...] = ()
    """The pages the passage touches, so that a quote from its second page names the second page."""
    score: float = 0.0
    """How well it fits, higher is better; comparable within one search only."""
    ranks: Ranks = Ranks()
    heading: str = ""
    """The headings above it, outermost first, joined by " > "; empty where the document has none."""


@dataclass(frozen=True)
class Filters:
    """Which documents a search looks at. What is empty or None leaves nothing out."""

    tags: tuple[str, ...] = ()
    """A document must have all of them."""
    types: tuple[str, ...] = ()
    """Endings of file names such as "pdf"; one of them suffices."""
    documents: tuple[str, ...] = ()
    """Ids, or names as their owner sees them; one of them suffices."""
    added_after: date | None = None
    """Added on this day, UTC, or later."""
    added_before: date | None = None
    """Added before this day, UTC, began."""


NO_FILTERS = Filters()


@dataclass(frozen=True)
class NotReadyDocument:
    """A document that a search could not look at."""

    document_id: str
    document: str
    """Its name, as its owner sees it."""
    stage: Literal["waiting", "reading", "preparing", "failed", "stopped"]
    """Not begun; its text is being read; its text is being made findable; it could not be read; somebody stopped it."""
    reason: str = ""
    """Why it failed, in a few words."""


@dataclass(frozen=True)
class NotReady:
    """The documents of one vault that a search could not look at."""

    vault_id: str
    count: int
    documents: tuple[NotReadyDocument, ...] = ()
    """The first of them."""


@dataclass(frozen=True)
class Found:
    """What a search found, and whether it bears on the question."""

    passages: tuple[Passage, ...]
    """Best first; what comes nearest also when it is not relevant."""
    is_relevant: bool = True
    why: str = ""
    """In a plain sentence; for the trace."""
    measured: Mapping[str, float] = field(default_factory=dict)
    """The numbers that decided; for the trace."""
    reranking: Literal["none", "off", "done", "failed", "timed_out"] = "none"
    """Whether a reranker made the order: there is none; not asked for; it did; it failed or took too long, so that the
    search kept its own."""
    not_ready: tuple[NotReady, ...] = ()
    """What the search could not look at, vault by vault; an answer says so."""


class Retriever(Protocol):
    """Searches what this run may read, and nothing else."""

    async def search(
        self,
        question: str,
        *,
        vaults: Collection[str],
        limit: int,
        filters: Filters = NO_FILTERS,
        rerank: bool = True,
    ) -> Found:
        """Return at most `limit` passages of the documents in these vaults that the filters let through.

        `rerank`: in the order of the reranker, where there is one; without one it says nothing.

        Raises:
            RetrievalFailed: the knowledge could not be reached, or a vault is gone; the message says which.
        """


Vectors: TypeAlias = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors whose dot product says how alike they are."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """`(len(texts), dimension)`, float32, rows of length 1, in the order given.

        All texts are of one sort (sentences to compare with each other), so no query prefix is meant.

        Raises:
            SupportCheckFailed: the embedder did not answer.
        """


@dataclass(frozen=True)
class ChatMessage:
    """One turn of the conversation handed to a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the model should write. The same values give the same text on the same model."""

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    repeat_penalty: float = 1.0
    """1 is none; small models that circle need about 1.1. Servers that do not know it ignore it."""
    seed: int = 7
    stop: tuple[str, ...] = ()
    """Texts at which the model stops; they are not part of what it returns."""
    shape: Mapping[str, Any] | None = None
    """The JSON schema that the reply is to obey, one that `shape.read` gave. Models enforce it with a grammar; the
    last piece may be missing when `max_tokens` cut it short."""
    prefix_scope: str = ""
    """Who asks through what. A model may keep what it worked out of the beginning of a prompt for the next prompt of
    the same scope, which is then read faster; never for another scope, where the time would tell what was asked
    before. Empty: nothing is kept."""


@dataclass(frozen=True)
class Waiting:
    """Others are answered first. A reply may begin with some of these."""

    ahead: int
    """How many replies are begun or finished before this one; 0 once it is its turn."""


@dataclass(frozen=True)
class TextDelta:
    """A piece of what the model writes, in order; never empty."""

    text: str


@dataclass(frozen=True)
class ReplyEnd:
    """The last thing a reply yields."""

    prompt_tokens: int
    completion_tokens: int
    reason: Literal["stop", "length"]
    """`length` when `max_tokens` or the window cut it short."""
    reused_tokens: int = 0
    """How many tokens of the prompt's beginning were known from the one before and were not read again."""


ReplyPart: TypeAlias = Waiting | TextDelta | ReplyEnd


class ChatModel(Protocol):
    """A language model behind one door, in process or on a server.

    Whatever arrives in a message is untrusted: a model must not let text such as `<|im_start|>`
    become a control token.
    """

    @property
    def name(self) -> str:
        """What people call it; shown in the trace of a run."""

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and reply may have together."""

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """How long the rendered prompt is; servers without a tokenizer give a cautious estimate.

        Raises:
            ModelMissing, ModelUnavailable: there is no model that could count.
        """

    def reply(self, messages: Sequence[ChatMessage], sampling: Sampling) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply piece by piece, then one `ReplyEnd`; before it, perhaps, how many are answered first.

        Leaving the iteration, or cancelling the task that runs it, stops the model within a second,
        also while it still reads the prompt.

        Raises:
            ModelMissing: there is no model; the message says how to get one.
            ModelUnavailable: it did not answer, or too many wait for it; repeating may help.
            ModelFailed: it answered with something unusable.
            PromptTooLong: the prompt leaves no room for a reply.
        """


class Models(Protocol):
    """The models of this server, by the names that its operator gave them."""

    async def find(self, name: str) -> ChatModel:
        """The model of that name, for this run.

        Raises:
            ModelMissing: there is none of that name any more; the message says what to do.
        """


@dataclass(frozen=True)
class SecretUse:
    """A stored secret that goes along with a request. The runtime knows its name and never its value."""

    name: str
    place: Literal["bearer", "header", "parameter"] = "bearer"
    """`Authorization: Bearer …`, a header of its own, or a parameter of the address."""
    field: str = ""
    """The name of that header or parameter."""


@dataclass(frozen=True, kw_only=True)
class WebRequest:
    """One request to a server outside. Values were encoded for their places before they came here."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: str
    """Of a web service its whole address; of an MCP server empty: the operator named its address."""
    headers: tuple[tuple[str, str], ...] = ()
    """ASCII without control characters."""
    body: bytes | None = None
    secret: SecretUse | None = None
    timeout_s: float = 10.0
    most_bytes: int = 1_000_000
    """Of the answer's body, unpacked."""
    enough: Callable[[bytes], bool] | None = None
    """Told each piece of the body; True ends the reading, for a server that would never end."""


@dataclass(frozen=True)
class WebAnswer:
    """What the server answered, whatever its status. Where it repeats the secret, that is blotted out."""

    status: int
    headers: Mapping[str, str]
    """By name in small letters."""
    body: bytes


class WebServices(Protocol):
    """Reaches servers of the public web, and nothing else."""

    async def call(self, request: WebRequest) -> WebAnswer:
        """Raises:
        OutsideRefused: the address, what it answers or where the secret would go is not allowed.
        OutsideUnavailable: it did not answer; `sent` says whether it may have acted all the same.
        """


class McpServers(Protocol):
    """Reaches the MCP servers that the operator allowed, by their names, and nothing else."""

    def names(self) -> Sequence[str]: ...

    async def send(self, server: str, request: WebRequest) -> WebAnswer:
        """Raises:
        OutsideRefused, OutsideUnavailable: as of a web service; also where there is no such server.
        """


About: TypeAlias = Literal["conversation", "person"]
"""What something remembered belongs to: the conversation it was said in, or the person, in all of theirs."""


class Memory(Protocol):
    """What this agent remembers of the person who asks. Nobody else's run reaches it, nor another agent's."""

    async def recall(self, name: str, *, about: About) -> str | None:
        """What is remembered under this name; None when nothing is."""

    async def remember(self, name: str, value: str, *, about: About) -> None:
        """Remember a value in place of what was remembered under this name. Doing it again changes nothing.

        Raises:
            MemoryFull: too much is remembered already.
        """

    async def forget(self, name: str, *, about: About) -> None:
        """Nothing is remembered under this name any more; it is no error when nothing was."""


@dataclass(frozen=True, kw_only=True)
class AgentSaid:
    """What another agent answered."""

    name: str
    """What people call it."""
    finished: RunFinished
    charge: int
    """What it costs whoever drew the agent that asked, in the currency's smallest unit, if this run is answered."""
    steps: Sequence[Mapping[str, Any]] = ()
    """How it came to that, for the trace; empty unless who asks drew that agent too."""


class OtherAgents(Protocol):
    """The agents that the one that runs may ask: its author's own, and those that its author has a license for."""

    async def ask(self, agent: str, question: str, *, step_id: str, meter: Meter) -> AgentSaid:
        """Ask an agent by its slug. What it uses counts in `meter`. With a `step_id` that was answered before, also
        before a crash, it gives that answer again and costs nothing more.

        Raises:
            AgentRefused: it may not be asked; the message says why.
            AgentFailed: it did not answer; asking again may help.
            LimitReached: this run may use no more.
        """


@dataclass(frozen=True)
class Tools:
    """What the steps of one run may use. The backend builds it anew for each run."""

    retriever: Retriever
    model: ChatModel
    """The one that steps ask which choose none."""
    embedder: Embedder | None = None
    """Without one the support check rests on shared words alone and quotes more often."""
    known_vaults: frozenset[str] | None = None
    """The vaults this run may read; None leaves the decision to the retriever."""
    models: Models | None = None
    """Those that steps may choose by name; None where there is none but `model`."""
    web: WebServices | None = None
    """Without one, steps that call web services fail with words."""
    mcp: McpServers | None = None
    """The same for tools of MCP servers."""
    memory: Memory | None = None
    """The same for steps that remember."""
    agents: OtherAgents | None = None
    """The same for steps that ask other agents."""


class Database(Protocol):
    """The one SQL database."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection that sees one consistent snapshot."""

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection in a transaction, committed durably at the end of the block. Not reentrant."""


class Sealer(Protocol):
    """Keeps one tenant's bytes unreadable at rest; the context must be the same when they are opened."""

    def seal(self, plaintext: bytes, *context: str | int) -> bytes:
        """Encrypt and authenticate `plaintext`, bound to `context`."""

    def open(self, sealed: bytes, *context: str | int) -> bytes:
        """Undo `seal`; raises when the bytes or the context are not the ones sealed."""
