"""Speak the Model Context Protocol over HTTP: list a server's tools, and use one. Nothing else of it, and no other way.

Every message goes through the port, which knows the servers that the operator allowed. A server is a stranger: what it
sends is bounded, read as data and checked for the little that is taken of it; what it asks of us is not heard.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from agent_runtime.errors import (
    OutsideAnswerUnfit,
    OutsideRefused,
    OutsideUnavailable,
    OutsideUnsure,
    RunFailed,
)
from agent_runtime.node_kinds import tool_arguments
from agent_runtime.node_kinds.tool_arguments import Argument, words
from agent_runtime.ports import McpServers, SecretUse, WebAnswer, WebRequest

VERSION = "2025-11-25"
KNOWN_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", VERSION)
MOST_TOOLS = 200
MOST_PAGES = 10
MOST_MESSAGES = 1_000
"""In one stream."""
GOODBYE_S = 1.0


@dataclass(frozen=True)
class Tool:
    """A tool as a server tells of it."""

    name: str
    title: str
    description: str
    arguments: list[Argument] = field(default_factory=list)
    problem: str = ""
    """Why it cannot be used here, in words; empty when it can."""


@dataclass(frozen=True)
class ToolAnswer:
    text: str
    """Its texts, one after the other."""
    document: Any
    """The same as JSON, where the server sends that; else None."""
    left_out: tuple[str, ...]
    """What was in it besides, such as "image"."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    seconds: float = 20.0
    """For all messages together."""
    most_bytes: int = 1_000_000
    """For each answer."""


async def list_tools(
    servers: McpServers, server: str, *, secret: SecretUse | None = None, bounds: Bounds | None = None
) -> list[Tool]:
    """The tools of a server, those that cannot be used among them.

    Raises:
        OutsideRefused, OutsideUnavailable: there is no such server, or it does not answer as it should.
    """
    async with _session(servers, server, secret, bounds or Bounds()) as session:
        tools: list[Tool] = []
        cursors: set[str] = set()
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await session.ask("tools/list", {} if cursor is None else {"cursor": cursor})
            listed = page.get("tools")
            if not isinstance(listed, list):
                raise session.unfit("its list of tools is none")
            tools += [_tool(each) for each in listed[: MOST_TOOLS - len(tools)] if isinstance(each, dict)]
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or cursor in cursors or len(tools) >= MOST_TOOLS:
                break
            cursors.add(cursor)
        return [tool for tool in tools if tool.name]


def _tool(told: Mapping[str, Any]) -> Tool:
    name = told.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 128 or not name.isprintable():
        return Tool("", "", "")
    title, description = words(told.get("title"), 200), words(told.get("description"), 1_000)
    try:
        return Tool(name, title, description, tool_arguments.read(told.get("inputSchema")))
    except ValueError as error:
        return Tool(name, title, description, problem=str(error))


async def use_tool(
    servers: McpServers,
    server: str,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    secret: SecretUse | None = None,
    bounds: Bounds | None = None,
    repeatable: bool = False,
    request_key: str = "",
) -> ToolAnswer:
    """What a tool answers.

    Raises:
        OutsideRefused: there is no such server or tool, or it says no.
        OutsideAnswerUnfit: what it sent is no answer of a tool.
        OutsideUnavailable: it did not answer, and asking again is safe.
        OutsideUnsure: it did not answer, and may have acted.
    """
    async with _session(servers, server, secret, bounds or Bounds()) as session:
        try:
            answer = await session.ask(
                "tools/call",
                {"name": tool, "arguments": dict(arguments)},
                headers=(("Idempotency-Key", request_key),) if request_key else (),
            )
        except OutsideUnavailable as error:
            if error.sent and not repeatable:
                raise OutsideUnsure(
                    f"{error} It may have acted all the same, so it was not asked again: look there before you "
                    "repeat this."
                ) from error
            raise
        return _answer(answer, session)


def _answer(told: Mapping[str, Any], session: "_Session") -> ToolAnswer:
    content = told.get("content", [])
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise session.unfit("what its tool answered is no answer of a tool")
    texts, left_out = [], []
    for part in content:
        inside = part.get("resource") if part.get("type") == "resource" else part
        text = inside.get("text") if isinstance(inside, dict) else None
        if isinstance(text, str) and part.get("type") in ("text", "resource"):
            texts.append(text)
        else:
            left_out.append(words(part.get("type"), 40) or "something")
    document = told.get("structuredContent")
    if document is not None and not isinstance(document, dict):
        raise session.unfit("what its tool answered is no answer of a tool")
    if told.get("isError") is True:
        raise OutsideRefused(
            f"The tool of {session.called} failed. It says: {words(' '.join(texts), 300) or 'nothing'}"
        )
    if not texts and document is not None:
        texts = [json.dumps(document, ensure_ascii=False)]
    return ToolAnswer("\n".join(texts), document, tuple(left_out))


@asynccontextmanager
async def _session(
    servers: McpServers, server: str, secret: SecretUse | None, bounds: Bounds
) -> AsyncIterator["_Session"]:
    session = _Session(servers, server, secret, bounds)
    try:
        await session.begin()
        yield session
    except Exception:
        await session.end()
        raise
    await session.end()  # but not where the run was stopped: that takes a second at most


class _Session:
    """One conversation with a server, from its greeting on."""

    def __init__(self, servers: McpServers, server: str, secret: SecretUse | None, bounds: Bounds) -> None:
        self._servers = servers
        self._server = server
        self._secret = secret
        self._bounds = bounds
        self._until = asyncio.get_running_loop().time() + bounds.seconds
        self._ids = count(1)
        self._headers: tuple[tuple[str, str], ...] = ()
        self._has_session = False
        self.called = f"the MCP server “{server}”"

    def unfit(self, what: str) -> OutsideAnswerUnfit:
        return OutsideAnswerUnfit(
            f"{_capital(self.called)} does not keep to the protocol: {what}. Tell whoever runs it."
        )

    async def begin(self) -> None:
        client = {"name": "Qanat", "version": "0.1.0"}
        greeting = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client}
        said, answer = await self._exchange("initialize", greeting)
        version = said.get("protocolVersion")
        if version not in KNOWN_VERSIONS:
            raise self.unfit(
                f"it speaks the version {words(version, 40) or 'unknown'}, which is not known here"
            )
        abilities = said.get("capabilities")
        if not isinstance(abilities, dict) or "tools" not in abilities:
            raise OutsideRefused(f"{_capital(self.called)} offers no tools: choose another.")
        headers = [("MCP-Protocol-Version", str(version))]
        session_id = answer.headers.get("mcp-session-id", "")
        if session_id:
            if len(session_id) > 500 or not all("!" <= character <= "~" for character in session_id):
                raise self.unfit("the name of its session cannot be sent back")
            headers.append(("Mcp-Session-Id", session_id))
            self._has_session = True
        self._headers = tuple(headers)
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def end(self) -> None:
        """Let the server forget the conversation; whether it heard does not matter."""
        if self._has_session:
            request = WebRequest(
                method="DELETE", url="", headers=self._headers, secret=self._secret, timeout_s=GOODBYE_S
            )
            with suppress(RunFailed):
                await self._servers.send(self._server, request)

    async def ask(
        self, method: str, parameters: Mapping[str, Any], *, headers: tuple[tuple[str, str], ...] = ()
    ) -> dict[str, Any]:
        said, _ = await self._exchange(method, parameters, headers=headers)
        return said

    async def _exchange(
        self, method: str, parameters: Mapping[str, Any], *, headers: tuple[tuple[str, str], ...] = ()
    ) -> tuple[dict[str, Any], WebAnswer]:
        """What the server says to one request: its result."""
        number = next(self._ids)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": dict(parameters)}
        answer = await self._send(message, headers=headers, number=number)
        reply = self._reply(answer, number)
        if (error := reply.get("error")) is not None:
            told = words(error.get("message"), 300) if isinstance(error, dict) else ""
            raise OutsideRefused(f"{_capital(self.called)} refused. It says: {told or 'nothing'}")
        result = reply.get("result")
        if not isinstance(result, dict):
            raise self.unfit("its answer holds no result")
        return result, answer

    async def _send(
        self,
        message: Mapping[str, Any],
        *,
        headers: tuple[tuple[str, str], ...] = (),
        number: int | None = None,
    ) -> WebAnswer:
        left_s = self._until - asyncio.get_running_loop().time()
        if left_s <= 0:
            raise OutsideUnavailable(
                f"{_capital(self.called)} took over {self._bounds.seconds:g} seconds. Ask again later.",
                sent=False,
            )
        events = _Events()
        request = WebRequest(
            method="POST",
            url="",
            headers=(
                ("Content-Type", "application/json"),
                ("Accept", "application/json, text/event-stream"),
                *self._headers,
                *headers,
            ),
            body=json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"),
            secret=self._secret,
            timeout_s=left_s,
            most_bytes=self._bounds.most_bytes,
            enough=lambda part: events.feed(part) and events.reply_to(number) is not None,
        )
        return await self._servers.send(self._server, request)

    def _reply(self, answer: WebAnswer, number: int) -> dict[str, Any]:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            events = _Events()
            events.feed(answer.body + b"\n\n")
            reply = events.reply_to(number)
        else:
            reply = _message(answer.body)
            if reply is not None and reply.get("id") != number and "error" not in reply:
                reply = None
        if reply is not None:
            return reply
        if answer.status in (401, 403):
            raise OutsideRefused(f"{_capital(self.called)} wants another key: check the secret of this step.")
        if answer.status >= 500 or answer.status in (408, 429):
            raise OutsideUnavailable(
                f"{_capital(self.called)} answered with status {answer.status}. Ask again later.",
                sent=answer.status not in (429, 503),
            )
        if answer.status >= 300:
            raise OutsideRefused(
                f"{_capital(self.called)} answered with status {answer.status}: its address may be wrong."
            )
        raise self.unfit("it answered with something else than a message")


class _Events:
    """Messages out of a stream of server-sent events, as it arrives."""

    def __init__(self) -> None:
        self._tail = b""
        self._data: list[bytes] = []
        self._messages: list[dict[str, Any]] = []

    def feed(self, part: bytes) -> bool:
        lines = (self._tail + part).split(b"\n")
        self._tail = lines.pop()
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
            elif not line and self._data:
                message = _message(b"\n".join(self._data))
                self._data = []
                if message is not None and len(self._messages) < MOST_MESSAGES:
                    self._messages.append(message)
        return True

    def reply_to(self, number: int | None) -> dict[str, Any] | None:
        """The answer to the request of this number, apart from all that a server may say besides."""
        return next(
            (
                message
                for message in self._messages
                if number is not None
                and message.get("id") == number
                and ("result" in message or "error" in message)
            ),
            None,
        )


def _message(text: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(text.decode("utf-8", "replace"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
