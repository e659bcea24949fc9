"""The palette: every kind of node there is, each declared in its own file."""

from collections.abc import Mapping
from typing import Any

from agent_runtime.node_kinds.agent_with_tools import agent_with_tools
from agent_runtime.node_kinds.answer import answer
from agent_runtime.node_kinds.answer_with_sources import answer_with_sources
from agent_runtime.node_kinds.ask_model import ask_model
from agent_runtime.node_kinds.ask_person import ask_person
from agent_runtime.node_kinds.call_web_service import call_web_service
from agent_runtime.node_kinds.declare import NodeKind
from agent_runtime.node_kinds.for_each import for_each
from agent_runtime.node_kinds.if_otherwise import if_otherwise
from agent_runtime.node_kinds.note import note
from agent_runtime.node_kinds.pull_out_fields import pull_out_fields
from agent_runtime.node_kinds.remember import remember
from agent_runtime.node_kinds.repeat_until import repeat_until
from agent_runtime.node_kinds.run_agent import run_agent
from agent_runtime.node_kinds.search_documents import search_documents
from agent_runtime.node_kinds.set_values import set_values
from agent_runtime.node_kinds.sort_by_meaning import sort_by_meaning
from agent_runtime.node_kinds.start import start
from agent_runtime.node_kinds.use_mcp_tool import use_mcp_tool

ALL: Mapping[str, NodeKind[Any]] = {
    declared.kind: declared
    for declared in (
        start,
        search_documents,
        ask_model,
        answer_with_sources,
        agent_with_tools,
        pull_out_fields,
        set_values,
        if_otherwise,
        sort_by_meaning,
        ask_person,
        call_web_service,
        use_mcp_tool,
        for_each,
        repeat_until,
        remember,
        run_agent,
        answer,
        note,
    )
}
"""In the order in which the palette shows them."""


def find(kind: str) -> NodeKind[Any] | None:
    """The kind of that name, if there is one."""
    return ALL.get(kind)


def describe() -> list[dict[str, Any]]:
    """Every kind as JSON for the editor."""
    return [declared.describe() for declared in ALL.values()]
