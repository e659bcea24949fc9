"""Do the same for each item of a list."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from agent_runtime.errors import ListUnfit
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import (
    Body,
    Drawn,
    Fault,
    Inputs,
    Outputs,
    Settings,
    Socket,
    SocketType,
    node_kind,
)
from agent_runtime.node_kinds.joining import as_item, join_passages, together
from agent_runtime.node_kinds.names import NAME_HELP, FieldName
from agent_runtime.node_kinds.values import Data, Passages, Value, as_text, in_words
from agent_runtime.step import RoundFailed, Step

NAMES_INSIDE = r"^\s*([a-z][a-z0-9_]{0,39}\s*(,\s*[a-z][a-z0-9_]{0,39}\s*)*)?$"


class ForEachSettings(Settings):
    list_name: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,39})?$")] = Field(
        "",
        title="List",
        description=(
            "The name of a list among the values that arrive, such as items. Empty: the only list among them; of "
            "passages one after the other; of a text its lines."
        ),
    )
    names_inside: str = Field(
        "",
        max_length=400,
        pattern=NAMES_INSIDE,
        title="Values in each item",
        description=(
            "Only where each item is made of named values: their names, with commas between them. The steps inside "
            "then use them by these names."
        ),
    )
    most: int = Field(
        50,
        ge=1,
        le=500,
        title="Most items",
        description="A longer list ends the step with a message; no item is dropped in silence.",
    )
    at_once: int = Field(
        3, ge=1, le=8, title="At the same time", description="How many items are worked on side by side."
    )
    if_one_fails: Literal["stop", "leave_out", "default"] = Field(
        "stop",
        title="If one item fails",
        description=(
            "Stop: the whole step fails. Leave out: the others go on and the result does without it. "
            "Default: the text below stands in its place."
        ),
    )
    default: str = Field(
        "",
        max_length=2_000,
        title="Default text",
        description="Only for “Default”: what stands in its place.",
    )
    results_name: FieldName = Field("results", title="Name of the results", description=NAME_HELP)

    def inner_names(self) -> list[str]:
        return [name.strip() for name in self.names_inside.split(",") if name.strip()]


def _faults(settings: ForEachSettings, drawn: Drawn) -> Iterable[Fault]:
    for problem in names.taken([settings.results_name]) + names.taken(settings.inner_names()):
        yield "name_taken", problem
    lists = [name for name, kind in drawn.fields.items() if kind in ("list", "json")]
    if settings.list_name and settings.list_name not in lists:
        known = f": choose one of {', '.join(lists)}" if lists else ""
        yield "list_unknown", f"No list called {settings.list_name!r} arrives here{known}."
    elif not settings.list_name and drawn.input_types.get("list") == "values" and len(lists) != 1:
        those = (
            f"several lists arrive ({', '.join(lists)})"
            if lists
            else "none of the values that arrive is a list"
        )
        yield "list_unknown", f"Which list? It is not named, and {those}."
    if "passages" in drawn.leaving and drawn.back_types.get("result") not in ("passages", "any", None):
        yield (
            "results_no_passages",
            "The steps inside lead back no passages, so “Passages” hands on none: use another output.",
        )


def _types(settings: Mapping[str, Any], arriving: Mapping[str, SocketType]) -> Mapping[str, SocketType]:
    if arriving.get("list") == "passages":
        return {"item": "passages"}
    named = settings.get("names_inside")
    return {"item": "values" if isinstance(named, str) and named.strip() else "text"}


@node_kind(
    "for_each",
    title="For each",
    category="logic",
    settings=ForEachSettings,
    inputs=[Socket(name="list", type="any", title="List")],
    outputs=[
        Socket(name="text", type="text", title="All as text"),
        Socket(name="values", type="values", title="List of results"),
        Socket(name="passages", type="passages", title="Passages"),
    ],
    body=Body(
        begins=[
            Socket(name="item", type="any", title="Item"),
            Socket(name="number", type="text", title="Its number"),
        ],
        ends=[Socket(name="result", type="any", title="Result")],
        most=lambda settings: int(settings.most),
        types=_types,
        gives=lambda settings: dict.fromkeys(settings.inner_names(), "json"),
    ),
    example={
        "list_name": "",
        "most": 20,
        "at_once": 3,
        "if_one_fails": "leave_out",
        "results_name": "summaries",
    },
    faults=_faults,
    gives=lambda settings: {settings.results_name: "list"},
)
async def for_each(inputs: Inputs, settings: ForEachSettings, step: Step) -> Outputs:
    """Does the steps that you put inside it once for each item of a list, and gathers the results in the items' order.

    A list is one that "Pull out fields" or "Set values" hands on, the lines of a text, or the passages that a search
    found. Inside, begin at "Item" and lead what you want to keep to "Result". An item that reaches no "Result", since
    its branch ends elsewhere, is left out: that is how to pick some of them.
    """
    items = _items(inputs["list"], settings)
    if len(items) > settings.most:
        raise ListUnfit(
            f"The list has {len(items)} items and “For each” takes at most {settings.most} here. "
            "Shorten the list, or allow more items in the settings of this step."
        )
    begins = [{"item": item, "number": str(number)} for number, item in enumerate(items, 1)]
    keep_going = settings.if_one_fails != "stop"
    ended = await step.rounds(begins, at_once=settings.at_once, keep_going=keep_going)
    results: list[Value] = []
    failed, without = [], []
    for number, end in enumerate(ended, 1):
        if isinstance(end, RoundFailed):
            failed.append({"item": number, "why": end.why})
            if settings.if_one_fails == "default":
                results.append(settings.default)
        elif "result" in end:
            results.append(end["result"])
        else:
            without.append(number)
    step.detail.update(items=len(items), results=len(results), failed=failed, without_result=without)
    passages = join_passages(results)
    return {
        "text": together(results),
        "values": Data({settings.results_name: [as_item(result) for result in results]}),
        **({"passages": passages} if passages is not None else {}),
    }


def _items(value: Value, settings: ForEachSettings) -> list[Value]:
    """Raises ListUnfit where there is no list to take apart."""
    if isinstance(value, Passages):
        return [Passages((passage,)) for passage in value.items]
    if not isinstance(value, Data):
        return [line.strip() for line in as_text(value).splitlines() if line.strip()]
    lists = {name: field for name, field in value.fields.items() if isinstance(field, list)}
    if settings.list_name:
        found = value.fields.get(settings.list_name)
        if found is None:  # what a text does not say stays empty
            return []
        if not isinstance(found, list):
            raise ListUnfit(f"The value {settings.list_name!r} that arrived this time is no list.")
        return [_item(each) for each in found]
    if len(lists) != 1:
        raise ListUnfit(
            f"{len(lists)} lists arrived this time, and it is not said which to take: name one in the settings."
        )
    return [_item(each) for each in next(iter(lists.values()))]


def _item(field: Any) -> Value:
    return Data(field) if isinstance(field, dict) else in_words(field)
