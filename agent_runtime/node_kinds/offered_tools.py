"""The tools that an agent may use, as its builder ticked them: what each is for, what it takes, and how it is used.

What a use can do is settled here, before any model is asked. A model chooses among these names and fills in these
arguments; which address is asked, which vaults are read and which secret goes along, it can neither see nor say.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_runtime import mcp
from agent_runtime.errors import OutsideRefused, ValueUnfit
from agent_runtime.node_kinds import tool_arguments, web_request
from agent_runtime.node_kinds.chosen_tool import ChosenTool
from agent_runtime.node_kinds.tool_arguments import Argument
from agent_runtime.node_kinds.web_request import RequestFields
from agent_runtime.ports import Passage, SecretUse, Tools
from agent_runtime.prompting import list_passages
from agent_runtime.step import Step


@dataclass(frozen=True)
class Used:
    """What a use of a tool gave."""

    text: str
    passages: tuple[Passage, ...] = ()


Use = Callable[[Mapping[str, Any], str], Awaitable[Used]]
"""Uses a tool with these arguments; the text is the same when this very use is made again."""


@dataclass(frozen=True, kw_only=True)
class OfferedTool:
    name: str
    """What the model calls it."""
    purpose: str
    arguments: Sequence[Argument] = field(default=())
    """What the model fills in."""
    ask_first: bool = False
    """Whether a person is asked before each use."""
    use: Use

    def told(self) -> str:
        """The tool in one line, for a model."""
        takes = ", ".join(
            f"{each.name} ({each.type}{': ' + each.description if each.description else ''})"
            for each in self.arguments
        )
        return f"{self.name}: {self.purpose or 'no description'}" + (f" Takes {takes}." if takes else "")

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What a model filled in, each of its type; what it left empty is left out.

        Raises:
            ValueUnfit: one is of another type, or one that is needed is missing.
        """
        unknown = set(given) - {each.name for each in self.arguments}
        if unknown:
            raise ValueUnfit(f"The tool takes no {min(unknown)[:60]!r}.")
        filled = {}
        for argument in self.arguments:
            value = given.get(argument.name)
            if value is None or value == "":
                if argument.needed:
                    raise ValueUnfit(f"The tool needs “{argument.name}”.")
                continue
            filled[argument.name] = tool_arguments.made(argument, value)
        return filled


def search(vaults: Sequence[str], *, passages: int, step: Step) -> OfferedTool:
    """Search these vaults, and no other."""

    async def use(arguments: Mapping[str, Any], _: str) -> Used:
        known = step.tools.known_vaults
        if known is not None and not known.issuperset(vaults):
            raise OutsideRefused(
                "A vault that this agent searches is gone: its owner must choose another one."
            )
        found = await step.tools.retriever.search(
            str(arguments["question"]), vaults=tuple(vaults), limit=passages
        )
        step.unsearched.note(found.not_ready)
        kept = found.passages[:passages] if found.is_relevant else ()
        return Used(list_passages(kept) or "Nothing was found.", tuple(kept))

    return OfferedTool(
        name="search_documents",
        purpose="Finds passages in the documents that bear on a question.",
        arguments=[Argument(name="question", description="what to look for", needed=True)],
        use=use,
    )


def service(
    name: str,
    purpose: str,
    request: RequestFields,
    fills_in: Sequence[str],
    *,
    values: Mapping[str, Any],
    ask_first: bool,
    tools: Tools,
) -> OfferedTool:
    """Ask one web service, at the address that the builder wrote."""

    async def use(arguments: Mapping[str, Any], key: str) -> Used:
        made = web_request.build(request, {**arguments, **values}, request_key=key)
        answer = await web_request.send(tools.web, made, repeatable=request.repeatable)
        return Used(web_request.text_of(answer, web_request.host(made)))

    arguments = [Argument(name=each, needed=True) for each in fills_in]
    return OfferedTool(name=name, purpose=purpose, arguments=arguments, ask_first=ask_first, use=use)


def mcp_tool(
    name: str,
    chosen: ChosenTool,
    *,
    secret: str,
    seconds: float,
    values: Mapping[str, Any],
    ask_first: bool,
    tools: Tools,
) -> OfferedTool:
    """Use one tool of one server; what the builder filled in stays as it is, the rest the model fills in."""

    async def use(arguments: Mapping[str, Any], key: str) -> Used:
        if tools.mcp is None:
            raise OutsideRefused("No MCP server is allowed here: the operator would have to name one.")
        fixed = [each for each in chosen.arguments if chosen.filled.get(each.name, "").strip()]
        answer = await mcp.use_tool(
            tools.mcp,
            chosen.server,
            chosen.name,
            {**arguments, **tool_arguments.fill(fixed, chosen.filled, values)},
            secret=SecretUse(secret) if secret else None,
            bounds=mcp.Bounds(seconds=seconds),
            request_key=key,
        )
        return Used(answer.text)

    return OfferedTool(
        name=name,
        purpose=chosen.description or chosen.title,
        arguments=[each for each in chosen.arguments if not chosen.filled.get(each.name, "").strip()],
        ask_first=ask_first,
        use=use,
    )
