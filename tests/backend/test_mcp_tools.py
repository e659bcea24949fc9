"""Tools of MCP servers: a real one made with the official SDK, and servers that lie, hang, flood or talk nonsense."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest
import uvicorn
from mcp.server.mcpserver import MCPServer
from pydantic import Field

from agent_runtime import mcp, service
from agent_runtime.errors import OutsideRefused, OutsideUnavailable, OutsideUnsure
from agent_runtime.events import NodeFinished, RunFailedEvent, RunFinished
from agent_runtime.node_kinds.tool_arguments import Argument
from agent_runtime.ports import SecretUse, Tools
from backend.outside.mcp_servers import OperatorsMcpServers, allowed_servers
from backend.outside.requests import Owner
from backend.settings import McpServer, Settings
from tests.agent_runtime.making import a_graph, events_of, some_tools
from tests.backend.outside import Answer, Asked, a_service, says, secrets_in, unused_secrets

VALUE = "mcp-3f9c-planted-secret"


def a_weather_server() -> MCPServer:
    server = MCPServer("weather")

    @server.tool(title="Forecast")
    def forecast(
        city: Annotated[str, Field(description="Which city.")], days: int = 1, detail: bool | None = None
    ) -> dict[str, Any]:
        """What the weather will be."""
        return {"city": city, "degrees": 3.5, "days": days, "list": [{"sky": "fog"}]}

    @server.tool()
    def broken() -> str:
        """Always fails."""
        raise ValueError("no such station")

    return server


@asynccontextmanager
async def serving(server: MCPServer, **how: Any) -> AsyncIterator[str]:
    """The address of a real MCP server, over HTTP on this machine."""
    app = server.streamable_http_app(**how)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="on")
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        running.should_exit = running.force_exit = True
        await task


def servers_at(url: str, *, private: bool = True, **more: Any) -> OperatorsMcpServers:
    named = McpServer(name="weather", url=url, private=private, **more)
    return OperatorsMcpServers(allowed_servers([named]), Owner("ada", unused_secrets()))


def tools_with(servers: OperatorsMcpServers) -> Tools:
    return replace(some_tools(), mcp=servers)


FORM = [{"name": "city", "type": "text", "needed": True}, {"name": "days", "type": "whole number"}]


def using(filled: Mapping[str, str], name: str = "forecast", **settings: Any) -> Any:
    tool = {"server": "weather", "name": name, "arguments": FORM, "filled": dict(filled)}
    return a_graph(
        {
            "start": ("start", {}),
            "use": ("use_mcp_tool", {"tool": tool, **settings}),
            "answer": ("answer", {}),
        },
        [
            ("start.question", "use.text"),
            ("use.values" if "values" in settings else "use.text", "answer.value"),
        ],
    )


@pytest.mark.parametrize("how", [{}, {"json_response": True, "stateless_http": True}])
async def test_tools_of_a_real_server_are_listed_with_their_forms_and_used(how: dict[str, Any]) -> None:
    async with serving(a_weather_server(), **how) as url:
        servers = servers_at(url)
        forecast, broken = await mcp.list_tools(servers, "weather")
        assert (forecast.name, forecast.title, forecast.description) == (
            "forecast",
            "Forecast",
            "What the weather will be.",
        )
        assert forecast.arguments == [
            Argument(name="city", title="City", description="Which city.", type="text", needed=True),
            Argument(name="days", title="Days", type="whole number"),
            Argument(name="detail", title="Detail", type="yes or no"),
        ]
        assert broken.arguments == []
        values = [{"name": "degrees", "type": "number"}, {"name": "sky", "at": "list.0.sky"}]
        graph = using({"city": "{{text}}", "days": "2"}, answer_as="json", values=values)
        events = await events_of(graph, 'Os"lo', tools=tools_with(servers))
        assert isinstance(events[-1], RunFinished)
        assert events[-1].answer == "degrees: 3.5\nsky: fog"
        [step] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "use"]
        assert step.detail["arguments"] == {"city": 'Os"lo', "days": 2}
        with pytest.raises(OutsideRefused, match="It says: Error executing tool broken"):
            await mcp.use_tool(servers, "weather", "broken", {})
        with pytest.raises(OutsideRefused):
            await mcp.use_tool(servers, "weather", "nothing-of-the-sort", {})
        with pytest.raises(OutsideRefused):
            await mcp.use_tool(servers, "weather", "forecast", {"city": 3, "odd": 1})


Messages = Mapping[str, Any]
GREETING = {"protocolVersion": mcp.VERSION, "capabilities": {"tools": {}}, "serverInfo": {"name": "x"}}


def talking(replies: Messages, *, as_stream: bool = False) -> Answer:
    """A server that says these results, by method; a result of bytes is all that it sends."""

    def answer(asked: Asked) -> bytes:
        if asked.method == "DELETE":
            return says("")
        message = json.loads(asked.body)
        if "id" not in message:
            return says("", status=202)
        result = {"initialize": GREETING, **replies}[message["method"]]
        if isinstance(result, bytes):
            return result
        body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result})
        if as_stream:
            noise = 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n: hello\n\n'
            return says(noise + f"data: {body}\r\n\r\n", Content_Type="text/event-stream")
        return says(body, Content_Type="application/json", Mcp_Session_Id="s-1")

    return answer


def answering(text: str) -> Messages:
    return {"tools/call": {"content": [{"type": "text", "text": text}]}}


async def used(servers: OperatorsMcpServers, **how: Any) -> mcp.ToolAnswer:
    return await mcp.use_tool(servers, "weather", "forecast", {"city": "Oslo"}, **how)


async def test_an_answer_is_found_among_whatever_else_a_stream_says() -> None:
    async with a_service(talking(answering("fog"), as_stream=True)) as here:
        assert (await used(servers_at(here.address))).text == "fog"


async def test_a_conversation_is_named_and_ended() -> None:
    async with a_service(talking(answering("fog"))) as here:
        await used(servers_at(here.address), request_key="run/step/1")
        assert [each.method for each in here.asked] == ["POST", "POST", "POST", "DELETE"]
        assert {each.headers.get("mcp-session-id") for each in here.asked[1:]} == {"s-1"}
        assert {each.headers.get("mcp-protocol-version") for each in here.asked[1:]} == {mcp.VERSION}
        assert here.asked[2].headers["idempotency-key"] == "run/step/1"


@pytest.mark.parametrize(
    "replies",
    [
        {"initialize": b"HTTP/1.1 200 OK\r\n\r\nnot even json"},
        {"initialize": says("[" * 50_000)},
        {"initialize": says("")},
        {"initialize": {"protocolVersion": "1999-01-01", "capabilities": {"tools": {}}}},
        {"initialize": {"protocolVersion": ["x"] * 9, "capabilities": {"tools": {}}}},
        {"initialize": {"protocolVersion": mcp.VERSION, "capabilities": {}}},
        {"initialize": says("{}", Mcp_Session_Id="a b")},
        {"initialize": says("", status=404)},
        {"initialize": says("", status=401)},
        {"initialize": says("", status=307, Location="http://169.254.169.254/")},
        {"tools/call": {"isError": True, "content": [{"type": "text", "text": "no\n\x07 station" * 500}]}},
        {"tools/call": "a text"},
        {"tools/call": {"content": "a text"}},
        {"tools/call": {"content": [1, 2]}},
        {"tools/call": {"content": [], "structuredContent": [1]}},
        {"tools/call": says('{"jsonrpc": "2.0", "id": 77, "result": {"content": []}}')},
        {"tools/call": says('{"jsonrpc": "2.0", "id": 2, "error": "boom"}')},
        {"tools/call": says("data: {}\n\n" * 9, Content_Type="text/event-stream")},
        {"tools/call": says(b"\xff\xfe\x00", Content_Type="text/event-stream")},
    ],
)
async def test_a_server_that_does_not_keep_to_the_protocol_is_told_of_in_words(replies: Messages) -> None:
    async with a_service(talking(replies)) as here:
        with pytest.raises((OutsideRefused, OutsideUnavailable)) as refused:
            await used(servers_at(here.address))
        assert "weather" in str(refused.value)
        assert len(str(refused.value)) < 500


async def test_a_server_that_hangs_is_given_up_and_not_asked_twice() -> None:
    async def answer(asked: Asked) -> bytes:
        if b"tools/call" in asked.body:
            await asyncio.sleep(5)
        return talk(asked)

    talk: Any = talking(answering("late"))
    async with a_service(answer) as here:
        with pytest.raises(OutsideUnsure, match="may have acted"):
            await used(servers_at(here.address), bounds=mcp.Bounds(seconds=0.3))
        with pytest.raises(OutsideUnavailable) as refused:
            await used(servers_at(here.address), bounds=mcp.Bounds(seconds=0.3), repeatable=True)
        assert refused.value.can_retry


async def test_a_flood_is_not_taken() -> None:
    for content in ("text/event-stream", "application/json"):
        flood = says(b"data: x\n\n" * 200_000, Content_Type=content)
        async with a_service(talking({"tools/call": flood})) as here:
            with pytest.raises(OutsideRefused, match="larger than 100 KB"):
                await used(servers_at(here.address), bounds=mcp.Bounds(most_bytes=100_000))


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (None, "none that can be read"),
        ([], "none that can be read"),
        ({"type": "array"}, "none that can be read"),
        ({"type": "object", "properties": 3}, "none that can be read"),
        ({"type": "object", "properties": {f"a{n}": {} for n in range(10_000)}}, "10000 arguments"),
        ({"type": "object", "properties": {"a\nb": {}}}, "cannot be shown"),
        ({"type": "object", "properties": {}, "required": ["ghost"]}, "'ghost'"),
    ],
)
async def test_a_tool_whose_schema_cannot_be_true_is_listed_with_the_reason(
    schema: Any, problem: str
) -> None:
    tools = [{"name": "odd", "description": "x" * 50_000, "inputSchema": schema}, 7, {}]
    tools.append({"name": "fine", "inputSchema": {}})
    async with a_service(talking({"tools/list": {"tools": tools}})) as here:
        odd, fine = await mcp.list_tools(servers_at(here.address), "weather")
        assert problem in odd.problem
        assert len(odd.description) == 1_000
        assert (fine.arguments, fine.problem) == ([], "")


async def test_what_a_schema_refers_to_is_not_fetched_and_its_patterns_are_not_run() -> None:
    properties = {
        "a": {"$ref": "http://169.254.169.254/latest"},
        "b": {"type": "string", "pattern": "(a+)+$"},
        "c": {"enum": ["x", 3]},
        "d": {"type": ["string", "null"], "enum": ["x", "y"]},
    }
    tool = {"name": "t", "inputSchema": {"type": "object", "properties": properties}}
    async with a_service(talking({"tools/list": {"tools": [tool]}})) as here:
        [read] = await mcp.list_tools(servers_at(here.address), "weather")
        assert [each.type for each in read.arguments] == ["json", "text", "json", "choice"]


async def test_a_list_of_tools_that_never_ends_is_left() -> None:
    def answer(asked: Asked) -> bytes:
        cursor = str(len(here.asked)) if different else "same"
        tools = [{"name": f"t{len(here.asked)}", "inputSchema": {}}]
        return bytes(talking({"tools/list": {"tools": tools, "nextCursor": cursor}})(asked))  # type: ignore[arg-type]

    for different in (True, False):
        expected = mcp.MOST_PAGES if different else 2
        async with a_service(answer) as here:
            assert len(await mcp.list_tools(servers_at(here.address), "weather")) == expected


async def test_only_servers_that_the_operator_named_are_asked_and_only_at_their_address() -> None:
    async with a_service(talking(answering("fog"))) as here:
        with pytest.raises(OutsideRefused, match="not allowed here"):
            await mcp.use_tool(servers_at(here.address), "other", "forecast", {})
        with pytest.raises(OutsideRefused, match="not on the public web"):
            await used(servers_at(here.address, private=False))
        assert here.asked == []
        end = (await events_of(using({"city": "x"}), tools=some_tools()))[-1]
        assert isinstance(end, RunFailedEvent)
        assert "operator" in end.message


@pytest.mark.parametrize(
    "server",
    [
        {"name": "w", "command": "sh", "args": ["-c", "id"]},
        {"name": "w", "url": "stdio:///bin/sh"},
        {"name": "w", "url": "file:///etc/passwd"},
        {"name": "w", "url": "https://user:pass@example.org/mcp"},
        {"name": "W W", "url": "https://example.org/mcp"},
    ],
)
def test_a_server_that_is_a_command_cannot_even_be_named(server: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Settings(mcp_servers=[server])  # type: ignore[arg-type]


def test_two_servers_have_two_names() -> None:
    twice = [{"name": "w", "url": "https://example.org/mcp"}] * 2
    with pytest.raises(ValueError, match="same name"):
        Settings(mcp_servers=twice)  # type: ignore[arg-type]


async def test_secrets_go_to_the_server_and_come_back_to_nobody(tmp_path: Path) -> None:
    def answer(asked: Asked) -> bytes:
        return bytes(talking(answering(f"you sent {asked.headers}"))(asked))  # type: ignore[arg-type]

    token_file = tmp_path / "token"
    token_file.write_text("operators-long-token\n")
    async with a_service(answer) as here, secrets_in(tmp_path) as (secrets, _):
        await secrets.add("ada", name="mine", value=VALUE, hosts=[here.address])
        named = McpServer(name="weather", url=here.address, private=True, token_file=token_file)
        servers = OperatorsMcpServers(allowed_servers([named]), Owner("ada", secrets))
        by_operator = await used(servers)
        assert here.asked[0].headers["authorization"] == "Bearer operators-long-token"
        by_owner = await used(servers, secret=SecretUse("mine"))
        assert here.asked[-1].headers["authorization"] == f"Bearer {VALUE}"
        for told in (by_operator.text, by_owner.text):
            assert "[secret]" in told
            assert "long-token" not in told
            assert VALUE not in told


def test_a_builder_is_told_what_is_missing_before_it_runs() -> None:
    def codes(graph: Any) -> set[str]:
        return {problem.code for problem in service.check(graph)}

    assert codes(using({"city": "{{text}}"})) == set()
    assert codes(using({})) == {"argument_invalid"}
    assert codes(using({"city": "{{nobody}}"})) == {"insertion_unknown"}
    assert codes(using({"city": "x", "odd": "y"})) == {"argument_invalid"}
    assert codes(using({"city": "x"}, name="")) == {"tool_missing"}
    end = [problem.code for problem in service.check(using({"city": "x"}, values=[{"name": "a"}]))]
    assert end == ["values_missing"]
