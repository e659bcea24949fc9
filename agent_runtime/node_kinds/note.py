"""A comment on the canvas."""

from pydantic import Field

from agent_runtime.node_kinds.declare import Inputs, Outputs, Settings, node_kind
from agent_runtime.step import Step


class NoteSettings(Settings):
    text: str = Field(
        "",
        max_length=4_000,
        title="Text",
        description="Shown on the canvas, to you and to whoever else opens the graph.",
    )


@node_kind(
    "note",
    title="Note",
    category="notes",
    settings=NoteSettings,
    example={"text": "The branch below hands over to a person."},
    runs=False,
)
async def note(inputs: Inputs, settings: NoteSettings, step: Step) -> Outputs:
    """A comment on the canvas for whoever reads the graph. It is no step: a run never sees it.

    Write down why a branch is there, or what is still to do.
    """
    return {}
