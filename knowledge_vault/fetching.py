"""Fetch a page of the public web for a user, and nothing else. How it is reached is `guarded_http.py`'s.

Each redirect is judged anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from knowledge_vault.addresses import AddressRule, is_public
from knowledge_vault.errors import PageRefused, PageUnavailable
from knowledge_vault.guarded_http import REDIRECTS, WEB_PORTS, Connections, GuardedHttp, Resolve

_USER_AGENT = "Qanat/0.1 (documents added by address)"


@dataclass(frozen=True)
class FetchLimits:
    most_bytes: int = 10_000_000
    wall_s: float = 10.0
    redirects: int = 3
    ports: tuple[int, ...] = WEB_PORTS


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
        self._http = GuardedHttp(ports=self._limits.ports, allowed=allowed, resolve=resolve)

    async def fetch(self, url: str, *, known: Freshness | None = None) -> Fetched | None:
        """The page; None when it is still the `known` one.

        Raises:
            PageRefused: the address is none that may be fetched, or what it gives is too much.
            PageUnavailable: the server did not answer well; repeating may help.
        """
        place = self._http.checked(url, shown=url)
        async with self._http.connections(url, wall_s=self._limits.wall_s) as connections:
            for _ in range(self._limits.redirects + 1):
                answer = await self._get(connections, place, known)
                if not isinstance(answer, str):
                    return answer
                place = self._http.checked(urljoin(place, answer), shown=url)
        raise PageRefused(url, reason=f"it leads on more than {self._limits.redirects} times")

    async def _get(self, connections: Connections, url: str, known: Freshness | None) -> Fetched | str | None:
        """The page, or where it leads on to, or None when it has not changed."""
        asking = connections.ask("GET", url, headers=_headers(known), most_bytes=self._limits.most_bytes)
        async with asking as response:
            told = response.headers
            if response.status in REDIRECTS and "location" in told:
                return told["location"]
            if response.status == 304 and known is not None:
                return None
            if response.status != 200:
                raise PageUnavailable(
                    connections.shown,
                    reason=f"its server answered with status {response.status}",
                    status=response.status,
                    retry_after_s=_seconds(told),
                )
            return Fetched(
                url=url,
                media_type=response.media_type,
                content=await response.body(),
                freshness=Freshness(told.get("etag", "")[:500], told.get("last-modified", "")[:500]),
            )


def _headers(known: Freshness | None) -> list[tuple[str, str]]:
    headers = [("User-Agent", _USER_AGENT), ("Accept", "text/html,*/*;q=0.8")]
    if known is not None and known.etag:
        headers.append(("If-None-Match", known.etag))
    if known is not None and known.last_modified:
        headers.append(("If-Modified-Since", known.last_modified))
    return headers


def _seconds(told: Mapping[str, str]) -> int | None:
    wait = told.get("retry-after", "")
    return int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 8 else None
