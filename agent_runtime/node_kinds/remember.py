"""Keep a value for later questions, and use it again."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from agent_runtime.errors import MemoryFull, RunFailed
from agent_runtime.insertion import insert, unknown
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.names import NAME_HELP, FieldName
from agent_runtime.node_kinds.values import Data, as_text
from agent_runtime.step import Step

MOST_CHARACTERS = 8_000


class RememberSettings(Settings):
    does: Literal["save", "read", "forget"] = Field(
        "save",
        title="What it does",
        description="Save: remember the value below. Read: hand on what is remembered. Forget: remember it no more.",
    )
    name: FieldName = Field("note", title="Name", description=f"What it is remembered under. {NAME_HELP}")
    about: Literal["this_conversation", "this_person"] = Field(
        "this_person",
        title="For how long",
        description=(
            "This conversation: until it is deleted. This person: in all their conversations with this agent. The "
            "person sees all of it on the page “What agents remember”, and can erase it there."
        ),
    )
    value: str = Field(
        "{{text}}",
        max_length=8_000,
        title="Value",
        description=(
            "Only to save. {{question}} inserts what was asked, {{text}} the words that arrive; named values that "
            "arrive go by their names."
        ),
        json_schema_extra={"format": "template"},
    )
    if_nothing: Literal["use_default", "branch"] = Field(
        "use_default",
        title="When nothing is remembered yet",
        description="Only to read. Use default: hand on the text below. Branch: go on at “Nothing yet” instead.",
    )
    default: str = Field(
        "", max_length=2_000, title="Default text", description="Only to read; empty is allowed."
    )


def _faults(settings: RememberSettings, drawn: Drawn) -> Iterable[Fault]:
    for problem in names.taken([settings.name]):
        yield "name_taken", problem
    if settings.does == "save":
        for name in unknown(settings.value, {"question", "text", *drawn.fields}):
            known = ", ".join(f"{{{{{each}}}}}" for each in ("question", "text", *drawn.fields))
            yield "insertion_unknown", f"{{{{{name}}}}} is not known here: use one of {known}."
    takes_branch = settings.does == "read" and settings.if_nothing == "branch"
    if takes_branch and "nothing" not in drawn.leaving:
        yield (
            "nothing_unconnected",
            "When nothing is remembered it takes a branch: draw one from “Nothing yet”.",
        )
    if not takes_branch and "nothing" in drawn.leaving:
        yield (
            "nothing_unused",
            "“Nothing yet” is never taken as this step is set: let it read and take a branch, or remove the edge.",
        )


@node_kind(
    "remember",
    title="Remember",
    category="logic",
    settings=RememberSettings,
    inputs=[Socket(name="value", type="any", title="Text")],
    outputs=[
        Socket(name="values", type="values", title="Remembered"),
        Socket(name="nothing", type="any", title="Nothing yet", passes="value"),
    ],
    example={"does": "save", "name": "favourite", "about": "this_person", "value": "{{text}}"},
    faults=_faults,
    gives=lambda settings: {settings.name: "text"},
    takes_one=True,
)
async def remember(inputs: Inputs, settings: RememberSettings, step: Step) -> Outputs:
    """Remembers something under a name for later questions of the same person, or hands on what was remembered.

    Steps after it use it by its name, such as {{favourite}}. It is kept encrypted for the person who asks, who can look
    at it and erase it at any time; you, who build the agent, never see it. It is no place for what all people share.
    """
    if step.tools.memory is None:
        raise RunFailed("Nothing can be remembered in this run: the server gave it no memory.")
    memory, name = step.tools.memory, settings.name
    about: Literal["conversation", "person"] = (
        "conversation" if settings.about == "this_conversation" else "person"
    )
    step.detail.update(does=settings.does, name=name, about=about)
    if settings.does == "save":
        said = {"question": step.question, "text": as_text(inputs["value"])}
        value = insert(settings.value, names.words(inputs) | said)
        if len(value) > MOST_CHARACTERS:
            raise MemoryFull(
                f"“{name}” is {len(value):,} characters long, and at most {MOST_CHARACTERS:,} are remembered: "
                "save less."
            )
        await memory.remember(name, value, about=about)
        return {"values": Data({name: value})}
    if settings.does == "forget":
        await memory.forget(name, about=about)
        return {"values": Data({name: ""})}
    found = await memory.recall(name, about=about)
    step.detail["found"] = found is not None
    if found is None and settings.if_nothing == "branch":
        return {"nothing": inputs["value"]}
    return {"values": Data({name: settings.default if found is None else found})}
