"""Which steps are drawn inside which, and what an edge means there. Reads a graph, however wrong, and changes nothing.

A value may be drawn from outside straight to a step inside, where it is the same in every round. It leaves only
through the node around, which decides what becomes of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from agent_runtime import node_kinds
from agent_runtime.graph import Edge, Graph, Node

MOST_AROUND = 3
"""How many nodes may be drawn around a step."""


@dataclass(frozen=True)
class Scopes:
    """Where the nodes of one graph are. The scope of a step is the node around it; None is the graph itself."""

    graph: Graph

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        return {node.id: node for node in self.graph.nodes}

    def around(self, node_id: str) -> tuple[str, ...]:
        """The nodes around a node, innermost first; ends where that leads nowhere or in a circle."""
        found: list[str] = []
        node = self.nodes.get(node_id)
        while node and node.parent and node.parent in self.nodes and node.parent not in found:
            found.append(node.parent)
            node = self.nodes[node.parent]
        return tuple(found)

    def begins_at(self, edge: Edge) -> str | None:
        """The scope in which an edge begins; of what a node hands to the steps inside it, that node."""
        node = self.nodes[edge.source.node]
        kind = node_kinds.find(node.kind)
        is_inner = kind and kind.body and kind.body.begin(edge.source.socket)
        return node.id if is_inner else node.parent

    def arrives_at(self, edge: Edge) -> str | None:
        node = self.nodes[edge.target.node]
        kind = node_kinds.find(node.kind)
        is_inner = kind and kind.body and kind.body.end(edge.target.socket)
        return node.id if is_inner else node.parent

    def fits(self, edge: Edge) -> bool:
        """Whether what begins there can be had where the edge arrives: in the same scope, or farther inside.

        A round is ended from inside only.
        """
        begins, arrives = self.begins_at(edge), self.arrives_at(edge)
        if arrives == edge.target.node:
            return begins == arrives
        return begins is None or arrives == begins or (arrives is not None and begins in self.around(arrives))

    def waits(self) -> Iterator[tuple[str, str, Edge]]:
        """Who is waited for by whom: pairs of nodes of one scope, and the edge that makes it so.

        A node waits for what the steps inside it use from outside.
        """
        for edge in self.graph.edges:
            if edge.source.node not in self.nodes or edge.target.node not in self.nodes:
                continue
            begins, arrives = self.begins_at(edge), self.arrives_at(edge)
            if begins == edge.source.node:
                continue  # a round begins with it
            if arrives == edge.target.node == begins:
                continue  # it ends a round
            target = edge.target.node
            waiting = next(
                (node for node in (target, *self.around(target)) if self.nodes[node].parent == begins), None
            )
            if waiting is not None:
                yield edge.source.node, waiting, edge

    def inside(self, scope: str | None) -> list[Node]:
        """The nodes of a scope, in the graph's order."""
        return [node for node in self.graph.nodes if node.parent == scope]
