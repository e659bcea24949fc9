"""Speak HTTP with the public web and with nothing else: no private address, however it is written or reached.

A name is resolved once, every address it has must be public, and the connection goes to one of those very addresses, so
that a name that changes its mind in between gains nothing. Redirects are not followed here: whoever follows one has it
judged anew. Settings of the environment (proxies, certificates, .netrc) are not read. The only home of httpcore.
"""

import asyncio
import socket
import zlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpcore

from knowledge_vault.addresses import Address, AddressRule, is_public, read_address
from knowledge_vault.errors import PageRefused, PageUnavailable

REDIRECTS = (301, 302, 303, 307, 308)
WEB_PORTS = (80, 443)
Resolve = Callable[[str, int], Awaitable[Collection[Address]]]
"""The addresses of a name, for a port. Raises OSError when it has none."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    """By name in small letters; of several with one name the last."""
    parts: AsyncIterator[bytes]
    """The body as it arrives, unpacked; it raises PageRefused once there is too much of it."""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        return b"".join([part async for part in self.parts])


@dataclass(frozen=True)
class Connections:
    """What stays open during one exchange."""

    pool: httpcore.AsyncConnectionPool
    shown: str
    """The address as a person knows it, for errors."""

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]],
        content: bytes | None = None,
        most_bytes: int,
    ) -> AsyncIterator[Response]:
        """The answer to one request, for an address that `GuardedHttp.checked` gave. Its body is read inside the block.

        Raises:
            PageRefused: the name leads to an address that is not allowed, or the body is too much.
        """
        sent = [("Host", urlsplit(url).netloc), *headers, ("Accept-Encoding", "gzip, identity")]
        if content is not None:
            sent.append(("Content-Length", str(len(content))))
        async with self.pool.stream(method, url, headers=sent, content=content) as response:
            told = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            parts = _unpacked(response, told.get("content-encoding", ""), self.shown, most_bytes)
            async with aclosing(parts):
                yield Response(response.status, told, parts)


class GuardedHttp:
    def __init__(
        self,
        *,
        ports: Sequence[int] = WEB_PORTS,
        allowed: AddressRule = is_public,
        resolve: Resolve | None = None,
    ) -> None:
        """`allowed` and `resolve` are other than the default in tests, and for servers that the operator named."""
        self._ports = tuple(ports)
        self._backend = _GuardedBackend(allowed, resolve or _resolve)

    @asynccontextmanager
    async def connections(self, shown: str, *, wall_s: float) -> AsyncIterator[Connections]:
        """Connections that live for the block, which may take so many seconds.

        Raises:
            PageUnavailable: it took longer, or a server did not answer well.
        """
        try:
            async with (
                asyncio.timeout(wall_s),
                httpcore.AsyncConnectionPool(network_backend=self._backend, retries=0) as pool,
            ):
                yield Connections(pool, shown)
        except TimeoutError as error:
            raise PageUnavailable(shown, reason=f"it took over {wall_s:.0f} seconds") from error
        except (_Unreachable, socket.gaierror, httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise PageUnavailable(shown, reason="its server could not be reached", reached=False) from error
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise PageUnavailable(shown, reason="its server could not be reached") from error

    def checked(self, url: str, *, shown: str) -> str:
        """The address without its fragment, if it is one of the web.

        Raises:
            PageRefused: it is not.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise PageRefused(shown, reason="it is no well-formed address") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PageRefused(shown, reason="only http and https addresses are fetched")
        if parts.username is not None or parts.password is not None:
            raise PageRefused(shown, reason="an address with a name or password in it is not fetched")
        if port not in self._ports:
            raise PageRefused(shown, reason=f"port {port} is none of the web's")
        if any(character.isspace() or not character.isprintable() for character in url.strip()):
            raise PageRefused(shown, reason="it is no well-formed address")
        try:
            host = (
                parts.hostname.encode("idna").decode("ascii")
                if not parts.hostname.isascii()
                else parts.hostname
            )
        except UnicodeError as error:
            raise PageRefused(shown, reason="it is no well-formed address") from error
        host = f"[{host}]" if ":" in host else host
        place = f"{host}:{parts.port}" if parts.port else host
        return urlunsplit((parts.scheme, place, _ascii(parts.path) or "/", _ascii(parts.query), ""))


async def _unpacked(
    response: httpcore.Response, encoding: str, shown: str, most: int
) -> AsyncGenerator[bytes, None]:
    unpack = None
    if encoding.strip().lower() == "gzip":
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    elif encoding.strip().lower() not in ("", "identity"):
        raise PageRefused(shown, reason=f"it is packed in a way that is not read ({encoding[:40]})")
    size = packed = 0
    async for part in response.aiter_stream():
        packed += len(part)
        try:
            part = part if unpack is None else unpack.decompress(part, most + 1 - size)
        except zlib.error as error:
            raise PageUnavailable(shown, reason="what it sent is damaged") from error
        size += len(part)
        if size > most or packed > most:
            raise PageRefused(shown, reason=f"it is larger than {_size(most)}")
        yield part


def _size(size_bytes: int) -> str:
    return f"{size_bytes // 1_000_000} MB" if size_bytes >= 1_000_000 else f"{size_bytes // 1_000} KB"


class _Unreachable(OSError):
    """Nothing was sent."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that were judged, and to nothing else."""

    def __init__(self, allowed: AddressRule, resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise _Unreachable(f"{host} has no address")
        if not all(self._allowed(address) for address in addresses):
            raise PageRefused(host, reason="it is not on the public web")
        failed: Exception | None = None
        for address in list(addresses)[:3]:
            try:
                return await self._real.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (OSError, httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise _Unreachable(f"{host} does not answer") from failed

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's own signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise PageRefused(path, reason="it is not on the public web")

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


async def _resolve(host: str, port: int) -> Collection[Address]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(read_address(str(place[0])) for *_, place in found))


def _ascii(text: str) -> str:
    """Percent-encoded where it is not ASCII."""
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in text)
