"""The MCP servers that the operator allowed, each at its one address, for the steps of one owner's agents."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from agent_runtime.errors import OutsideRefused
from agent_runtime.ports import WebAnswer, WebRequest
from backend.models.connecting import may_be_private
from backend.outside.blotting import blotted
from backend.outside.requests import Owner, exchange
from backend.settings import McpServer
from knowledge_vault.addresses import is_public
from knowledge_vault.guarded_http import GuardedHttp


@dataclass(frozen=True)
class AllowedServer:
    server: McpServer
    http: GuardedHttp

    @classmethod
    def of(cls, server: McpServer) -> "AllowedServer":
        parts = urlsplit(server.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        allowed = may_be_private if server.private else is_public
        return cls(server, GuardedHttp(ports=[port], allowed=allowed))


def allowed_servers(servers: Sequence[McpServer]) -> Mapping[str, AllowedServer]:
    return {server.name: AllowedServer.of(server) for server in servers}


@dataclass(frozen=True)
class OperatorsMcpServers:
    servers: Mapping[str, AllowedServer]
    owner: Owner

    def names(self) -> Sequence[str]:
        return list(self.servers)

    async def send(self, server: str, request: WebRequest) -> WebAnswer:
        allowed = self.servers.get(server)
        if allowed is None:
            raise OutsideRefused(
                f"The MCP server {server[:60]!r} is not allowed here: the operator would have to name it."
            )
        token = await asyncio.to_thread(_token, allowed.server) if request.secret is None else None
        headers = (*request.headers, ("Authorization", f"Bearer {token}")) if token else request.headers
        asked = replace(request, url=allowed.server.url, headers=headers)
        answer = await exchange(allowed.http, self.owner, asked, whose=f"The MCP server “{server}”")
        told = {name: blotted(value.encode(), token).decode() for name, value in answer.headers.items()}
        return replace(answer, headers=told, body=blotted(answer.body, token))


def _token(server: McpServer) -> str | None:
    if server.token_file is None:
        return None
    try:
        token = server.token_file.read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        raise OutsideRefused(
            f"The operator's token for the MCP server {server.name!r} cannot be read: tell the operator."
        ) from error
    if not token or not token.isprintable():
        raise OutsideRefused(
            f"The operator's token for the MCP server {server.name!r} is none: tell the operator."
        )
    return token
