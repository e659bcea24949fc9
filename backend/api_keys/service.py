"""Make, check and revoke API keys."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import uuid4

from backend.accounts.principal import Principal
from backend.accounts.service import Accounts
from backend.api_keys import store
from backend.api_keys.store import ApiKey
from backend.clock import Clock
from backend.database import Database
from backend.errors import NotFound, NotSignedIn

PREFIX = "qk_"
USE_IS_NOTED_EVERY = timedelta(minutes=1)


class ApiKeys:
    """API keys of 256 random bits; what is stored is an HMAC under `pepper`, so a stolen database signs nobody in."""

    def __init__(self, database: Database, clock: Clock, accounts: Accounts, *, pepper: bytes) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._pepper = pepper

    async def create(self, user_id: str, *, name: str, slugs: list[str] | None) -> tuple[ApiKey, str]:
        """`(key, secret)`; the secret is told this once."""
        secret = PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(
            id=uuid4().hex,
            user_id=user_id,
            name=name.strip() or "API key",
            hint=secret[:8],
            slugs=tuple(slugs) if slugs else None,
            created_at=self._clock.now(),
            last_used_at=None,
        )
        async with self._database.writing() as connection:
            await store.add(connection, key, secret_digest=self._digest(secret))
        return key, secret

    async def authenticate(self, secret: str) -> Principal:
        """Who brings this secret. Raises NotSignedIn when no key has it."""
        async with self._database.reading() as connection:
            key = await store.find_by_digest(connection, self._digest(secret))
        if key is None:
            raise NotSignedIn("This API key does not exist or was revoked. Make a new one under API keys.")
        now = self._clock.now()
        if key.last_used_at is None or now - key.last_used_at > USE_IS_NOTED_EVERY:
            async with self._database.writing() as connection:
                await store.mark_used(connection, key.id, at=now)
        user = await self._accounts.get(key.user_id)
        return Principal(user, api_key_id=key.id, slugs=frozenset(key.slugs) if key.slugs else None)

    async def list_keys(self, user_id: str) -> list[ApiKey]:
        async with self._database.reading() as connection:
            return await store.list_keys(connection, user_id)

    async def revoke(self, user_id: str, key_id: str) -> None:
        """From now on nobody gets in with it. Raises NotFound when the user has no such key."""
        async with self._database.writing() as connection:
            if not await store.remove(connection, user_id=user_id, key_id=key_id):
                raise NotFound("There is no such API key. It may have been revoked already.")

    def _digest(self, secret: str) -> str:
        return hmac.new(self._pepper, secret.encode(), hashlib.sha256).hexdigest()
