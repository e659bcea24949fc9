"""Connections to model servers, which lead only where the operator allowed.

A server on the public web is reached at public addresses and nowhere else, whatever its name leads to. One that the
operator called private may be anywhere but at the addresses by which machines in a cloud hand out their own secrets.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address

import httpx

from knowledge_vault.addresses import Address, AddressRule, is_public, read_address

Resolve = Callable[[str, int], Awaitable[Collection[Address]]]
"""The addresses of a name, for a port. Raises OSError when it has none."""


_CLOUD_DOORS = {ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")}
"""Where clouds hand out secrets, besides link-local addresses."""
_TRIED = 3
"""Addresses of one name; `localhost` often has two, and the server listens at the second."""


def may_be_private(address: Address) -> bool:
    """Whether a private server may have this address: any but link-local ones and those that are no one machine's."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_loopback:
        return True
    nowhere = plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved
    return not nowhere and plain not in _CLOUD_DOORS


def guarded_client(
    *, is_private: bool, silence_s: float, resolve: Resolve | None = None
) -> httpx.AsyncClient:
    """A client whose every connection is judged. It follows no redirects and reads no settings of the environment."""
    return httpx.AsyncClient(
        transport=GuardedTransport(
            may_be_private if is_private else is_public, resolve=resolve or resolve_name
        ),
        timeout=httpx.Timeout(silence_s, connect=10.0),
        follow_redirects=False,
        trust_env=False,
    )


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolves each name once, judges every address it has, and connects to one of those very addresses."""

    def __init__(self, allowed: AddressRule, *, resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise httpx.ConnectError(f"{host} has no address", request=request) from error
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise httpx.ConnectError(f"{host} is not where model servers may be", request=request)
        request.extensions["sni_hostname"] = host  # the certificate is the name's
        failed: httpx.ConnectError | None = None
        for address in list(addresses)[:_TRIED]:
            request.url = request.url.copy_with(host=str(address))
            try:
                return await self._inner.handle_async_request(request)
            except httpx.ConnectError as error:  # nothing was sent yet
                failed = error
        raise failed or httpx.ConnectError(f"{host} does not answer", request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def resolve_name(host: str, port: int) -> Collection[Address]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(read_address(str(place[0])) for *_, place in found))
