"""Only pages of the public web are fetched, whatever an address looks like, resolves to or leads on to."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from knowledge_vault.addresses import Address, is_public
from knowledge_vault.errors import PageRefused, PageUnavailable
from knowledge_vault.fetching import Fetcher, FetchLimits, Freshness

HOSTILE = [
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://localhost/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::80ff:fffe]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://[::127.0.0.1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://198.18.0.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://user:secret@example.com/",
    "http://example.com:6333/",
    "http://example.com:5432/",
    "http://example.com:99999/",
    "https://example.com:22/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "ftp://example.com/",
    "//example.com/",
    "example.com",
    "http://",
    "http:///path",
    "http://exa mple.com/",
    "http://example.com/\r\nHost: 127.0.0.1",
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
async def test_an_address_that_is_not_on_the_public_web_is_refused(url: str) -> None:
    with pytest.raises((PageRefused, PageUnavailable)) as refused:
        await Fetcher(limits=FetchLimits(wall_s=5)).fetch(url)
    # What is no name to the system's resolver never gets as far as a connection.
    assert isinstance(refused.value, PageRefused) or isinstance(refused.value.__cause__, socket.gaierror)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "192.0.0.1", "240.0.0.1", "224.0.0.1", "::1", "fe80::1",
     "::ffff:10.0.0.1", "2002:a00:1::", "64:ff9b::a00:1", "2001:0:a00:1::1", "2001:db8::1", "fec0::1",
     "2606:4700::5efe:a00:1", "2606:4700::200:5efe:a00:1"],
)  # fmt: skip
def test_no_private_address_is_public_in_any_wrapping(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_public_addresses_are(address: str) -> None:
    assert is_public(ip_address(address))


Answer = Callable[[str, dict[str, str]], bytes]
"""What the server says to a path with these headers."""


@asynccontextmanager
async def a_server(answer: Answer) -> AsyncIterator[tuple[int, list[str]]]:
    """A real HTTP server on this machine: its port, and the paths that were asked for."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = lines[0].split(" ")[1]
        asked.append(path)
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        writer.write(answer(path, headers))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


def page(body: bytes, *, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def resolving(*answers: Collection[str]) -> Callable[[str, int], Awaitable[Collection[Address]]]:
    """A name server that says something else each time it is asked, the last answer for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Collection[Address]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        return [ip_address(each) for each in answer]

    return resolve


def only_here(port: int, **limits: float) -> Fetcher:
    """A fetcher that may reach this machine's own test server: the guard is widened where it is made."""
    return Fetcher(
        limits=FetchLimits(ports=(port,), **limits),  # type: ignore[arg-type]  # numbers of both kinds
        allowed=lambda address: str(address) == "127.0.0.1",
    )


async def test_a_page_is_fetched_with_what_tells_its_version() -> None:
    def answer(path: str, headers: dict[str, str]) -> bytes:
        if headers.get("if-none-match") == '"1"':
            return page(b"", status="304 Not Modified")
        return page(b"<p>Bees", Content_Type="text/html; charset=utf-8", ETag='"1"', Last_Modified="Mon")

    async with a_server(answer) as (port, _):
        found = await only_here(port).fetch(f"http://127.0.0.1:{port}/bees#top")
        assert found is not None
        assert (found.content, found.media_type) == (b"<p>Bees", "text/html")
        assert found.url == f"http://127.0.0.1:{port}/bees"
        assert found.freshness == Freshness('"1"', "Mon")
        assert await only_here(port).fetch(f"http://127.0.0.1:{port}/bees", known=found.freshness) is None


async def test_the_server_of_a_test_is_refused_by_the_fetcher_of_the_product() -> None:
    async with a_server(lambda path, headers: page(b"x")) as (port, asked):
        with pytest.raises(PageRefused, match="not on the public web"):
            await Fetcher(limits=FetchLimits(ports=(port,))).fetch(f"http://127.0.0.1:{port}/")
        assert asked == []


async def test_a_name_that_changes_its_address_after_the_check_gains_nothing() -> None:
    async with a_server(lambda path, headers: page(b"secret")) as (port, asked):
        fetcher = Fetcher(
            limits=FetchLimits(ports=(port,), wall_s=1), resolve=resolving(["203.0.114.1"], ["127.0.0.1"])
        )
        with pytest.raises(PageUnavailable):
            await fetcher.fetch(f"http://rebinding.example:{port}/")
        with pytest.raises(PageRefused):
            await fetcher.fetch(f"http://rebinding.example:{port}/")
        assert asked == []


async def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    fetcher = Fetcher(resolve=resolving(["1.1.1.1", "10.0.0.1"]))
    with pytest.raises(PageRefused, match="not on the public web"):
        await fetcher.fetch("http://mixed.example/")


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data/", "//[::1]/", "file:///etc/passwd", "http://localhost:6333/"],
)
async def test_a_redirect_to_a_private_place_is_refused(target: str) -> None:
    async with a_server(lambda path, headers: page(b"", status="302 Found", Location=target)) as (port, _):
        with pytest.raises(PageRefused):
            await only_here(port).fetch(f"http://127.0.0.1:{port}/")


async def test_three_redirects_are_followed_and_no_more() -> None:
    def answer(path: str, headers: dict[str, str]) -> bytes:
        left = int(path[1:])
        return page(b"there") if left == 0 else page(b"", status="301 Moved", Location=f"/{left - 1}")

    async with a_server(answer) as (port, asked):
        found = await only_here(port).fetch(f"http://127.0.0.1:{port}/3")
        assert found is not None
        assert found.content == b"there"
        with pytest.raises(PageRefused, match="leads on more than 3 times"):
            await only_here(port).fetch(f"http://127.0.0.1:{port}/4")
        assert len(asked) == 8


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_server(lambda path, headers: page(b"direct")) as (port, asked):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        found = await only_here(port).fetch(f"http://127.0.0.1:{port}/x")
        assert found is not None
        assert asked == ["/x"]


async def test_too_much_too_slow_and_too_well_packed_are_refused() -> None:
    bomb = gzip.compress(bytes(50_000_000))

    def answer(path: str, headers: dict[str, str]) -> bytes:
        if path == "/bomb":
            return page(bomb, Content_Encoding="gzip")
        if path == "/small":
            return page(gzip.compress(b"Bees"), Content_Encoding="gzip")
        return (
            page(bytes(20_000_000)) if path == "/big" else b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow"
        )

    async with a_server(answer) as (port, _):
        fetcher = only_here(port, wall_s=2)
        small = await fetcher.fetch(f"http://127.0.0.1:{port}/small")
        assert small is not None
        assert small.content == b"Bees"
        for path in ("bomb", "big"):
            with pytest.raises(PageRefused, match="larger than 10 MB"):
                await fetcher.fetch(f"http://127.0.0.1:{port}/{path}")
        with pytest.raises(PageUnavailable):
            await fetcher.fetch(f"http://127.0.0.1:{port}/slow")
