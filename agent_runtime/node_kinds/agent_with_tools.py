"""An agent that reaches a goal by itself, with the tools that its builder ticked."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime.insertion import insert, unknown
from agent_runtime.node_kinds import names, offered_tools, places, web_request, working
from agent_runtime.node_kinds.chosen_tool import NO_TOOL, ChosenTool
from agent_runtime.node_kinds.declare import (
    Drawn,
    Fault,
    Inputs,
    Outputs,
    Settings,
    Socket,
    node_kind,
)
from agent_runtime.node_kinds.model_choice import ModelChoice
from agent_runtime.node_kinds.names import NAME_HELP, FieldName
from agent_runtime.node_kinds.offered_tools import OfferedTool
from agent_runtime.node_kinds.values import as_text, in_words
from agent_runtime.node_kinds.web_request import RequestFields
from agent_runtime.people import Whom
from agent_runtime.step import Step

WORDS = ("question", "text", "second")
_RESERVED = frozenset({"search_documents", working.FINISH})


ASK_FIRST: Any = Field(
    False,
    title="Ask me first",
    description="A person sees each use before it is made, with what the model filled in, and may refuse it.",
)


def _begin_with(*names: str) -> Callable[[dict[str, Any]], None]:
    """Put these fields of a form before those that it has from elsewhere."""

    def order(schema: dict[str, Any]) -> None:
        properties = schema["properties"]
        schema["properties"] = {name: properties[name] for name in (*names, *properties)}

    return order


class ServiceTool(RequestFields):
    """A web service that the agent may call."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra=_begin_with("name", "purpose", "fills_in", "ask_first")
    )

    name: FieldName = Field("look_up", title="Name", description=NAME_HELP)
    purpose: str = Field(
        "",
        max_length=500,
        title="What it is for",
        description="In one sentence, for the model: what it gives, and when to use it.",
    )
    fills_in: str = Field(
        "",
        max_length=500,
        title="What the model fills in",
        description="Names with commas between them, such as city, day; the address or body inserts them: {{city}}.",
    )

    ask_first: bool = ASK_FIRST

    def filled_in(self) -> list[str]:
        return list(dict.fromkeys(part.strip() for part in self.fills_in.split(",") if part.strip()))


class McpTool(BaseModel):
    """A tool of an MCP server that the agent may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: ChosenTool = Field(
        NO_TOOL,
        title="Tool",
        description="What you fill in stays as it is; what you leave empty the model fills in.",
        json_schema_extra={"format": "mcp-tool"},
    )
    secret: str = Field(
        "",
        max_length=60,
        title="Secret",
        description="A secret that you saved for this server, where it wants one.",
        json_schema_extra={"format": "secret"},
    )
    answer_within_s: float = Field(
        20.0, ge=0.5, le=120.0, title="Seconds for the answer", description="What takes longer is given up."
    )
    ask_first: bool = ASK_FIRST


class AgentWithToolsSettings(Settings):
    goal: str = Field(
        "{{text}}",
        min_length=1,
        max_length=4_000,
        title="Goal",
        description=(
            "What it is to reach, in plain words. {{question}} inserts what was asked, {{text}} the words that arrive; "
            "named values go by their names."
        ),
        json_schema_extra={"format": "template"},
    )
    vaults: list[str] = Field(
        default_factory=list,
        max_length=20,
        title="Search documents",
        description="The vaults that it may search; none, and it searches no documents.",
        json_schema_extra={"format": "vaults"},
    )
    passages: int = Field(
        4, ge=1, le=20, title="Passages", description="The most that one search may give it."
    )
    services: list[ServiceTool] = Field(
        default_factory=list,
        max_length=10,
        title="Web services",
        description="Those that it may call, each at the address that you write.",
        json_schema_extra={"format": "rows"},
    )
    mcp_tools: list[McpTool] = Field(
        default_factory=list,
        max_length=20,
        title="MCP tools",
        description="Those that it may use, of servers that the operator allowed.",
        json_schema_extra={"format": "rows"},
    )
    most_uses: int = Field(
        6, ge=1, le=30, title="Most uses of tools", description="After so many it answers with what it has."
    )
    most_characters: int = Field(
        2_000,
        ge=200,
        le=20_000,
        title="Read of each result",
        description="Characters of what a tool gave that the model reads; the rest is cut, and said to be.",
    )
    whom: Whom = Field(
        "asker",
        title="Who is asked first",
        description="`asker` is the person who asked the agent, in the chat; `owner` is you, whose agent this is.",
    )
    max_tokens: int = Field(
        256, ge=16, le=2_048, title="Length", description="The most tokens of its answer."
    )
    model: ModelChoice = ""


def _faults(settings: AgentWithToolsSettings, drawn: Drawn) -> Iterable[Fault]:
    known = (*WORDS, *drawn.fields)
    if not (settings.vaults or settings.services or settings.mcp_tools):
        yield "tool_missing", "Give it at least one tool: a vault to search, a web service, or an MCP tool."
    for name in unknown(settings.goal, known):
        yield "insertion_unknown", _unknown(name, known)
    if drawn.vaults is not None:
        for vault in settings.vaults:
            if vault not in drawn.vaults:
                yield (
                    "vault_unknown",
                    f"The vault {vault[:64]!r} does not exist or is not yours: choose another one.",
                )
    for name in names.twice([service.name for service in settings.services]):
        yield "name_taken", f"Two web services are called {name!r}: rename one."
    for service in settings.services:
        yield from _service_faults(service, known)
    for row in settings.mcp_tools:
        yield from _mcp_faults(row.tool, known)


def _service_faults(service: ServiceTool, known: Collection[str]) -> Iterable[Fault]:
    if service.name in _RESERVED:
        yield "name_taken", f"{service.name!r} means something else already: choose another name."
    filled = service.filled_in()
    for name in filled:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            yield "name_invalid", f"{name[:60]!r} cannot be a name: {NAME_HELP}"
        elif name in known:
            yield "name_taken", f"{name!r} arrives as a value already: let the model fill in another name."
        elif name not in service.inserted():
            yield (
                "insertion_unfilled",
                f"The model fills in {name!r}, and nothing of “{service.name}” inserts {{{{{name}}}}}.",
            )
    yield from web_request.find_faults(service, (*known, *filled))


def _mcp_faults(tool: ChosenTool, known: Collection[str]) -> Iterable[Fault]:
    if not tool.server or not tool.name:
        yield "tool_missing", "Choose a server and one of its tools for each MCP tool."
        return
    taken = {argument.name: argument for argument in tool.arguments}
    for name, template in tool.filled.items():
        argument = taken.get(name)
        if argument is None:
            yield "argument_invalid", f"The tool takes no {name[:60]!r}: choose the tool again."
        elif argument.type == "json" and template.strip() and (fault := places.find_json_fault(template)):
            yield "argument_invalid", f"“{argument.title or name}”: {fault}"
        for inserted in unknown(template, known):
            yield "insertion_unknown", _unknown(inserted, known)


def _unknown(name: str, known: Collection[str]) -> str:
    listed = ", ".join(f"{{{{{each}}}}}" for each in known)
    return f"{{{{{name}}}}} is not known here: use one of {listed}."


def _offered(settings: AgentWithToolsSettings, values: Mapping[str, Any], step: Step) -> list[OfferedTool]:
    offered: list[OfferedTool] = []
    if settings.vaults:
        offered.append(offered_tools.search(settings.vaults, passages=settings.passages, step=step))
    for service in settings.services:
        filled = service.filled_in()
        offered.append(
            offered_tools.service(
                service.name,
                service.purpose,
                service,
                filled,
                values={name: value for name, value in values.items() if name not in filled},
                ask_first=service.ask_first,
                tools=step.tools,
            )
        )
    for row in settings.mcp_tools:
        offered.append(
            offered_tools.mcp_tool(
                _name(row.tool, [tool.name for tool in offered]),
                row.tool,
                secret=row.secret,
                seconds=row.answer_within_s,
                values=values,
                ask_first=row.ask_first,
                tools=step.tools,
            )
        )
    return offered


def _permit(
    settings: AgentWithToolsSettings, step: Step, tool: OfferedTool, arguments: Mapping[str, Any], number: int
) -> str | None:
    """Ask a person about one use; words where they said no. The run waits for them outside of this process's time."""
    filled = "\n".join(f"{name}: {in_words(value)}" for name, value in arguments.items())
    said = step.ask_person(
        title=f"May the agent use “{tool.name}”?",
        instructions=tool.purpose,
        value=filled or "It takes nothing.",
        may_edit=False,
        whom=settings.whom,
        number=number,
    )
    step.detail.setdefault("decisions", []).append({"tool": tool.name, "decision": said.decision})
    if said.decision == "approved":
        return None
    return f"A person did not allow this. {said.note}".strip()


def _name(tool: ChosenTool, taken: Sequence[str]) -> str:
    """What the model calls a server's tool: small letters and digits, unlike any other."""
    plain = re.sub(r"[^a-z0-9]+", "_", tool.name.lower()).strip("_")[:40] or "tool"
    name, number = plain, 2
    while name in taken or name in _RESERVED:
        name, number = f"{plain}_{number}", number + 1
    return name


@node_kind(
    "agent_with_tools",
    title="Agent with tools",
    category="model",
    settings=AgentWithToolsSettings,
    inputs=[
        Socket(name="text", type="any", title="Text"),
        Socket(name="second", type="any", title="Second", required=False),
    ],
    outputs=[
        Socket(name="text", type="text", title="Its answer"),
        Socket(name="passages", type="passages", title="Passages it found"),
    ],
    example={"goal": "Find out what {{text}} costs, and say it in one sentence.", "vaults": ["your-vault"]},
    faults=_faults,
)
async def agent_with_tools(inputs: Inputs, settings: AgentWithToolsSettings, step: Step) -> Outputs:
    """Lets the model work towards a goal: it chooses among the tools you tick, uses one after the other, and answers.

    It can use nothing else, and no tool in another way than you set it up, whatever a document or a service tells it.
    Small models do best with one or two tools. Its answer is not checked against the documents: lead the passages it
    found into "Answer with sources" where that matters.
    """
    said: dict[str, Any] = {
        "question": step.question,
        "text": as_text(inputs["text"]),
        "second": as_text(inputs["second"]) if "second" in inputs else "",
    }
    values = said | names.fields(inputs)
    worker = working.Worker(
        goal=insert(settings.goal, {name: in_words(value) for name, value in values.items()}),
        tools=_offered(settings, values, step),
        model=await step.model(settings.model),
        most_uses=settings.most_uses,
        most_characters=settings.most_characters,
        max_tokens=settings.max_tokens,
        permit=partial(_permit, settings, step),
        step=step,
    )
    worked = await worker.work()
    return {"text": worked.text, "passages": worked.passages}
