"""Say what keeps a graph from running, in words for the person who drew it.

Every problem names its node or edge and has a code that does not change. Nothing here raises,
whatever the document holds, and nothing here runs a node.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from agent_runtime import node_kinds
from agent_runtime.errors import GraphUnreadable
from agent_runtime.graph import MAX_EDGES, MAX_NODES, NO_PLAN, Edge, Graph, Node, Problem, read_graph
from agent_runtime.migrations import migrate
from agent_runtime.node_kinds.declare import ERROR, Drawn, NodeKind, Settings, Socket, SocketType, accepts
from agent_runtime.node_kinds.names import FieldType
from agent_runtime.node_kinds.values import is_object
from agent_runtime.scopes import MOST_AROUND, Scopes


def check(
    document: object, *, vaults: Collection[str] | None = None, models: Collection[str] | None = None
) -> list[Problem]:
    """The problems of a graph, or of any decoded JSON that claims to be one; empty when it can run."""
    try:
        graph = document if isinstance(document, Graph) else read_graph(document)
    except GraphUnreadable as error:
        return [Problem(code="unreadable", message=str(error))]
    if len(graph.nodes) > MAX_NODES:
        return [
            Problem(
                code="too_many_nodes", message=f"{len(graph.nodes)} nodes are too many: at most {MAX_NODES}."
            )
        ]
    if len(graph.edges) > MAX_EDGES:
        return [
            Problem(
                code="too_many_edges", message=f"{len(graph.edges)} edges are too many: at most {MAX_EDGES}."
            )
        ]
    drawing = _Drawing.of(migrate(graph))
    return [
        *_names(graph),
        *_ends(graph),
        *_places(drawing),
        *_edges(drawing),
        *_cycle(drawing),
        *_nodes(drawing, None if vaults is None else frozenset(vaults)),
        *(_models(graph, models) if models is not None else ()),
    ]


@dataclass(frozen=True)
class _Drawing:
    """A graph with what the checks look up again and again."""

    graph: Graph
    nodes: Mapping[str, Node]
    into: Mapping[tuple[str, str], list[Edge]]
    """The edges that arrive, by node and socket."""
    scopes: Scopes

    @classmethod
    def of(cls, graph: Graph) -> "_Drawing":
        into: dict[tuple[str, str], list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            into[edge.target.node, edge.target.socket].append(edge)
        return cls(graph, {node.id: node for node in graph.nodes}, into, Scopes(graph))

    def kind(self, node_id: str) -> NodeKind[Settings] | None:
        node = self.nodes.get(node_id)
        return node_kinds.find(node.kind) if node else None

    def output(self, node_id: str, name: str) -> Socket | None:
        """The output of that name that this node has, the one for its failures and those that only the steps inside
        it see among them."""
        node, kind = self.nodes.get(node_id), self.kind(node_id)
        if node and name == ERROR.name and node.on_error.then == "branch":
            return ERROR
        if node and kind and kind.body and (begin := kind.body.begin(name)):
            types = kind.body.types(node.settings, self.types_into(node_id, kind.inputs))
            return replace(begin, type=types.get(name, begin.type))
        outputs = kind.outputs_with(node.settings) if node and kind else ()
        return next((socket for socket in outputs if socket.name == name), None)

    def type_from(self, edge: Edge) -> SocketType:
        """The type of what an edge carries, seen through nodes that pass a value on."""
        begun = self.origin(edge)
        return begun[1].type if begun else "any"

    def types_into(self, node_id: str, sockets: Sequence[Socket]) -> dict[str, SocketType]:
        """The types that arrive at those of a node's sockets to which an edge leads."""
        return {
            socket.name: self.type_from(arriving[0])
            for socket in sockets
            if (arriving := self.into.get((node_id, socket.name)))
        }

    def fields_into(self, node_id: str, sockets: Sequence[Socket]) -> dict[str, FieldType]:
        """The named values that may arrive at a node; where branches meet, those of all of them."""
        found: dict[str, FieldType] = {}
        for socket in sockets:
            for edge in self.into.get((node_id, socket.name), ()):
                found = {**self._fields_from(edge), **found}
        return found

    def _fields_from(self, edge: Edge) -> Mapping[str, FieldType]:
        begun = self.origin(edge)
        if begun is None or begun[1].type != "values":
            return {}
        node, kind = self.nodes[begun[0]], self.kind(begun[0])
        try:
            settings = kind.settings.model_validate(node.settings) if kind else None
            if kind is None or settings is None:
                return {}
            if kind.body and kind.body.begin(begun[1].name):
                return kind.body.gives(settings)
            return kind.gives(settings)
        except ValidationError:
            return {}  # told at that node

    def origin(self, edge: Edge) -> tuple[str, Socket] | None:
        """The node and output from which what an edge carries came, seen through nodes that pass a value on."""
        for _ in range(MAX_NODES):
            socket = self.output(edge.source.node, edge.source.socket)
            if socket is None or socket.passes is None:
                return (edge.source.node, socket) if socket else None
            arriving = self.into.get((edge.source.node, socket.passes), [])
            if not arriving:
                return None
            edge = arriving[0]
        return None


def called(node: Node) -> str:
    """A node as a person knows it: by its title, its kind's title, or its id."""
    kind = node_kinds.find(node.kind)
    return f"“{node.title or (kind.title if kind else node.id)}”"


def _names(graph: Graph) -> Iterator[Problem]:
    seen: set[str] = set()
    for node in graph.nodes:
        if node.id in seen:
            yield Problem(
                node_id=node.id, code="node_repeated", message=f"Two nodes have the id {node.id!r}."
            )
        seen.add(node.id)
    edges: set[str] = set()
    for edge in graph.edges:
        if edge.id in edges:
            yield Problem(
                edge_id=edge.id, code="edge_repeated", message=f"Two edges have the id {edge.id!r}."
            )
        edges.add(edge.id)


def _ends(graph: Graph) -> Iterator[Problem]:
    starts = [node for node in graph.nodes if node.kind == "start"]
    if not starts:
        yield Problem(code="start_missing", message="The agent needs a Start: add one from the palette.")
    for extra in starts[1:]:
        yield Problem(
            node_id=extra.id,
            code="start_repeated",
            message="The agent has more than one Start: remove this one.",
        )
    if not any(node.kind == "answer" for node in graph.nodes):
        yield Problem(code="end_missing", message="The agent needs an Answer, where its run ends: add one.")


def _edges(drawing: _Drawing) -> Iterator[Problem]:
    for edge in drawing.graph.edges:
        problem = _edge(drawing, edge)
        if problem:
            code, message = problem
            yield Problem(edge_id=edge.id, node_id=edge.target.node, code=code, message=message)
    for (node_id, socket_name), arriving in drawing.into.items():
        kind = drawing.kind(node_id)
        if len(arriving) > 1 and kind and kind.kind != "answer" and kind.input(socket_name):
            exclusive = {(e.source.node, e.source.socket) for e in arriving}
            if len(exclusive) < len(arriving):
                yield Problem(
                    edge_id=arriving[1].id,
                    node_id=node_id,
                    code="edge_doubled",
                    message="Two edges join the same two sockets: remove one.",
                )


def _edge(drawing: _Drawing, edge: Edge) -> tuple[str, str] | None:
    source, target = drawing.nodes.get(edge.source.node), drawing.nodes.get(edge.target.node)
    if source is None or target is None:
        gone = edge.source.node if source is None else edge.target.node
        return "edge_dangling", f"An edge leads to the node {gone!r}, which does not exist: remove the edge."
    giving, taking = drawing.kind(source.id), drawing.kind(target.id)
    if giving is None or taking is None:
        return None  # told at the node
    out = drawing.output(source.id, edge.source.socket)
    into = taking.input(edge.target.socket)
    if out is None:
        return (
            "socket_unknown",
            f"{called(source)} has no output {edge.source.socket!r}: draw the edge again.",
        )
    if into is None:
        return "socket_unknown", f"{called(target)} has no input {edge.target.socket!r}: draw the edge again."
    if not drawing.scopes.fits(edge):
        return "edge_leaves_inside", _leaving(drawing, edge)
    offered = drawing.type_from(edge)
    if not accepts(into.type, offered):
        return (
            "type_mismatch",
            f"{called(source)} hands on {_plural(offered)}, but “{into.title}” of {called(target)} "
            f"takes {_plural(into.type)}.",
        )
    return None


def _leaving(drawing: _Drawing, edge: Edge) -> str:
    """Why an edge may not lead out of a node that it begins inside of."""
    source, target = drawing.nodes[edge.source.node], drawing.nodes[edge.target.node]
    if drawing.scopes.arrives_at(edge) == target.id:
        return (
            f"{called(target)} takes back what the steps inside it lead there, and {called(source)} is not inside: "
            "put it inside, or remove the edge."
        )
    around = drawing.nodes[drawing.scopes.begins_at(edge) or source.id]
    if around is source:
        return (
            f"Only the steps inside {called(source)} can use what it begins each round with, and {called(target)} is "
            "not inside: draw from another output, or move the step inside."
        )
    kind = drawing.kind(around.id)
    ends = " or ".join(f"“{end.title}”" for end in (kind.body.ends if kind and kind.body else ()))
    return (
        f"{called(source)} is inside {called(around)} and {called(target)} is not: lead it to {ends} of "
        f"{called(around)}, and draw on from there."
    )


def _places(drawing: _Drawing) -> Iterator[Problem]:
    """Problems of steps that are drawn inside others."""
    for node in drawing.graph.nodes:
        if node.parent is None:
            continue
        around = drawing.nodes.get(node.parent)
        kind, own = drawing.kind(node.parent), drawing.kind(node.id)
        if around is None or node.id in drawing.scopes.around(node.id):
            yield Problem(
                node_id=node.id,
                code="parent_missing",
                message=f"{called(node)} is drawn inside a step that is not there: take it out.",
            )
        elif kind and kind.body is None:
            yield Problem(
                node_id=node.id,
                code="parent_unfit",
                message=f"{called(node)} is drawn inside {called(around)}, which runs no steps: take it out.",
            )
        elif own and not own.goes_inside:
            yield Problem(
                node_id=node.id,
                code="must_be_outside",
                message=f"{called(node)} is drawn inside {called(around)} and belongs to the whole agent: take it out.",
            )
        elif len(drawing.scopes.around(node.id)) > MOST_AROUND:
            yield Problem(
                node_id=node.id,
                code="too_far_inside",
                message=f"{called(node)} is drawn inside more than {MOST_AROUND} steps: let another agent do a part.",
            )


def _plural(kind: SocketType) -> str:
    return {
        "question": "a question",
        "text": "a text",
        "passages": "passages",
        "answer": "an answer",
        "values": "named values",
    }.get(kind, "anything")


def _cycle(drawing: _Drawing) -> Iterator[Problem]:
    """One problem for the nodes that wait for each other, at the first edge that closes a circle."""
    waiting = {node.id: 0 for node in drawing.graph.nodes}
    leaving: dict[str, list[str]] = defaultdict(list)
    pairs = list(drawing.scopes.waits())
    for before, after, _ in pairs:
        waiting[after] += 1
        leaving[before].append(after)
    free = [node for node, count in waiting.items() if count == 0]
    while free:
        for follower in leaving[free.pop()]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                free.append(follower)
    circle = _circle({node for node, count in waiting.items() if count}, leaving)
    if circle:
        names = " → ".join(called(drawing.nodes[node]) for node in [*circle, circle[0]][:8])
        closing = next(edge for before, after, edge in pairs if (before, after) == (circle[-1], circle[0]))
        yield Problem(
            node_id=circle[0],
            edge_id=closing.id,
            code="cycle",
            message=f"These nodes wait for each other and would never begin: {names}. Remove one of the edges.",
        )


def _circle(stuck: set[str], leaving: Mapping[str, list[str]]) -> list[str]:
    """A circle among nodes that never became free. Some of them only hang behind it: walk back is not needed,
    for every stuck node has a stuck one before it."""
    before: dict[str, str] = {}
    for node in stuck:
        for follower in leaving[node]:
            if follower in stuck:
                before[follower] = node
    if not stuck:
        return []
    node, seen = min(stuck), list[str]()
    while node not in seen:
        seen.append(node)
        node = before[node]
    return list(reversed(seen[seen.index(node) :]))


def _nodes(drawing: _Drawing, vaults: frozenset[str] | None) -> Iterator[Problem]:
    for node in drawing.graph.nodes:
        kind = node_kinds.find(node.kind)
        if kind is None:
            yield Problem(
                node_id=node.id,
                code="kind_unknown",
                message=f"There is no kind of node {node.kind!r} on this server: remove it or update the server.",
            )
            continue
        if node.version != kind.version:
            yield Problem(
                node_id=node.id,
                code="version_unknown",
                message=f"{called(node)} is of version {node.version} and this server knows {kind.version}: "
                "add the node again from the palette.",
            )
            continue
        yield from _inputs(drawing, node, kind)
        yield from _recovery(drawing, node, kind)
        yield from _settings(drawing, node, kind, vaults)


def _inputs(drawing: _Drawing, node: Node, kind: NodeKind[Settings]) -> Iterator[Problem]:
    for socket in (*kind.inputs, *(kind.body.ends if kind.body else ())):
        if socket.required and not drawing.into.get((node.id, socket.name)):
            yield Problem(
                node_id=node.id,
                code="input_unconnected",
                message=f"“{socket.title}” of {called(node)} is not connected: draw an edge to it.",
            )


def _recovery(drawing: _Drawing, node: Node, kind: NodeKind[Settings]) -> Iterator[Problem]:
    """Problems of what is to happen when the node fails."""
    plan = node.on_error
    if not kind.recoveries and (plan != NO_PLAN or node.time_limit_s is not None):
        yield Problem(
            node_id=node.id,
            code="on_error_unfit",
            message=f"{called(node)} cannot fail: remove what is to happen when it does, and its time limit.",
        )
    elif plan.then == "default" and "default" not in kind.recoveries:
        yield Problem(
            node_id=node.id,
            code="on_error_unfit",
            message=f"{called(node)} has several outputs, so one value cannot stand in for it: "
            "let it take another branch when it fails.",
        )
    elif plan.then == "default" and kind.outputs[0].type == "values" and not is_object(plan.default):
        yield Problem(
            node_id=node.id,
            code="on_error_default_invalid",
            message=f"{called(node)} hands on named values, so its default value must be a JSON object "
            'such as {"total": 0}.',
        )
    elif plan.then == "branch" and not any(
        edge.source.node == node.id and edge.source.socket == ERROR.name for edge in drawing.graph.edges
    ):
        yield Problem(
            node_id=node.id,
            code="on_error_unconnected",
            message=f"{called(node)} takes another branch when it fails, and none is drawn: draw an edge from "
            f"its output “{ERROR.title}”.",
        )


def _models(graph: Graph, models: Collection[str]) -> Iterator[Problem]:
    """Steps that choose a model which this server does not have. See `node_kinds/model_choice.py`."""
    for node in graph.nodes:
        kind, name = node_kinds.find(node.kind), node.settings.get("model")
        if kind and "model" in kind.settings.model_fields and name and name not in models:
            yield Problem(
                node_id=node.id,
                code="model_unknown",
                message=f"{called(node)} asks the model {str(name)[:64]!r}, which this server does not have: choose "
                "another one, or ask the operator to add it under that name.",
            )


def _settings(
    drawing: _Drawing, node: Node, kind: NodeKind[Settings], vaults: frozenset[str] | None
) -> Iterator[Problem]:
    try:
        settings = kind.settings.model_validate(node.settings)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False)[:20]:
            place = ".".join(str(part) for part in fault["loc"])[:100]
            if fault["type"] == "extra_forbidden":
                yield Problem(
                    node_id=node.id,
                    code="setting_unknown",
                    message=f"{called(node)} has no setting {place!r}: remove it.",
                )
            else:
                field = kind.settings.model_fields.get(str(fault["loc"][0]) if fault["loc"] else "")
                title = field.title if field and field.title else place
                yield Problem(
                    node_id=node.id,
                    code="setting_invalid",
                    message=f"The setting “{title}” of {called(node)} is not right: {fault['msg']}.",
                )
        return
    ends = kind.body.ends if kind.body else ()
    drawn = Drawn(
        input_types=drawing.types_into(node.id, kind.inputs),
        fields=drawing.fields_into(node.id, kind.inputs),
        back_types=drawing.types_into(node.id, ends),
        back_fields=drawing.fields_into(node.id, ends),
        leaving=frozenset(e.source.socket for e in drawing.graph.edges if e.source.node == node.id),
        vaults=vaults,
    )
    for code, message in kind.faults(settings, drawn):
        yield Problem(node_id=node.id, code=code, message=message)
