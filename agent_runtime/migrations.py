"""Bring nodes that were drawn with an older version of their kind up to the one of today, by code.

A stored graph is never rewritten: a published one is addressed by the digest of its document. Whoever runs,
checks or edits a graph does so with what comes out here.
"""

from collections.abc import Mapping
from typing import Any

from agent_runtime import node_kinds
from agent_runtime.graph import Graph


def migrate(graph: Graph) -> Graph:
    """The graph with each node of the version that this server knows, where a way leads there; else as it was."""
    nodes = []
    for node in graph.nodes:
        version, settings = _brought_up(node.kind, node.version, node.settings)
        changed = version != node.version
        nodes.append(node.model_copy(update={"version": version, "settings": settings}) if changed else node)
    return graph.model_copy(update={"nodes": nodes})


def migrate_document(document: dict[str, Any]) -> dict[str, Any]:
    """The same of a draft, which may be no valid graph yet: what cannot be read is left as it is."""
    nodes = document.get("nodes")
    if not isinstance(nodes, list):
        return document
    return {**document, "nodes": [_migrate_node(node) for node in nodes]}


def _migrate_node(node: Any) -> Any:
    if not isinstance(node, dict) or not isinstance(node.get("kind"), str):
        return node
    before, drawn = node.get("version", 1), node.get("settings", {})
    if isinstance(before, bool) or not isinstance(before, int) or not isinstance(drawn, dict):
        return node
    version, settings = _brought_up(node["kind"], before, drawn)
    return node if version == before else {**node, "version": version, "settings": settings}


def _brought_up(name: str, version: int, settings: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    kind = node_kinds.find(name)
    while kind and version < kind.version and (step := kind.migrations.get(version)):
        version, settings = version + 1, step(settings)
    return version, dict(settings)
