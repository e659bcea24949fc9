"""Fetch a page of the public web for a user, and nothing else: no private address, however it is written or reached.

A name is resolved once, every address it has must be public, and the connection goes to one of those very addresses, so
that a name that changes its mind in between gains nothing. Each redirect is judged anew. Settings of the environment
(proxies, certificates, .netrc) are not read. The only home of httpcore.
"""

import asyncio
import socket
import zlib
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpcore

from knowledge_vault.addresses import Address, AddressRule, is_public, read_address
from knowledge_vault.errors import PageRefused, PageUnavailable

_REDIRECTS = (301, 302, 303, 307, 308)
_USER_AGENT = "Qanat/0.1 (documents added by address)"
Resolve = Callable[[str, int], Awaitable[Collection[Address]]]
"""The addresses of a name, for a port. Raises OSError when it has none."""


@dataclass(frozen=True)
class FetchLimits:
    most_bytes: int = 10_000_000
    wall_s: float = 10.0
    redirects: int = 3
    ports: tuple[int, ...] = (80, 443)


@dataclass(frozen=True)
class Freshness:
    """What a server said of the version it sent, to ask whether there is a newer one."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Fetched:
    url: str
    """Where it was in the end, after redirects."""
    media_type: str
    content: bytes
    freshness: Freshness


class Fetcher:
    def __init__(
        self,
        *,
        limits: FetchLimits | None = None,
        allowed: AddressRule = is_public,
        resolve: Resolve | None = None,
    ) -> None:
        """`allowed` and `resolve` are other than the default only in tests; no setting reaches them."""
        self._limits = limits or FetchLimits()
        self._backend = _GuardedBackend(allowed, resolve or _resolve)

    async def fetch(self, url: str, *, known: Freshness | None = None) -> Fetched | None:
        """The page; None when it is still the `known` one.

        Raises:
            PageRefused: the address is none that may be fetched, or what it gives is too much.
            PageUnavailable: the server did not answer well; repeating may help.
        """
        place = self._checked(url, shown=url)
        try:
            async with (
                asyncio.timeout(self._limits.wall_s),
                httpcore.AsyncConnectionPool(network_backend=self._backend, retries=0) as pool,
            ):
                for _ in range(self._limits.redirects + 1):
                    answer = await self._get(pool, place, known, shown=url)
                    if not isinstance(answer, str):
                        return answer
                    place = self._checked(urljoin(place, answer), shown=url)
        except TimeoutError as error:
            raise PageUnavailable(url, reason=f"it took over {self._limits.wall_s:.0f} seconds") from error
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise PageUnavailable(url, reason="its server could not be reached") from error
        raise PageRefused(url, reason=f"it leads on more than {self._limits.redirects} times")

    def _checked(self, url: str, *, shown: str) -> str:
        """The address without its fragment, if it is one of a web page."""
        try:
            parts = urlsplit(url.strip())
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise PageRefused(shown, reason="it is no well-formed address") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PageRefused(shown, reason="only http and https addresses are fetched")
        if parts.username is not None or parts.password is not None:
            raise PageRefused(shown, reason="an address with a name or password in it is not fetched")
        if port not in self._limits.ports:
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

    async def _get(
        self, pool: httpcore.AsyncConnectionPool, url: str, known: Freshness | None, *, shown: str
    ) -> Fetched | str | None:
        """The page, or where it leads on to, or None when it has not changed."""
        headers = {
            "User-Agent": _USER_AGENT,
            "Accept": "text/html,*/*;q=0.8",
            "Accept-Encoding": "gzip, identity",
        }
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        headers["Host"] = urlsplit(url).netloc
        async with pool.stream("GET", url, headers=list(headers.items())) as response:
            told = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            if response.status in _REDIRECTS and "location" in told:
                return told["location"]
            if response.status == 304 and known is not None:
                return None
            if response.status != 200:
                wait = told.get("retry-after", "")
                raise PageUnavailable(
                    shown,
                    reason=f"its server answered with status {response.status}",
                    status=response.status,
                    retry_after_s=int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 8 else None,
                )
            content = await self._body(response, told.get("content-encoding", ""), shown)
        return Fetched(
            url=url,
            media_type=told.get("content-type", "").partition(";")[0].strip().lower(),
            content=content,
            freshness=Freshness(told.get("etag", "")[:500], told.get("last-modified", "")[:500]),
        )

    async def _body(self, response: httpcore.Response, encoding: str, shown: str) -> bytes:
        most = self._limits.most_bytes
        unpack = None
        if encoding.strip().lower() == "gzip":
            unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
        elif encoding.strip().lower() not in ("", "identity"):
            raise PageRefused(shown, reason=f"it is packed in a way that is not read ({encoding[:40]})")
        parts: list[bytes] = []
        size = packed = 0
        async for part in response.aiter_stream():
            packed += len(part)
            try:
                part = part if unpack is None else unpack.decompress(part, most + 1 - size)
            except zlib.error as error:
                raise PageUnavailable(shown, reason="what it sent is damaged") from error
            size += len(part)
            parts.append(part)
            if size > most or packed > most:
                raise PageRefused(shown, reason=f"it is larger than {most // 1_000_000} MB")
        return b"".join(parts)


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
            raise OSError(f"{host} has no address")
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
        raise OSError(f"{host} does not answer") from failed

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
