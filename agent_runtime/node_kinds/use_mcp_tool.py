"""Use a tool of an MCP server that the operator allowed."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from agent_runtime import mcp
from agent_runtime.errors import OutsideRefused
from agent_runtime.insertion import unknown
from agent_runtime.node_kinds import names, taking, tool_arguments
from agent_runtime.node_kinds.chosen_tool import NO_TOOL, ChosenTool
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.names import FieldType
from agent_runtime.node_kinds.taking import MAX_VALUES, TakenValue
from agent_runtime.node_kinds.values import Data, as_text
from agent_runtime.ports import SecretUse
from agent_runtime.step import Step

WORDS = ("question", "text", "second")
SHOWN_CHARACTERS = 2_000


class UseMcpToolSettings(Settings):
    tool: ChosenTool = Field(
        NO_TOOL,
        title="Tool",
        description=(
            "Choose a server and one of its tools, and fill in what it takes. {{question}} inserts what was asked, "
            "{{text}} the words that arrive; named values go by their names."
        ),
        json_schema_extra={"format": "mcp-tool"},
    )
    secret: str = Field(
        "",
        max_length=60,
        title="Secret",
        description="A secret that you saved for this server, sent as Authorization: Bearer …, where it wants one.",
        json_schema_extra={"format": "secret"},
    )
    answer_within_s: float = Field(
        20.0, ge=0.5, le=120.0, title="Seconds for the answer", description="What takes longer is given up."
    )
    most_kilobytes: int = Field(
        256, ge=1, le=5_000, title="Largest answer in kB", description="What is larger is refused, not cut."
    )
    repeatable: bool = Field(
        False,
        title="May be asked twice",
        description=(
            "Tick where the tool only reads. Otherwise a use of it that may have arrived is not repeated when the step "
            "is tried again."
        ),
    )
    answer_as: Literal["text", "json"] = Field(
        "text",
        title="Take the answer as",
        description="text: its words. json: the values below, which go out at “Values”.",
    )
    values: list[TakenValue] = Field(
        default_factory=list,
        max_length=MAX_VALUES,
        title="Values to take",
        description="Only for json: what the answer must hold, and what it is called from here on.",
        json_schema_extra={"format": "rows", "hidden_if": {"answer_as": ["text"]}},
    )


def _gives(settings: UseMcpToolSettings) -> Mapping[str, FieldType]:
    return taking.gives(settings.values) if settings.answer_as == "json" else {}


def _faults(settings: UseMcpToolSettings, drawn: Drawn) -> Iterable[Fault]:
    tool = settings.tool
    if not tool.server or not tool.name:
        yield "tool_missing", "Choose a server and one of its tools."
        return
    for fault in tool_arguments.find_faults(tool.arguments, tool.filled):
        yield "argument_invalid", fault
    for name in unknown("".join(tool.filled.values()), (*WORDS, *drawn.fields)):
        known = ", ".join(f"{{{{{each}}}}}" for each in (*WORDS, *drawn.fields))
        yield "insertion_unknown", f"{{{{{name}}}}} is not known here: use one of {known}."
    if settings.answer_as == "json":
        yield from taking.find_faults(settings.values)
    if "values" in drawn.leaving and not _gives(settings):
        yield (
            "values_missing",
            "It hands on values only where the answer is taken as json and values are listed: list them, or remove "
            "the edge.",
        )


@node_kind(
    "use_mcp_tool",
    title="Use an MCP tool",
    category="outside",
    settings=UseMcpToolSettings,
    inputs=[
        Socket(name="text", type="any", title="Text"),
        Socket(name="second", type="any", title="Second", required=False),
    ],
    outputs=[
        Socket(name="text", type="text", title="What it answered"),
        Socket(name="values", type="values", title="Values"),
    ],
    example={
        "tool": {
            "server": "weather",
            "name": "forecast",
            "arguments": [{"name": "city", "type": "text", "needed": True}],
            "filled": {"city": "{{text}}"},
        }
    },
    faults=_faults,
    gives=_gives,
)
async def use_mcp_tool(inputs: Inputs, settings: UseMcpToolSettings, step: Step) -> Outputs:
    """Uses a tool of an MCP server, over HTTP, and hands on what it answers.

    Only servers that the operator of this installation allowed can be chosen. What a tool takes is kept as it was when
    you chose it. Its answer is handed on as it is: a later step that shows it to the model shows it a stranger's words.
    """
    if step.tools.mcp is None:
        raise OutsideRefused("No MCP server is allowed here: the operator would have to name one.")
    tool = settings.tool
    said: dict[str, Any] = {
        "question": step.question,
        "text": as_text(inputs["text"]),
        "second": as_text(inputs["second"]) if "second" in inputs else "",
    }
    arguments = tool_arguments.fill(tool.arguments, tool.filled, said | names.fields(inputs))
    step.detail.update(server=tool.server, tool=tool.name, arguments=arguments)
    answer = await mcp.use_tool(
        step.tools.mcp,
        tool.server,
        tool.name,
        arguments,
        secret=SecretUse(settings.secret) if settings.secret else None,
        bounds=mcp.Bounds(seconds=settings.answer_within_s, most_bytes=settings.most_kilobytes * 1_000),
        repeatable=settings.repeatable,
        request_key=step.step_id,
    )
    step.detail.update(answer=answer.text[:SHOWN_CHARACTERS], left_out=list(answer.left_out))
    if settings.answer_as == "text":
        return {"text": answer.text}
    whose = f"the tool “{tool.name}”"
    document = answer.document if answer.document is not None else taking.read_json(answer.text, whose)
    return {"text": answer.text, "values": Data(taking.take(settings.values, document, whose))}
