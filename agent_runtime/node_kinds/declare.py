"""How a node kind is declared: once, in one file, and everything else is read off that declaration.

The palette, the form, the sockets and the checks of the editor derive from it. What a kind's
behaviour may touch reaches it through `Step`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from inspect import cleandoc
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from agent_runtime.node_kinds.names import FieldType
from agent_runtime.node_kinds.values import Value
from agent_runtime.step import Step

SocketType: TypeAlias = Literal["question", "text", "passages", "answer", "values", "any"]
Category: TypeAlias = Literal["begin and end", "knowledge", "model", "logic", "outside", "notes"]

TEXTS: frozenset[SocketType] = frozenset({"question", "text", "answer", "values"})


@dataclass(frozen=True, kw_only=True)
class Socket:
    """Where an edge may begin or end."""

    name: str
    type: SocketType
    title: str
    required: bool = True
    """For inputs: whether the node needs an edge here."""
    passes: str | None = None
    """For outputs of type `any`: the input whose value, and so whose type, comes out here."""


@dataclass(frozen=True, kw_only=True)
class RowOutputs:
    """Outputs that a person adds: one for each row of a setting, named by its `id` and titled by its `name`."""

    setting: str
    type: SocketType
    passes: str | None = None

    def sockets(self, settings: Mapping[str, Any]) -> Iterable[Socket]:
        """The outputs that these settings make, which need not be valid."""
        rows = settings.get(self.setting)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("id"), str):
                title = str(row.get("name") or row["id"])
                yield Socket(name=row["id"], type=self.type, title=title, passes=self.passes)


@dataclass(frozen=True, kw_only=True)
class Body:
    """The steps that a person draws inside a node, which the node runs as often as it decides.

    Its sockets are seen from inside: `begins` are outputs that only the steps inside can use, `ends` are inputs to
    which they lead back.
    """

    begins: Sequence[Socket]
    ends: Sequence[Socket]
    most: Callable[[Any], int]
    """How often the steps inside may run in one visit, for these settings."""
    types: Callable[[Mapping[str, Any], Mapping[str, "SocketType"]], Mapping[str, "SocketType"]] = field(
        default=lambda settings, arriving: {}
    )
    """What a begin carries where that depends on the settings, which need not be valid, and on what arrives."""
    gives: Callable[[Any], Mapping[str, FieldType]] = field(default=lambda settings: {})
    """The named values in its begins of type `values`."""

    def begin(self, name: str) -> Socket | None:
        return next((socket for socket in self.begins if socket.name == name), None)

    def end(self, name: str) -> Socket | None:
        return next((socket for socket in self.ends if socket.name == name), None)


class Settings(BaseModel):
    """What a person decides about one node. Titles and descriptions of the fields become the form."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=Settings)
Inputs: TypeAlias = Mapping[str, Value]
Outputs: TypeAlias = Mapping[str, Value]
"""What comes out, by socket. A socket that is left out passes nothing on: what hangs on it is skipped."""
Behaviour: TypeAlias = Callable[[Inputs, S, Step], Awaitable[Outputs]]
Migration: TypeAlias = Callable[[Mapping[str, Any]], dict[str, Any]]
Fault: TypeAlias = tuple[str, str]
"""A problem's code and its words."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What a kind's own check may know of the graph around a node."""

    input_types: Mapping[str, SocketType]
    """The type that arrives at each connected input."""
    fields: Mapping[str, FieldType]
    """The named values that arrive, at whichever input."""
    leaving: frozenset[str]
    """The outputs that something hangs on."""
    vaults: frozenset[str] | None
    """The vaults that the graph's owner may use; None when that is not known."""
    back_types: Mapping[str, SocketType] = field(default_factory=dict)
    """The type that the steps inside lead back to each end of its body."""
    back_fields: Mapping[str, FieldType] = field(default_factory=dict)
    """The named values that they lead back."""


Recovery: TypeAlias = Literal["default", "branch"]
ERROR = Socket(name="error", type="text", title="If it fails")
"""The output that every node gets whose builder wants another branch for failures; it carries what went wrong."""


@dataclass(frozen=True, kw_only=True)
class NodeKind(Generic[S]):
    kind: str
    version: int
    title: str
    help: str
    category: Category
    settings: type[S]
    inputs: Sequence[Socket]
    outputs: Sequence[Socket]
    example: Mapping[str, Any]
    """Settings that work, to show and to begin with."""
    behave: Behaviour[S]
    faults: Callable[[S, Drawn], Iterable[Fault]] = field(default=lambda settings, drawn: ())
    """Problems that the settings' schema cannot express."""
    gives: Callable[[S], Mapping[str, FieldType]] = field(default=lambda settings: {})
    """The named values in its outputs of type `values`."""
    outputs_from: RowOutputs | None = None
    """Outputs that depend on the settings; they come before `outputs`."""
    migrations: Mapping[int, Migration] = field(default_factory=dict)
    """For each older version what makes the next version's settings of its own."""
    runs: bool = True
    """False for what is only drawn."""
    is_quick: bool = False
    """Whether it only rearranges values: doing it again after a restart costs less than having kept it."""
    body: Body | None = None
    """What steps may be drawn inside of its nodes see; None where none may."""
    goes_inside: bool = True
    """Whether its nodes may be drawn inside others."""
    takes_one: bool = False
    """Whether a node takes only one of its outputs, where that is not told by `outputs_from`."""

    def input(self, name: str) -> Socket | None:
        """The input of that name, from outside or from the steps inside."""
        ends = self.body.ends if self.body else ()
        return next((socket for socket in (*self.inputs, *ends) if socket.name == name), None)

    def outputs_with(self, settings: Mapping[str, Any]) -> tuple[Socket, ...]:
        """All outputs of a node with these settings."""
        if self.outputs_from is None:
            return tuple(self.outputs)
        is_set = self.outputs_from.setting in settings
        rows = settings if is_set else self.settings().model_dump(mode="json")
        return (*self.outputs_from.sockets(rows), *self.outputs)

    @property
    def recoveries(self) -> tuple[Recovery, ...]:
        """What its nodes may do when they fail, besides trying again; none for those that cannot fail.

        One value cannot stand in for branches, of which a node takes one.
        """
        if not self.inputs or not self.outputs:
            return ()
        return ("branch",) if self.outputs_from or self.takes_one else ("default", "branch")

    def describe(self) -> dict[str, Any]:
        """The kind as JSON for the editor."""
        return {
            "kind": self.kind,
            "version": self.version,
            "title": self.title,
            "help": self.help,
            "category": self.category,
            "inputs": [
                {"name": s.name, "title": s.title, "type": s.type, "required": s.required}
                for s in self.inputs
            ],
            "outputs": [
                {"name": s.name, "title": s.title, "type": s.type, "passes": s.passes} for s in self.outputs
            ],
            "outputs_from": asdict(self.outputs_from) if self.outputs_from else None,
            "runs": self.runs,
            "body": {
                "begins": [_described(socket) for socket in self.body.begins],
                "ends": [{"required": socket.required, **_described(socket)} for socket in self.body.ends],
            }
            if self.body
            else None,
            "goes_inside": self.goes_inside,
            "recoveries": list(self.recoveries),
            "settings_schema": self.settings.model_json_schema(),
            "example": dict(self.example),
        }


def _described(socket: Socket) -> dict[str, Any]:
    return {"name": socket.name, "title": socket.title, "type": socket.type, "passes": socket.passes}


def node_kind(
    kind: str,
    *,
    title: str,
    category: Category,
    settings: type[S],
    inputs: Sequence[Socket] = (),
    outputs: Sequence[Socket] = (),
    example: Mapping[str, Any],
    version: int = 1,
    faults: Callable[[S, Drawn], Iterable[Fault]] = lambda settings, drawn: (),
    gives: Callable[[S], Mapping[str, FieldType]] = lambda settings: {},
    outputs_from: RowOutputs | None = None,
    migrations: Mapping[int, Migration] | None = None,
    runs: bool = True,
    is_quick: bool = False,
    body: Body | None = None,
    goes_inside: bool = True,
    takes_one: bool = False,
) -> Callable[[Behaviour[S]], NodeKind[S]]:
    """Declare a kind around its behaviour, whose docstring is the help that people read."""

    def declare(behave: Behaviour[S]) -> NodeKind[S]:
        return NodeKind(
            kind=kind,
            version=version,
            title=title,
            help=cleandoc(behave.__doc__ or ""),
            category=category,
            settings=settings,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            example=example,
            behave=behave,
            faults=faults,
            gives=gives,
            outputs_from=outputs_from,
            migrations=migrations or {},
            runs=runs,
            is_quick=is_quick,
            body=body,
            goes_inside=goes_inside,
            takes_one=takes_one,
        )

    return declare


def accepts(wanted: SocketType, offered: SocketType) -> bool:
    """Whether an edge may lead a value of type `offered` into a socket of type `wanted`.

    A question, a text, an answer and named values are all words, so each fits where words are wanted.
    """
    return (
        wanted in (offered, "any")
        or offered == "any"
        or (wanted in ("question", "text") and offered in TEXTS)
    )
