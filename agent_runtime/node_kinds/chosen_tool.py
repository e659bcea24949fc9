"""A tool of an MCP server as a builder chose it: what it was then is part of the drawing, and stays."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent_runtime.node_kinds.tool_arguments import MAX_ARGUMENTS, Argument, ArgumentName

ServerName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,39})?$")]
Template = Annotated[str, StringConstraints(max_length=20_000)]


class ChosenTool(BaseModel):
    """Which tool of which server, its form as the server told it when it was chosen, and what is filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: ServerName = Field("", title="Server", description="One that the operator allowed.")
    name: str = Field("", max_length=128, title="Tool", description="As its server calls it.")
    title: str = Field("", max_length=200, title="Title", description="As people read it.")
    description: str = Field(
        "", max_length=1_000, title="Description", description="What its server says that it does."
    )
    arguments: list[Argument] = Field(
        default_factory=list,
        max_length=MAX_ARGUMENTS,
        title="Form",
        description="What it takes.",
    )
    filled: dict[ArgumentName, Template] = Field(
        default_factory=dict,
        max_length=MAX_ARGUMENTS,
        title="Filled in",
        description="For each argument a text into which values may be inserted.",
    )


NO_TOOL = ChosenTool.model_validate({})
