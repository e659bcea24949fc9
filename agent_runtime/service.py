"""The runtime's door: check a graph, describe the palette, run a graph. Holds no state of its own.

It stays away from who may ask and what it costs; permission comes in as `Tools`, facts go out as events.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent_runtime import (
    calls,
    checks,
    differences,
    migrations,
    node_kinds,
    questioning,
    runner,
    shape,
    support,
    templates,
)
from agent_runtime.calls import Call
from agent_runtime.differences import Difference
from agent_runtime.earlier import NOTHING, Earlier
from agent_runtime.events import Event
from agent_runtime.graph import Digest, Graph, Node, Position, Problem, read_graph
from agent_runtime.limits import Meter, RunLimits
from agent_runtime.node_kinds.declare import ERROR, Socket
from agent_runtime.people import PersonSaid
from agent_runtime.ports import ChatModel, Embedder, Tools
from agent_runtime.questioning import Drafted
from agent_runtime.starters import Starter

if TYPE_CHECKING:
    from agent_runtime.checkpoints import SealedCheckpoints


def check(
    document: object, *, vaults: Collection[str] | None = None, models: Collection[str] | None = None
) -> list[Problem]:
    """What keeps this graph from running, in the order of its nodes; empty when it can run.

    `document` is a `Graph` or any decoded JSON, however broken: this never raises.
    `vaults` are the ids that its owner may use, `models` the names of the server's models; None leaves them unchecked.
    """
    return checks.check(document, vaults=vaults, models=models)


def digest(document: Graph | dict[str, Any]) -> Digest:
    """The address of a graph: SHA-256 of its canonical JSON.

    Raises:
        GraphUnreadable: the document is no graph.
    """
    return (document if isinstance(document, Graph) else read_graph(document)).digest()


def describe_node_kinds() -> list[dict[str, Any]]:
    """The palette as JSON: what the editor draws its forms and sockets from."""
    return node_kinds.describe()


def migrate_draft(document: dict[str, Any]) -> dict[str, Any]:
    """A draft, valid or not, with its nodes brought up to the versions of today's palette."""
    return migrations.migrate_document(document)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """What became of one graph document in another, valid or not, in words."""
    return differences.compare(before, after)


def migrate(graph: Graph) -> Graph:
    """The graph with its nodes brought up to the versions of today's palette."""
    return migrations.migrate(graph)


def calls_of(graph: Graph) -> list[Call]:
    """The other agents that a graph asks, and how often it may in one run."""
    return calls.calls_of(graph)


def asks_people(graph: Graph) -> bool:
    """Whether a run of it may wait for a person."""
    return calls.asks_people(graph)


def outputs_of(node: Node) -> Sequence[Socket]:
    """Where something can come out of this node, the output for its failures among them."""
    kind = node_kinds.ALL[node.kind]
    sockets = kind.outputs_with(node.settings)
    return (*sockets, ERROR) if node.on_error.then == "branch" else sockets


def behaviour(graph: Graph | dict[str, Any]) -> Digest:
    """The address of what a graph does: equal for graphs that differ in names, places and notes only.

    Raises:
        GraphUnreadable: the document is no graph.
    """
    drawn = migrations.migrate(graph if isinstance(graph, Graph) else read_graph(graph))
    nodes = [
        node.model_copy(update={"position": Position(), "title": ""})
        for node in drawn.nodes
        if (kind := node_kinds.find(node.kind)) is None or kind.runs
    ]
    return drawn.model_copy(update={"nodes": nodes}).digest()


def read_shape(text: str) -> shape.Schema:
    """The JSON schema in a text. Raises ValueError with what is wrong with it, for a person."""
    return shape.read(text)


def parse_shape(reply: str, schema: shape.Schema) -> dict[str, Any]:
    """A text as JSON of this schema. Raises ModelFailed when it is none."""
    return shape.parse(reply, schema)


async def likeness(first: str, second: str, embedder: Embedder) -> float:
    """How alike two texts are in meaning, from 0, as unrelated ones, to 1."""
    return await support.likeness(first, second, embedder)


async def draft_question(passage: str, model: ChatModel, *, besides: Collection[str] = ()) -> Drafted | None:
    """A question that a passage answers, for a person to confirm; None when nothing in it can be asked for.

    Raises:
        ModelError: there is no model, or it did not answer.
    """
    return await questioning.draft(passage, model, besides=besides)


def list_starters() -> Sequence[Starter]:
    """Graphs to begin with; `Starter.graph(vaults=…)` fills in whose documents they search."""
    return templates.ALL


def run(
    graph: Graph,
    question: str,
    tools: Tools,
    *,
    run_id: str,
    limits: RunLimits | None = None,
    cancelled: asyncio.Event | None = None,
    checkpoints: "SealedCheckpoints | None" = None,
    earlier: Earlier = NOTHING,
    replies: Mapping[str, PersonSaid] | None = None,
    within: Meter | None = None,
    is_new: bool = False,
) -> AsyncGenerator[Event, None]:
    """Run a graph and yield what happens; the last event is finished, failed, cancelled or parked.

    Never raises for what goes wrong on the way: that is `run.failed`. Setting `cancelled`, or leaving
    the iteration, stops everything within a second, a model in mid-sentence too.

    With `checkpoints` the end of every step is kept, and calling this again with the id of a run that was cut off goes
    on with it: steps that ended are neither done nor told again, save all together in the first event, and what was
    used so far counts. Its seconds begin anew. A step that was cut off is done again from its beginning, under the same
    `Step.step_id`. A run that asked something of people is parked, and goes on the same way with their `replies`, by
    the ids of the requests; all that were ever given to it are passed each time.

    `is_new` says that nothing can be kept of this run yet, so that nothing is looked for.

    With `earlier` the steps that it gives outcomes of are neither run nor told: the run begins behind them.

    `within` is the meter of another run of which this one is a step: what it uses counts there too.

    Raises:
        CheckpointBroken: on the first step, when what was kept of the run cannot be read.
        GraphInvalid: on the first step, before any event, when `check` finds problems.
    """
    return runner.run(
        graph,
        question,
        tools,
        run_id=run_id,
        limits=limits or RunLimits(),
        cancelled=cancelled,
        checkpoints=checkpoints,
        earlier=earlier,
        replies=replies,
        within=within,
        is_new=is_new,
    )
