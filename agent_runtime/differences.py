"""What differs between two graphs, step by step and setting by setting, for the person who drew them.

Both may be drafts that could not run. Each is brought up to today's kinds first, so that only what a person changed
is told; where a step stands on the canvas is told as a move and nothing more.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import ValidationError

from agent_runtime import node_kinds
from agent_runtime.events import Frozen
from agent_runtime.graph import NO_PLAN
from agent_runtime.migrations import migrate_document
from agent_runtime.node_kinds.declare import ERROR

Change = Literal["added", "removed", "changed", "moved"]
_UNSET: Mapping[str, Any] = {}
_NO_PLAN = NO_PLAN.model_dump(mode="json")


class SettingChange(Frozen):
    """One setting that is not what it was; of a step that was added or removed, one that it came with."""

    name: str
    title: str
    before: Any
    after: Any


class StepChange(Frozen):
    node_id: str
    kind: str
    title: str
    change: Change
    settings: list[SettingChange]


class EdgeChange(Frozen):
    """A connection that is there in one of the two graphs only."""

    change: Literal["added", "removed"]
    source: str
    """The step it leaves, as people know it."""
    output: str
    target: str
    input: str


class Difference(Frozen):
    steps: list[StepChange]
    edges: list[EdgeChange]

    @property
    def is_empty(self) -> bool:
        return not self.steps and not self.edges


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """What became of `before` in `after`; steps that stayed first, in the order of `after`, then what is gone."""
    old, new = _Drawn(before), _Drawn(after)
    steps = [
        step
        for node_id, node in new.nodes.items()
        if (step := _changed(node_id, old.nodes.get(node_id), node)) is not None
    ]
    steps += [
        _whole(node_id, node, "removed") for node_id, node in old.nodes.items() if node_id not in new.nodes
    ]
    edges = [new.edge(ends, "added") for ends in new.edges if ends not in old.edges]
    edges += [old.edge(ends, "removed") for ends in old.edges if ends not in new.edges]
    return Difference(steps=steps, edges=edges)


Ends = tuple[str, str, str, str]


class _Drawn:
    """A graph document as far as it can be read."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        drawn = migrate_document(dict(document))
        self.nodes: dict[str, Mapping[str, Any]] = {
            str(node["id"]): node for node in _dicts(drawn.get("nodes")) if "id" in node
        }
        self.edges: dict[Ends, None] = {}
        for edge in _dicts(drawn.get("edges")):
            source, target = edge.get("source"), edge.get("target")
            if isinstance(source, dict) and isinstance(target, dict):
                ends = (source.get("node"), source.get("socket"), target.get("node"), target.get("socket"))
                self.edges[str(ends[0]), str(ends[1]), str(ends[2]), str(ends[3])] = None

    def edge(self, ends: Ends, change: Literal["added", "removed"]) -> EdgeChange:
        source, output, target, arriving = ends
        return EdgeChange(
            change=change,
            source=self._title(source),
            output=self._output(source, output),
            target=self._title(target),
            input=self._input(target, arriving),
        )

    def _title(self, node_id: str) -> str:
        node = self.nodes.get(node_id)
        return title_of(node) if node else node_id

    def _output(self, node_id: str, name: str) -> str:
        node = self.nodes.get(node_id, _UNSET)
        kind = node_kinds.find(str(node.get("kind")))
        settings = node.get("settings")
        if kind is None or not isinstance(settings, dict):
            return name
        sockets = (ERROR, *kind.outputs_with(settings))
        return next((socket.title for socket in sockets if socket.name == name), name)

    def _input(self, node_id: str, name: str) -> str:
        kind = node_kinds.find(str(self.nodes.get(node_id, _UNSET).get("kind")))
        socket = kind.input(name) if kind else None
        return socket.title if socket else name


def title_of(node: Mapping[str, Any]) -> str:
    """What people call a step: its own title, else its kind's."""
    kind = node_kinds.find(str(node.get("kind")))
    return str(node.get("title") or (kind.title if kind else node.get("kind", "")))


def _dicts(value: object) -> Iterable[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else ()


def _changed(node_id: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> StepChange | None:
    if before is None:
        return _whole(node_id, after, "added")
    if before.get("kind") != after.get("kind"):  # one id for two different steps: say all of the new one
        return _whole(node_id, after, "changed")
    old, new = _settings(before), _settings(after)
    changes = [
        SettingChange(name=name, title=_setting_title(after, name), before=old.get(name), after=new.get(name))
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
    moved = _place(before) != _place(after)
    if not changes and not moved:
        return None
    return StepChange(
        node_id=node_id,
        kind=str(after.get("kind", "")),
        title=title_of(after),
        change="changed" if changes else "moved",
        settings=changes,
    )


def _whole(
    node_id: str, node: Mapping[str, Any], change: Literal["added", "removed", "changed"]
) -> StepChange:
    gone = change == "removed"
    return StepChange(
        node_id=node_id,
        kind=str(node.get("kind", "")),
        title=title_of(node),
        change=change,
        settings=[
            SettingChange(
                name=name,
                title=_setting_title(node, name),
                before=value if gone else None,
                after=None if gone else value,
            )
            for name, value in _settings(node).items()
            if value not in ("", None, [], {})
        ],
    )


TITLES = {
    "step.title": "Name on the canvas",
    "step.on_error": "If this step fails",
    "step.time_limit_s": "Time limit, seconds",
}
"""What is decided of any step, beside the settings of its kind."""


def _settings(node: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a person may decide about a step, with what its kind decides where they did not."""
    kind, drawn = node_kinds.find(str(node.get("kind"))), node.get("settings")
    given = drawn if isinstance(drawn, dict) else {}
    try:
        assumed = kind.settings().model_dump(mode="json") if kind else {}
    except ValidationError:  # of a kind that has settings without defaults
        assumed = {}
    plan = node.get("on_error")
    return {
        "step.title": str(node.get("title") or ""),
        **assumed,
        **given,
        "step.on_error": None if plan in (None, _NO_PLAN) else plan,
        "step.time_limit_s": node.get("time_limit_s"),
    }


def _place(node: Mapping[str, Any]) -> tuple[Any, Any]:
    position = node.get("position")
    return (position.get("x", 0), position.get("y", 0)) if isinstance(position, dict) else (0, 0)


def _setting_title(node: Mapping[str, Any], name: str) -> str:
    kind = node_kinds.find(str(node.get("kind")))
    field = kind.settings.model_fields.get(name) if kind else None
    return (field.title if field else None) or TITLES.get(name, name)
