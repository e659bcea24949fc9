"""A step asks a web service through the guard, and what goes wrong there is told in words."""

import asyncio
import base64
import gzip
import json
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from agent_runtime import service
from agent_runtime.events import Event, NodeFinished, RunFailedEvent, RunFinished
from agent_runtime.graph import Graph, OnError
from agent_runtime.ports import Tools
from knowledge_vault.guarded_http import GuardedHttp
from tests.agent_runtime.making import a_graph, events_of
from tests.backend.outside import Asked, a_service, says, secrets_in, this_machine, tools_with

VALUE = "sk-3f9c/planted+and=never&seen"


def asking(settings: Mapping[str, Any], *, then: str = "text", **on_error: Any) -> Graph:
    graph = a_graph(
        {"start": ("start", {}), "call": ("call_web_service", settings), "answer": ("answer", {})},
        [("start.question", "call.text"), (f"call.{then}", "answer.value")],
    )
    plan = OnError(**on_error) if on_error else OnError()
    nodes = [n.model_copy(update={"on_error": plan}) if n.id == "call" else n for n in graph.nodes]
    return graph.model_copy(update={"nodes": nodes})


async def asked_with(
    tools: Tools, settings: Mapping[str, Any], question: str = "Oslo", *, then: str = "text", **on_error: Any
) -> Event:
    """How the run ended."""
    graph = asking(settings, then=then, **on_error)
    return (await events_of(graph, question, tools=tools))[-1]


def said(event: Event) -> str:
    assert isinstance(event, RunFinished), event
    return event.answer


def failed(event: Event) -> RunFailedEvent:
    assert isinstance(event, RunFailedEvent), event
    return event


async def test_values_of_the_answer_go_on_by_their_names() -> None:
    def answer(asked: Asked) -> bytes:
        return says(json.dumps({"main": {"temp": 3.5}, "list": [{"name": "fog"}], "odd": None}))

    values = [
        {"name": "temperature", "at": "main.temp", "type": "number"},
        {"name": "sky", "at": "list.0.name"},
        {"name": "odd", "needed": False},
    ]
    async with a_service(answer) as here:
        settings = {"address": f"{here.address}/w?city={{{{text}}}}", "answer_as": "json", "values": values}
        tools = tools_with(this_machine(here.port))
        assert said(await asked_with(tools, settings, "Å/b?&c", then="values")) == (
            "temperature: 3.5\nsky: fog\nodd: "
        )
        assert here.asked[0].target == "/w?city=%C3%85%2Fb%3F%26c"
        for wrong in ({"name": "main"}, {"name": "gone"}, {"name": "sky", "at": "list.1.name"},
                      {"name": "temp", "at": "list.0.name", "type": "number"}):  # fmt: skip
            end = failed(await asked_with(tools, settings | {"values": [wrong]}, then="values"))
            assert end.code == "outside_answer_unfit"
            assert wrong["name"] in end.message


async def test_what_is_sent_arrives_as_it_was_drawn() -> None:
    async with a_service(lambda asked: says("ok")) as here:
        tools = tools_with(this_machine(here.port))
        hostile = 'x"}, "admin": true, {"y": "\r\nHost: evil'
        settings = {
            "method": "POST",
            "address": f"{here.address}/orders",
            "headers": [{"name": "X-Kind", "value": "a b"}],
        }
        for kind, body in (
            ("json", '{"note": "{{text}}"}'),
            ("form", "note={{text}}&b=1"),
            ("text", "{{text}}!"),
        ):
            assert said(await asked_with(tools, settings | {"body_as": kind, "body": body}, hostile)) == "ok"
        first, second, third = here.asked
        assert json.loads(first.body) == {"note": hostile}
        assert first.headers["content-type"] == "application/json"
        assert first.headers["x-kind"] == "a b"
        assert parse_qs(second.body.decode()) == {"note": [hostile], "b": ["1"]}
        assert third.body.decode() == hostile + "!"


async def test_a_secret_goes_to_its_own_host_and_comes_back_to_nobody(tmp_path: Path) -> None:
    def answer(asked: Asked) -> bytes:
        return says(
            f"You sent {asked.headers} {asked.target} {base64.b64encode(('u:' + VALUE).encode()).decode()} "
            f"{VALUE.encode().hex()}",
            X_Echo=VALUE,
        )

    async with a_service(answer) as here, secrets_in(tmp_path) as (secrets, _):
        await secrets.add("ada", name="service", value=VALUE, hosts=[here.address])
        await secrets.add("ada", name="other", value=VALUE, hosts=["api.example.org"])
        tools = tools_with(this_machine(here.port), secrets)
        settings = {"address": f"{here.address}/me", "secret": "service"}
        told = ""
        for place in ({}, {"secret_as": "header", "secret_field": "X-Key"},
                      {"secret_as": "parameter", "secret_field": "appid"}):  # fmt: skip
            events = await events_of(asking(settings | place), tools=tools)
            told += "".join(event.model_dump_json() for event in events)
            assert isinstance(events[-1], RunFinished)
        assert here.asked[0].headers["authorization"] == f"Bearer {VALUE}"
        assert here.asked[1].headers["x-key"] == VALUE
        assert here.asked[2].target == "/me?appid=sk-3f9c%2Fplanted%2Band%3Dnever%26seen"
        assert told.count("[secret]") >= 9
        for form in (VALUE, "planted", VALUE.encode().hex(), base64.b64encode(VALUE.encode()).decode()[4:20]):
            assert form not in told

        for name, owner, words in (("other", "ada", "not saved to be sent"), ("gone", "ada", "no secret called"),
                                   ("service", "bob", "no secret called")):  # fmt: skip
            mine = tools_with(this_machine(here.port), secrets, owner=owner)
            assert words in failed(await asked_with(mine, settings | {"secret": name})).message
        assert len(here.asked) == 3, "what may not go there is not even knocked with"


async def test_a_redirect_takes_no_secret_to_another_host(tmp_path: Path) -> None:
    async with secrets_in(tmp_path) as (secrets, _), a_service(lambda asked: says("stolen")) as thief:

        def leading(asked: Asked) -> bytes:
            target = "/there" if asked.target == "/here" else f"http://localhost:{thief.port}/"
            return says("", status=302, Location=target) if asked.target != "/there" else says("arrived")

        async with a_service(leading) as here:
            await secrets.add("ada", name="service", value=VALUE, hosts=[here.address])
            ports = [here.port, thief.port]
            http = GuardedHttp(ports=ports, allowed=lambda address: str(address) in ("127.0.0.1", "::1"))
            tools = tools_with(http, secrets)
            settings = {"secret": "service", "headers": [{"name": "X-Kind", "value": "private"}]}
            assert said(await asked_with(tools, settings | {"address": f"{here.address}/here"})) == "arrived"
            end = failed(await asked_with(tools, settings | {"address": f"{here.address}/away"}))
            assert "not saved to be sent" in end.message
            assert thief.asked == []
            end = failed(await asked_with(tools, {"address": f"{here.address}/away", "method": "POST"}))
            assert "followed for GET alone" in end.message
            assert thief.asked == []
            open_headers = {"headers": settings["headers"], "address": f"{here.address}/away"}
            assert said(await asked_with(tools, open_headers)) == "stolen"
            assert "x-kind" not in thief.asked[0].headers


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://localhost/",
        "http://[::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/admin",
    ],
)
async def test_the_servers_own_network_is_not_reached(address: str) -> None:
    end = failed(await asked_with(tools_with(GuardedHttp()), {"address": address}))
    assert end.code == "outside_refused"
    assert "not on the public web" in end.message


async def test_redirects_and_changing_names_lead_to_no_private_address() -> None:
    async def rebinding(host: str, port: int) -> list[Any]:
        answers.append(host)
        return [ip_address("203.0.114.1" if len(answers) == 1 else "127.0.0.1")]

    answers: list[str] = []
    async with a_service(lambda asked: says("internal")) as here:
        http = GuardedHttp(ports=[here.port], resolve=rebinding)
        settings = {"address": f"http://changing.example:{here.port}/", "answer_within_s": 0.5}
        ends = [failed(await asked_with(tools_with(http), settings)) for _ in range(2)]
        assert [end.code for end in ends] == ["outside_unavailable", "outside_refused"]
        assert here.asked == []

    for target in ("http://169.254.169.254/", "http://[::1]/", "//10.0.0.1/", "file:///etc/passwd"):
        async with a_service(lambda asked, to=target: says("", status=302, Location=to)) as here:  # type: ignore[misc]
            end = failed(
                await asked_with(tools_with(this_machine(here.port)), {"address": here.address + "/"})
            )
            assert end.code == "outside_refused"


async def test_a_service_that_hangs_floods_or_packs_a_bomb_is_given_up() -> None:
    bomb = gzip.compress(bytes(20_000_000))

    async def answer(asked: Asked) -> bytes:
        if asked.target == "/hangs":
            await asyncio.sleep(5)
        if asked.target == "/bomb":
            return says(bomb, Content_Encoding="gzip")
        return says(b"x" * 3_000_000)

    async with a_service(answer) as here:
        tools = tools_with(this_machine(here.port))
        settings = {"answer_within_s": 0.5}
        end = failed(await asked_with(tools, settings | {"address": f"{here.address}/hangs"}))
        assert (end.code, "seconds" in end.message) == ("outside_unavailable", True)
        for path in ("bomb", "flood"):
            end = failed(
                await asked_with(tools, {"address": f"{here.address}/{path}", "most_kilobytes": 300})
            )
            assert "larger than 300 KB" in end.message
        end = failed(await asked_with(tools, {"address": "http://127.0.0.1:9/"} | settings))
        assert "none of the web's" in end.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says("<html>", Content_Type="text/html"), "what it sent is none"),
        (says("[" * 100_000), "what it sent is none"),
        (says('{"a": NaN}'), "what it sent is none"),
        (says(b"\x89PNG", Content_Type="image/png"), "no text"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "did not answer well"),
        (b"\x00\x01\x02 nonsense\r\n\r\n", "did not answer well"),
        (says("", status=404), "status 404"),
    ],
)
async def test_what_is_no_answer_as_agreed_is_told_in_words(answer: bytes, words: str) -> None:
    async with a_service(lambda asked: answer) as here:
        settings = {"address": here.address, "answer_as": "json", "values": [{"name": "a"}]}
        end = failed(await asked_with(tools_with(this_machine(here.port)), settings))
        assert words in end.message


async def test_a_step_is_repeated_only_where_repeating_is_safe() -> None:
    def answer(asked: Asked) -> bytes:
        seen = sum(each.target == asked.target and each.method == asked.method for each in here.asked)
        return says("done") if seen > 1 else says("", status=502)

    plan = {"retries": 2, "pause_s": 0.0}
    async with a_service(answer) as here:
        tools = tools_with(this_machine(here.port))
        for method in ("GET", "PUT", "DELETE"):
            settings = {"address": f"{here.address}/{method}", "method": method}
            assert said(await asked_with(tools, settings, **plan)) == "done"
        settings = {"address": f"{here.address}/post", "method": "POST"}
        end = failed(await asked_with(tools, settings, **plan))
        assert end.code == "outside_unsure"
        assert "may have acted" in end.message
        assert len([each for each in here.asked if each.target == "/post"]) == 1
        known = settings | {"address": f"{here.address}/known", "repeatable": True}
        assert said(await asked_with(tools, known, **plan)) == "done"
        keys = {each.headers["idempotency-key"] for each in here.asked if each.target == "/known"}
        assert keys == {"run-1/call/1"}, "the same at every try"


async def test_a_stop_ends_a_call_that_hangs_within_a_second() -> None:
    async def answer(asked: Asked) -> bytes:
        arrived.set()
        await asyncio.sleep(5)
        return says("late")

    arrived, stop = asyncio.Event(), asyncio.Event()
    async with a_service(answer) as here:
        run = service.run(
            asking({"address": here.address}),
            "Oslo",
            tools_with(this_machine(here.port)),
            run_id="r",
            cancelled=stop,
        )
        events = []
        async with asyncio.timeout(3):
            async for event in run:
                events.append(event)
                if event.type == "node.started" and event.node_id == "call":
                    await arrived.wait()
                    stop.set()
        assert events[-1].type == "run.cancelled"


def test_a_builder_is_told_what_is_wrong_with_a_call_before_it_runs() -> None:
    def codes(settings: Mapping[str, Any], then: str = "text") -> set[str]:
        return {problem.code for problem in service.check(asking(settings, then=then))}

    good = {"address": "https://api.example.org/{{text}}"}
    assert codes(good) == set()
    assert codes({"address": "https://{{text}}/"}) == {"address_invalid"}
    assert codes(good | {"headers": [{"name": "Authorization", "value": "Bearer x"}]}) == {"header_invalid"}
    assert codes(good | {"method": "POST", "body_as": "json", "body": "{{"}) == {"body_invalid"}
    assert codes(good | {"body_as": "text", "body": "x"}) == {"body_invalid"}
    assert codes({"address": "https://api.example.org/{{nobody}}"}) == {"insertion_unknown"}
    assert codes(good | {"secret": "a", "secret_as": "header", "secret_field": "Host"}) == {
        "secret_field_invalid"
    }
    assert codes(good, then="values") == {"values_missing"}
    assert codes(good | {"answer_within_s": 1e9}) == {"setting_invalid"}


async def test_the_trace_shows_the_request_and_no_secret(tmp_path: Path) -> None:
    async with a_service(lambda asked: says("ok")) as here, secrets_in(tmp_path) as (secrets, _):
        await secrets.add("ada", name="service", value=VALUE, hosts=[here.address])
        graph = asking({"address": f"{here.address}/{{{{text}}}}", "secret": "service"})
        events = await events_of(graph, "Oslo", tools=tools_with(this_machine(here.port), secrets))
        [step] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "call"]
        assert step.detail["request"]["address"] == f"{here.address}/Oslo"
        assert step.detail["request"]["secret"] == "service"
        assert step.detail["status"] == 200
