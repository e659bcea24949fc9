"""HTTP for the editor: which MCP servers there are, and what their tools take."""

from fastapi import APIRouter, Query
from pydantic import BaseModel

from agent_runtime import mcp
from agent_runtime.node_kinds.tool_arguments import Argument
from agent_runtime.ports import SecretUse
from backend.accounts.principal import SignedIn
from backend.errors import NotFound
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/mcp-servers", tags=["mcp servers"])


class McpServerOut(BaseModel):
    name: str


class McpToolOut(BaseModel):
    """A tool as its server tells of it; text of a stranger."""

    name: str
    title: str
    description: str
    arguments: list[Argument]
    problem: str
    """Why it cannot be used here; empty when it can."""


@router.get("", responses=errors(401))
async def list_mcp_servers(principal: SignedIn, services: ServicesDep) -> list[McpServerOut]:
    """The servers that the operator allowed."""
    return [McpServerOut(name=name) for name in services.mcp_for(principal.user.id).names()]


@router.get("/{server}/tools", responses=errors(401, 403, 404, 502))
async def list_mcp_tools(
    server: str,
    principal: SignedIn,
    services: ServicesDep,
    secret: str = Query("", max_length=60, description="The name of a stored secret to show it."),
) -> list[McpToolOut]:
    """What a server offers, asked now."""
    principal.require_person()
    servers = services.mcp_for(principal.user.id)
    if server not in servers.names():
        raise NotFound("There is no such MCP server here. The operator names those that agents may use.")
    tools = await mcp.list_tools(servers, server, secret=SecretUse(secret) if secret else None)
    return [
        McpToolOut(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            arguments=tool.arguments,
            problem=tool.problem,
        )
        for tool in tools
    ]
