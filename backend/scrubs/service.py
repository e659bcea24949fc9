"""Open all that is sealed for one person outside of vaults, to find what was altered before somebody needs it.

Chats, runs, agents and stored secrets, the key that they hang on, and the key of the wallet. Documents are the vault's
to look at.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, func, select

from backend.agent_tests.store import agent_test_results, agent_tests
from backend.agents.kept_drafts import kept_drafts
from backend.agents.store import agent_versions, agents
from backend.chats.store import chats, messages
from backend.database import Database
from backend.facts.store import facts
from backend.inquiries.store import inquiries
from backend.runs.store import runs
from backend.sealed import SealerFor
from backend.stored_secrets.service import label_context, value_context
from backend.stored_secrets.store import stored_secrets
from knowledge_vault.errors import SealBroken

_PAGE = 200


@dataclass(frozen=True)
class RecordDamage:
    kind: str
    """`key`, `wallet`, `chat`, `message`, `run`, `inquiry`, `agent draft`, `kept draft`, `agent version`, `test`,
    `test result` or `stored secret`."""
    id: str
    """Of the row; of a key and a wallet, the person's."""


@dataclass(frozen=True)
class ScrubbedRecords:
    """How far a scrub has come."""

    done: int
    total: int
    damage: tuple[RecordDamage, ...]
    """What was found damaged since the value before."""


@dataclass(frozen=True)
class _Kind:
    name: str
    table: Table
    sealed: Column[bytes]
    context: Callable[[Any], tuple[str, ...]]
    """Of a row."""
    is_of: Callable[[str], ColumnElement[bool]]
    """Rows of a person."""


def _agents_of(person: str) -> Select[tuple[str]]:
    return select(agents.c.id).where(agents.c.owner_id == person)


_KINDS: Sequence[_Kind] = (
    _Kind(
        "chat",
        chats,
        chats.c.title,
        lambda row: ("chat-title", row.id),
        lambda person: chats.c.user_id == person,
    ),
    _Kind(
        "message",
        messages,
        messages.c.content,
        lambda row: ("message", row.chat_id, row.id),
        lambda person: messages.c.chat_id.in_(select(chats.c.id).where(chats.c.user_id == person)),
    ),
    _Kind(
        "fact",
        facts,
        facts.c.sealed,
        lambda row: ("fact", row.id),
        lambda person: facts.c.user_id == person,
    ),
    _Kind(
        "run",
        runs,
        runs.c.record,
        lambda row: ("run", row.id),
        lambda person: runs.c.user_id == person,
    ),
    _Kind(
        "run",
        runs,
        runs.c.invocation,
        lambda row: ("run-invocation", row.id),
        lambda person: and_(runs.c.user_id == person, runs.c.invocation.is_not(None)),
    ),
    _Kind(
        "inquiry",
        inquiries,
        inquiries.c.content,
        lambda row: ("inquiry", row.id),
        lambda person: inquiries.c.user_id == person,
    ),
    _Kind(
        "inquiry",
        inquiries,
        inquiries.c.reply,
        lambda row: ("inquiry-reply", row.id),
        lambda person: and_(inquiries.c.user_id == person, inquiries.c.reply.is_not(None)),
    ),
    _Kind(
        "agent draft",
        agents,
        agents.c.draft,
        lambda row: ("agent-draft", row.id),
        lambda person: (agents.c.owner_id == person) & agents.c.deleted_at.is_(None),
    ),
    _Kind(
        "kept draft",
        kept_drafts,
        kept_drafts.c.graph,
        lambda row: ("agent-kept-draft", row.id),
        lambda person: kept_drafts.c.agent_id.in_(_agents_of(person)),
    ),
    _Kind(
        "test",
        agent_tests,
        agent_tests.c.content,
        lambda row: ("agent-test", row.id),
        lambda person: agent_tests.c.agent_id.in_(_agents_of(person)),
    ),
    _Kind(
        "test result",
        agent_test_results,
        agent_test_results.c.content,
        lambda row: ("agent-test-result", row.id),
        lambda person: agent_test_results.c.test_id.in_(
            select(agent_tests.c.id).where(agent_tests.c.agent_id.in_(_agents_of(person)))
        ),
    ),
    _Kind(
        "agent version",
        agent_versions,
        agent_versions.c.graph,
        lambda row: ("agent-version", row.id),
        lambda person: agent_versions.c.agent_id.in_(_agents_of(person)),
    ),
    *(
        _Kind(
            "stored secret",
            stored_secrets,
            sealed,
            context,
            lambda person: stored_secrets.c.user_id == person,
        )
        for sealed, context in (
            (stored_secrets.c.label, lambda row: label_context(row.id)),
            (stored_secrets.c.value, lambda row: value_context(row.id)),
        )
    ),
)


class RecordScrubber:
    def __init__(
        self,
        database: Database,
        sealer_for: SealerFor,
        *,
        check_key: Callable[[str], Awaitable[None]],
        check_wallet: Callable[[str], Awaitable[None]],
    ) -> None:
        """Each check raises SealBroken where a person's key, or that of the wallet kept for them, does not open."""
        self._database = database
        self._sealer_for = sealer_for
        self._check_key = check_key
        self._check_wallet = check_wallet

    async def run(self, user_id: str) -> AsyncIterator[ScrubbedRecords]:
        """One value per page of rows. Changes nothing: what was altered is refused whenever it is asked for."""
        try:
            await self._check_key(user_id)
            sealer = await self._sealer_for(user_id)
        except SealBroken:
            yield ScrubbedRecords(0, 0, (RecordDamage("key", user_id),))
            return
        total, done = await self._count(user_id), 0
        try:
            await self._check_wallet(user_id)
        except SealBroken:
            yield ScrubbedRecords(done, total, (RecordDamage("wallet", user_id),))
        for kind in _KINDS:
            async for rows in self._pages(kind, user_id):
                damage = []
                for row in rows:
                    try:
                        sealer.open(getattr(row, kind.sealed.name), *kind.context(row))
                    except SealBroken:
                        damage.append(RecordDamage(kind.name, row.id))
                done += len(rows)
                yield ScrubbedRecords(done, max(done, total), tuple(damage))

    async def _count(self, user_id: str) -> int:
        async with self._database.reading() as connection:
            counts = [
                await connection.scalar(
                    select(func.count()).select_from(kind.table).where(kind.is_of(user_id))
                )
                for kind in _KINDS
            ]
        return sum(count or 0 for count in counts)

    async def _pages(self, kind: _Kind, user_id: str) -> AsyncIterator[Sequence[Any]]:
        after = ""
        while True:
            async with self._database.reading() as connection:
                query = (
                    select(kind.table)
                    .where(kind.is_of(user_id), kind.table.c.id > after)
                    .order_by(kind.table.c.id)
                    .limit(_PAGE)
                )
                rows = (await connection.execute(query)).all()
            if not rows:
                return
            yield rows
            after = rows[-1].id
