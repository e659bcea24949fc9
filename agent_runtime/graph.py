"""The graph that a person draws, as a document: its schema, its digest, and the file it travels in.

Shape only. Whether a graph makes sense is `checks.py`; what a node does is `node_kinds/`.
"""

import hashlib
import json
import math
from typing import Annotated, Any, Literal, NewType, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    field_validator,
    model_serializer,
)

from agent_runtime.errors import GraphUnreadable

GRAPH_SCHEMA = "qanat/agent-graph@1"
FILE_SCHEMA = "qanat/agent-file@1"
MAX_NODES = 200
MAX_EDGES = 1_000
MAX_DOCUMENT_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_VALUES = 50_000

NodeId = NewType("NodeId", str)
Digest = NewType("Digest", str)
Identifier: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""Letters, digits, `-` and `_`, at most 64: safe in addresses, in logs and as names inside the engine."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Position(Part):
    """Where the editor draws a node."""

    x: float = 0.0
    y: float = 0.0

    @field_validator("x", "y")
    @classmethod
    def _finite(cls, value: float) -> float:
        if not math.isfinite(value) or abs(value) > 1e7:
            raise ValueError("a position must be a number of at most ten million")
        return value


class OnError(Part):
    """What becomes of a node that fails. As it stands here the run ends, as every run did before there was a choice."""

    retries: int = Field(0, ge=0, le=5)
    """How often it is tried again after the first time."""
    pause_s: float = Field(1.0, ge=0.0, le=60.0, allow_inf_nan=False)
    """Seconds before each of those."""
    then: Literal["fail", "default", "branch"] = "fail"
    """When all of that was in vain: the run ends, `default` is handed on, or the output `error` is taken."""
    default: Annotated[str, StringConstraints(max_length=8_000)] = ""


NO_PLAN = OnError()


class Node(Part):
    id: Identifier
    kind: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    version: int = Field(1, ge=1, le=1_000)
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    on_error: OnError = NO_PLAN
    time_limit_s: float | None = Field(None, ge=0.1, le=3_600.0, allow_inf_nan=False)
    """The most seconds that one try may take; None leaves that to the run's own limit."""
    parent: Identifier | None = None
    """The node that it is drawn inside, whose steps it is one of; None for most."""
    position: Position = Position()
    """Within the parent, where there is one."""

    @model_serializer(mode="wrap")
    def _without_what_is_newer(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what older graphs do not have, so that their digests stay as they were."""
        written: dict[str, Any] = write(self)
        if self.on_error == NO_PLAN:
            del written["on_error"]
        if self.time_limit_s is None:
            del written["time_limit_s"]
        if self.parent is None:
            del written["parent"]
        return written


class SocketRef(Part):
    node: Identifier
    socket: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Edge(Part):
    id: Identifier
    source: SocketRef
    target: SocketRef


class Graph(Part):
    """Nodes and edges. Frozen once read; equal documents have equal digests."""

    schema_: Literal["qanat/agent-graph@1"] = Field("qanat/agent-graph@1", alias="schema")
    nodes: list[Node] = Field(default_factory=list)
    edges: list[Edge] = Field(default_factory=list)

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)

    def document(self) -> dict[str, Any]:
        """The graph as the JSON document it came from, every default written out."""
        return self.model_dump(mode="json", by_alias=True)

    def digest(self) -> Digest:
        """SHA-256, in hexadecimal, of the canonical JSON of the whole document."""
        return Digest(hashlib.sha256(canonical_json(self.document())).hexdigest())


class AgentFile(Part):
    """An agent as it travels between people: `*.agent.json`. Reading one has no effects."""

    schema_: Literal["qanat/agent-file@1"] = Field("qanat/agent-file@1", alias="schema")
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    description: Annotated[str, StringConstraints(max_length=2_000)] = ""
    graph: Graph

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)

    def document(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


class Problem(Part):
    """One thing that keeps a graph from running, in words for the person who drew it."""

    node_id: str | None = None
    edge_id: str | None = None
    code: str
    message: str


def canonical_json(document: Any) -> bytes:
    """Keys sorted, no spaces, UTF-8 as it is: the one way to write a document, so that digests agree.

    Raises:
        GraphUnreadable: it holds a number that is not finite, or text that is not Unicode.
    """
    try:
        text = json.dumps(
            document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise GraphUnreadable(
            "The document holds something that JSON cannot: export it again from the editor."
        ) from error


def read_graph(document: object) -> Graph:
    """Read a decoded JSON document as a graph.

    Raises:
        GraphUnreadable: it is no graph of this version, or too large; the message says where.
    """
    return _read(Graph, document, "graph", GRAPH_SCHEMA)


def read_agent_file(content: bytes | str) -> AgentFile:
    """Read an agent file as it was exported. Nothing is fetched, stored or run.

    Raises:
        GraphUnreadable: it is no agent file of this version, or too large; the message says where.
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise GraphUnreadable(f"The file is larger than an agent can be ({MAX_DOCUMENT_BYTES:,} bytes).")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise GraphUnreadable("The file is not JSON: choose one that ends in .agent.json.") from error
    return read_agent_document(document)


def read_agent_document(document: object) -> AgentFile:
    """Read a decoded agent file, as `read_agent_file`."""
    file = _read(AgentFile, document, "agent file", FILE_SCHEMA)
    for found, most, what in (
        (len(file.graph.nodes), MAX_NODES, "nodes"),
        (len(file.graph.edges), MAX_EDGES, "edges"),
    ):
        if found > most:
            raise GraphUnreadable(
                f"The agent file has {found:,} {what} and an agent at most {most:,}: it was not imported."
            )
    return file


M = TypeVar("M", Graph, AgentFile)


def _read(model: type[M], document: object, what: str, schema: str) -> M:
    if not isinstance(document, dict):
        raise GraphUnreadable(f"This is no {what}: it must be a JSON object.")
    found = document.get("schema")
    if found != schema:
        raise GraphUnreadable(_schema_problem(found, what, schema))
    _bounded(document)
    if len(canonical_json(document)) > MAX_DOCUMENT_BYTES:
        raise GraphUnreadable(f"The {what} is larger than {MAX_DOCUMENT_BYTES:,} bytes: use fewer nodes.")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:200]
        raise GraphUnreadable(f"The {what} cannot be read at {where!r}: {first['msg']}.") from error


def _schema_problem(found: object, what: str, schema: str) -> str:
    family = schema.split("@")[0]
    if isinstance(found, str) and found.startswith(f"{family}@"):
        return (
            f"The {what} has the schema {found[:60]!r} and this server reads {schema!r}: update the server."
        )
    return f'This is no {what}: it must say "schema": "{schema}".'


def _bounded(document: dict[str, Any]) -> None:
    """Refuse what would make later steps deep or slow, before anything walks it by recursion."""
    pending: list[tuple[Any, int]] = [(document, 0)]
    seen = 0
    while pending:
        value, depth = pending.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_VALUES:
            raise GraphUnreadable("The document is nested too deeply or holds too many values to be a graph.")
        if isinstance(value, dict):
            pending.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            pending.extend((item, depth + 1) for item in value)
