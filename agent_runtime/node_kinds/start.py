"""Where a run begins."""

from agent_runtime.node_kinds.declare import Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.step import Step


class StartSettings(Settings):
    pass


@node_kind(
    "start",
    is_quick=True,
    title="Start",
    category="begin and end",
    goes_inside=False,
    settings=StartSettings,
    outputs=[Socket(name="question", type="question", title="Question")],
    example={},
)
async def start(inputs: Inputs, settings: StartSettings, step: Step) -> Outputs:
    """Where every run begins. It hands on the question that the person asked.

    Every agent has exactly one.
    """
    return {"question": step.question}
