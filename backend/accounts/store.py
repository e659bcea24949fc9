"""Users, sessions, one-time links and wallet challenges in SQL. Secrets are kept as digests only."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database import metadata

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("email", String(254), unique=True),
    Column("password_hash", String(200)),
    Column("address", String(42), nullable=False, unique=True),
    Column("wallet", String(8), nullable=False),  # managed | external
    Column("is_operator", Boolean, nullable=False),
    Column("created_at", String(32), nullable=False),
)
sessions = Table(
    "sessions",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
)
claim_links = Table(
    "claim_links",
    metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
)
wallet_challenges = Table(
    "wallet_challenges",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("address", String(42), nullable=False),
    Column("expires_at", String(32), nullable=False),
)


@dataclass(frozen=True)
class User:
    id: str
    name: str
    email: str | None
    address: str
    """The wallet's checksummed address."""
    wallet: str
    """`managed` (its key is kept here, sealed) or `external`."""
    is_operator: bool
    """May see the state of the server and settle at once; the first user is."""
    created_at: datetime


def digest(secret: str) -> str:
    """What is stored of a random secret: enough to recognise it, useless to a thief."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _user(row: Any) -> User:
    return User(
        id=row.id,
        name=row.name,
        email=row.email,
        address=row.address,
        wallet=row.wallet,
        is_operator=row.is_operator,
        created_at=datetime.fromisoformat(row.created_at),
    )


async def add_user(connection: AsyncConnection, user: User, *, password_hash: str | None) -> None:
    await connection.execute(
        insert(users).values(
            id=user.id,
            name=user.name,
            email=user.email,
            password_hash=password_hash,
            address=user.address,
            wallet=user.wallet,
            is_operator=user.is_operator,
            created_at=user.created_at.isoformat(),
        )
    )


async def update_user(
    connection: AsyncConnection, user_id: str, *, name: str, email: str | None, password_hash: str | None
) -> None:
    """Change what is given; `password_hash=None` keeps the one there is."""
    values: dict[str, Any] = {"name": name, "email": email}
    if password_hash is not None:
        values["password_hash"] = password_hash
    await connection.execute(update(users).where(users.c.id == user_id).values(**values))


async def find_user(
    connection: AsyncConnection,
    *,
    user_id: str | None = None,
    email: str | None = None,
    address: str | None = None,
) -> User | None:
    query = select(users)
    if user_id is not None:
        query = query.where(users.c.id == user_id)
    if email is not None:
        query = query.where(users.c.email == email)
    if address is not None:
        query = query.where(users.c.address == address)
    row = (await connection.execute(query)).first()
    return _user(row) if row else None


async def find_operator(connection: AsyncConnection) -> User | None:
    """The first user, who was made with the data folder."""
    query = select(users).where(users.c.is_operator).order_by(users.c.created_at)
    row = (await connection.execute(query)).first()
    return _user(row) if row else None


async def find_password_hash(connection: AsyncConnection, user_id: str) -> str | None:
    found: str | None = (
        await connection.execute(select(users.c.password_hash).where(users.c.id == user_id))
    ).scalar()
    return found


async def add_session(
    connection: AsyncConnection, *, token: str, user_id: str, created_at: datetime, expires_at: datetime
) -> None:
    await connection.execute(delete(sessions).where(sessions.c.expires_at < created_at.isoformat()))
    await connection.execute(
        insert(sessions).values(
            token_digest=digest(token),
            user_id=user_id,
            created_at=created_at.isoformat(),
            expires_at=expires_at.isoformat(),
        )
    )


async def find_session_user(connection: AsyncConnection, *, token: str, now: datetime) -> User | None:
    query = (
        select(users)
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(sessions.c.token_digest == digest(token), sessions.c.expires_at > now.isoformat())
    )
    row = (await connection.execute(query)).first()
    return _user(row) if row else None


async def delete_session(connection: AsyncConnection, token: str) -> None:
    await connection.execute(delete(sessions).where(sessions.c.token_digest == digest(token)))


async def replace_claim_link(connection: AsyncConnection, *, token: str, user_id: str) -> None:
    """One link at a time: an older one stops working."""
    await connection.execute(delete(claim_links).where(claim_links.c.user_id == user_id))
    await connection.execute(insert(claim_links).values(token_digest=digest(token), user_id=user_id))


async def take_claim_link(connection: AsyncConnection, token: str) -> str | None:
    """The user that the link signs in, once; `None` when it was used or never made."""
    query = select(claim_links.c.user_id).where(claim_links.c.token_digest == digest(token))
    user_id: str | None = (await connection.execute(query)).scalar()
    await connection.execute(delete(claim_links).where(claim_links.c.token_digest == digest(token)))
    return user_id


async def add_challenge(
    connection: AsyncConnection, *, nonce: str, address: str, now: datetime, expires_at: datetime
) -> None:
    await connection.execute(
        delete(wallet_challenges).where(wallet_challenges.c.expires_at < now.isoformat())
    )
    await connection.execute(
        insert(wallet_challenges).values(nonce=nonce, address=address, expires_at=expires_at.isoformat())
    )


async def take_challenge(connection: AsyncConnection, *, nonce: str, now: datetime) -> str | None:
    """The address the nonce was given to, once; `None` when it was used, expired or never given."""
    query = select(wallet_challenges).where(wallet_challenges.c.nonce == nonce)
    row = (await connection.execute(query)).first()
    await connection.execute(delete(wallet_challenges).where(wallet_challenges.c.nonce == nonce))
    if row is None or row.expires_at <= now.isoformat():
        return None
    address: str = row.address
    return address
