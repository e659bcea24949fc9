"""Register, sign in and sign out, by e-mail and password, by wallet, or by the first user's one-time link."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from backend.accounts import store
from backend.accounts.store import User
from backend.clock import Clock
from backend.database import Database
from backend.errors import Conflict, Invalid, NotSignedIn, WrongPassword
from backend.tries import Tries

CHALLENGE_TTL = timedelta(minutes=5)
LEAST_PASSWORD = 10
"""Ten tries in five minutes per account and per address."""


class Accounts:
    """People and their sessions.

    `create_wallet` makes a managed wallet and returns its address; `write_message` builds the EIP-4361 message
    for an address and a nonce; `verify_wallet` checks one that was signed and returns `(address, nonce)`.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        create_wallet: Callable[[], Awaitable[str]],
        write_message: Callable[[str, str], str],
        verify_wallet: Callable[[str, str], tuple[str, str]],
        session_days: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._create_wallet = create_wallet
        self._write_message = write_message
        self._verify_wallet = verify_wallet
        self._session_ttl = timedelta(days=session_days)
        self._hasher = PasswordHasher()
        self._tries = Tries()
        self._operator: User | None = None

    # People

    async def create_managed(
        self, *, name: str, email: str | None, password: str | None, is_operator: bool = False
    ) -> User:
        """A user whose wallet is kept here.

        Raises:
            Conflict: the e-mail is taken.
            Invalid: the e-mail or the password cannot be used.
        """
        email = _checked_email(email) if email is not None else None
        password_hash = await self._hash(password) if password is not None else None
        await self._require_free(email)
        user = User(
            id=uuid4().hex,
            name=_checked_name(name),
            email=email,
            address=await self._create_wallet(),
            wallet="managed",
            is_operator=is_operator,
            created_at=self._clock.now(),
        )
        async with self._database.writing() as connection:
            if email and await store.find_user(connection, email=email):
                raise _taken(email)
            await store.add_user(connection, user, password_hash=password_hash)
        return user

    async def get_operator(self) -> User:
        """The first user. Raises NotSignedIn before the first start has finished."""
        if self._operator is None:
            async with self._database.reading() as connection:
                self._operator = await store.find_operator(connection)
        if self._operator is None:
            raise NotSignedIn("This server has no owner yet: let its first start finish.")
        return self._operator

    async def find_operator(self) -> User | None:
        async with self._database.reading() as connection:
            return await store.find_operator(connection)

    async def get(self, user_id: str) -> User:
        async with self._database.reading() as connection:
            user = await store.find_user(connection, user_id=user_id)
        if user is None:
            raise NotSignedIn("That account does not exist any more.")
        return user

    async def find_by_email(self, email: str) -> User | None:
        async with self._database.reading() as connection:
            return await store.find_user(connection, email=email)

    async def change(self, user: User, *, name: str, email: str | None, password: str | None) -> User:
        """Change one's own name, e-mail or password.

        Raises:
            Conflict: the e-mail is taken. Invalid: a value cannot be used.
        """
        email = _checked_email(email) if email else None
        if user.email and not email:
            raise Invalid("An account that signs in by e-mail keeps one: enter the new address.")
        if email != user.email:
            await self._require_free(email)
        password_hash = await self._hash(password) if password else None
        async with self._database.writing() as connection:
            await store.update_user(
                connection, user.id, name=_checked_name(name), email=email, password_hash=password_hash
            )
        self._operator = None
        return await self.get(user.id)

    # Signing in

    async def sign_in(self, *, email: str, password: str, address_of_client: str) -> tuple[User, str]:
        """`(user, session token)` for the right password.

        Raises:
            WrongPassword: no such account, or another password; which one is not told.
            TooManyTries: too many wrong ones; wait.
        """
        email = email.strip().lower()
        self._tries.take(f"email:{email}", f"client:{address_of_client}", to="sign in")
        async with self._database.reading() as connection:
            user = await store.find_user(connection, email=email)
            expected = await store.find_password_hash(connection, user.id) if user else None
        # An unknown account costs the same time as a wrong password.
        stored = expected or _DUMMY_HASH
        try:
            await asyncio.to_thread(self._hasher.verify, stored, password)
        except VerificationError as error:
            raise WrongPassword("Check the e-mail and the password, then try again.") from error
        if user is None or expected is None:
            raise WrongPassword("Check the e-mail and the password, then try again.")
        return user, await self.open_session(user)

    async def challenge(self, address: str) -> str:
        """The EIP-4361 message that this wallet shall sign; good once, for five minutes."""
        nonce = secrets.token_hex(16)
        now = self._clock.now()
        message = self._write_message(address, nonce)
        async with self._database.writing() as connection:
            await store.add_challenge(
                connection, nonce=nonce, address=address, now=now, expires_at=now + CHALLENGE_TTL
            )
        return message

    async def sign_in_with_wallet(self, *, message: str, signature: str) -> tuple[User, str]:
        """`(user, session token)` for a signed challenge; a wallet seen for the first time gets an account.

        Raises:
            NotSignedIn: the signature, the message or its nonce does not hold.
        """
        address, nonce = self._verify_wallet(message, signature)
        async with self._database.writing() as connection:
            expected = await store.take_challenge(connection, nonce=nonce, now=self._clock.now())
        if expected is None or expected.lower() != address.lower():
            raise NotSignedIn("That sign-in request was used or has expired. Ask for a new one and sign it.")
        async with self._database.writing() as connection:
            user = await store.find_user(connection, address=address)
            if user is None:
                user = User(
                    id=uuid4().hex,
                    name=f"{address[:6]}…{address[-4:]}",
                    email=None,
                    address=address,
                    wallet="external",
                    is_operator=False,
                    created_at=self._clock.now(),
                )
                await store.add_user(connection, user, password_hash=None)
        return user, await self.open_session(user)

    async def make_claim_link(self, user: User) -> str:
        """A token that signs this user in once; any older one stops working."""
        token = secrets.token_urlsafe(24)
        async with self._database.writing() as connection:
            await store.replace_claim_link(connection, token=token, user_id=user.id)
        return token

    async def claim(self, token: str) -> tuple[User, str]:
        """`(user, session token)` for a one-time link. Raises NotSignedIn when it was used."""
        async with self._database.writing() as connection:
            user_id = await store.take_claim_link(connection, token)
        if user_id is None:
            raise NotSignedIn("This link was used already. The server prints a fresh one when it starts.")
        user = await self.get(user_id)
        return user, await self.open_session(user)

    async def open_session(self, user: User) -> str:
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        async with self._database.writing() as connection:
            await store.add_session(
                connection, token=token, user_id=user.id, created_at=now, expires_at=now + self._session_ttl
            )
        return token

    async def find_by_session(self, token: str) -> User | None:
        async with self._database.reading() as connection:
            return await store.find_session_user(connection, token=token, now=self._clock.now())

    async def sign_out(self, token: str) -> None:
        async with self._database.writing() as connection:
            await store.delete_session(connection, token)

    async def _require_free(self, email: str | None) -> None:
        if email is None:
            return
        async with self._database.reading() as connection:
            if await store.find_user(connection, email=email):
                raise _taken(email)

    async def _hash(self, password: str) -> str:
        if len(password) < LEAST_PASSWORD:
            raise Invalid(f"Choose a password of at least {LEAST_PASSWORD} characters.")
        return await asyncio.to_thread(self._hasher.hash, password)


_DUMMY_HASH = PasswordHasher().hash(secrets.token_hex(8))


def _taken(email: str) -> Conflict:
    return Conflict(f"{email} has an account already. Sign in with it instead.")


def _checked_email(email: str) -> str:
    email = email.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email) or len(email) > 254:
        raise Invalid("Enter an e-mail address such as name@example.org.")
    return email


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid("Enter a name of 1 to 120 characters.")
    return name
