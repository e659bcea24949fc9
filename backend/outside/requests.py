"""Make one request of a step: through the guard, with the owner's secret where it may go and nowhere else.

Joins the vault's guarded connections and the stored secrets behind the runtime's ports.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from agent_runtime.errors import OutsideRefused, OutsideUnavailable
from agent_runtime.ports import SecretUse, WebAnswer, WebRequest
from backend.outside.blotting import blotted
from backend.stored_secrets.service import StoredSecrets, origin_of
from knowledge_vault.errors import PageRefused, PageUnavailable, SealBroken
from knowledge_vault.guarded_http import REDIRECTS, Connections, GuardedHttp, Response

MOST_REDIRECTS = 3
_USER_AGENT = ("User-Agent", "Qanat/0.1 (agents)")


@dataclass(frozen=True)
class Owner:
    """Whose agent asks: with this person's secrets and nobody else's."""

    id: str
    secrets: StoredSecrets


@dataclass(frozen=True)
class Answered:
    answer: WebAnswer
    leads_to: str | None
    """Where it leads on to; None when it does not."""


async def exchange(http: GuardedHttp, owner: Owner, request: WebRequest, *, whose: str) -> WebAnswer:
    """The answer to a request, redirects of a GET followed, each judged anew.

    Raises:
        OutsideRefused, OutsideUnavailable: see the port.
    """
    try:
        url = http.checked(request.url, shown=whose)
        first = origin_of(url)
        async with http.connections(whose, wall_s=request.timeout_s) as connections:
            for _ in range(MOST_REDIRECTS + 1):
                # What the builder wrote into headers was for the first host alone.
                headers = request.headers if origin_of(url) == first else ()
                told = await _ask(connections, owner, request, url, headers, whose)
                if told.leads_to is None:
                    return told.answer
                if request.method != "GET":
                    raise OutsideRefused(
                        f"{whose} leads on to another address, which is followed for GET alone: "
                        "write that address into the step."
                    )
                url = http.checked(urljoin(url, told.leads_to), shown=whose)
        raise OutsideRefused(f"{whose} leads on more than {MOST_REDIRECTS} times: check the address.")
    except PageRefused as error:
        raise OutsideRefused(f"{whose} was not asked, or its answer not taken: {error.reason}.") from error
    except PageUnavailable as error:
        raise OutsideUnavailable(
            f"{whose} did not answer well: {error.reason}. Ask again later.", sent=error.reached
        ) from error


async def _ask(
    connections: Connections,
    owner: Owner,
    request: WebRequest,
    url: str,
    headers: Sequence[tuple[str, str]],
    whose: str,
) -> Answered:
    secret = await _secret(owner, request.secret, url, whose)
    sent = [_USER_AGENT, *headers]
    if request.secret and secret:
        match request.secret.place:
            case "bearer":
                sent.append(("Authorization", f"Bearer {secret}"))
            case "header":
                sent.append((request.secret.field, secret))
            case "parameter":
                mark = "&" if "?" in url else "?"
                url += f"{mark}{quote(request.secret.field, safe='')}={quote(secret, safe='')}"
    asking = connections.ask(
        request.method, url, headers=sent, content=request.body, most_bytes=request.most_bytes
    )
    async with asking as response:
        body = await _body(response, request)
        leads_to = response.headers.get("location") if response.status in REDIRECTS else None
        shown = {name: blotted(value.encode(), secret).decode() for name, value in response.headers.items()}
        return Answered(WebAnswer(response.status, shown, blotted(body, secret)), leads_to)


async def _body(response: Response, request: WebRequest) -> bytes:
    parts = []
    async for part in response.parts:
        parts.append(part)
        if request.enough is not None and request.enough(part):
            break
    return b"".join(parts)


async def _secret(owner: Owner, use: SecretUse | None, url: str, whose: str) -> str | None:
    if use is None:
        return None
    try:
        value = await owner.secrets.reveal(owner.id, use.name, origin=origin_of(url) or "")
    except SealBroken as error:
        raise OutsideRefused(
            f"The secret {use.name!r} was altered where it is kept: its owner must save it again."
        ) from error
    if value is not None:
        return value
    if await owner.secrets.find(owner.id, use.name) is None:
        raise OutsideRefused(
            f"There is no secret called {use.name!r}: the agent's owner must save one under Secrets."
        )
    raise OutsideRefused(
        f"The secret {use.name!r} was not saved to be sent to {whose}, so nothing was sent there. "
        "Its owner can save it again with this host."
    )
