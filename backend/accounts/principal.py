"""Who asks. One path for every way of proving it, so that a check cannot be skipped by another header."""

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from backend.accounts.store import User
from backend.errors import Forbidden, NotSignedIn

COOKIE = "qanat_session"
CSRF_HEADER = "X-Qanat"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Principal:
    """Somebody who proved who they are, and how."""

    user: User
    api_key_id: str | None = None
    """The API key they used; `None` for a browser session or the owner's own command line."""
    slugs: frozenset[str] | None = None
    """The agents this key may use; `None` for all."""

    @property
    def tenant_id(self) -> str:
        return self.user.id

    def require_person(self) -> None:
        """Refuse an API key where only a signed-in person may act (money, keys, publishing)."""
        if self.api_key_id is not None:
            raise Forbidden("An API key cannot do this. Sign in with a browser or use the command line.")

    def require_operator(self) -> None:
        self.require_person()
        if not self.user.is_operator:
            raise Forbidden("Only the operator of this server may do this.")


async def find_principal(request: Request) -> Principal | None:
    """The principal of this request, or `None` when it brings no proof at all.

    Raises:
        NotSignedIn: a proof was brought that does not hold.
        Forbidden: a browser request that changes something lacks the header other sites cannot send.
    """
    services = request.app.state.services
    authorization = request.headers.get("Authorization", "")
    if authorization:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise NotSignedIn("The Authorization header must read `Bearer <API key>`.")
        secret = secret.strip()
        if hmac.compare_digest(secret.encode(), services.local_token().encode()):
            return Principal(await services.accounts.get_operator())
        return await services.api_keys.authenticate(secret)  # type: ignore[no-any-return]
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    user = await services.accounts.find_by_session(token)
    if user is None:
        raise NotSignedIn("Your session has ended. Sign in again; nothing was lost.")
    if request.method not in SAFE_METHODS and CSRF_HEADER not in request.headers:
        raise Forbidden(f"Requests that change something need the header `{CSRF_HEADER}: 1`.")
    return Principal(user)


async def get_principal(request: Request) -> Principal:
    """As `find_principal`, but somebody must be there."""
    principal = await find_principal(request)
    if principal is None:
        raise NotSignedIn(
            "Sign in, or send an API key as `Authorization: Bearer …` (make one under API keys)."
        )
    return principal


SignedIn = Annotated[Principal, Depends(get_principal)]
