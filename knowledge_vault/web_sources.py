"""When each page of the web is fetched again, and what came of the last time. In SQL, so that a restart forgets none.

A page that fails is asked for less and less often, and after a while not at all; the document stays as it was read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select, update

from knowledge_vault.documents import Entry
from knowledge_vault.errors import DocumentRefused, PageUnavailable, SealBroken, VaultError
from knowledge_vault.moments import at, microseconds
from knowledge_vault.periods import LONGEST_PAUSE, next_time
from knowledge_vault.ports import Clock, Database
from knowledge_vault.tables import document_origins, documents, web_sources
from knowledge_vault.values import DocumentId, Origin, Period, Problem, TenantId, WebSource

MOST_FAILURES = 6
"""In a row; then it is not asked for any more by itself."""
_GONE = (404, 410)


class WebSources:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of(self, entries: Sequence[Entry]) -> Mapping[DocumentId, WebSource]:
        """Of those of the documents that came from the web."""
        if not entries:
            return {}
        by_id = {entry.document.id: entry for entry in entries}
        condition = (
            documents.c.id == entries[0].document.id
            if len(entries) == 1
            else documents.c.vault_id.in_({entry.document.vault_id for entry in entries})
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(_known().where(condition))
        return {
            DocumentId(row.document_id): found
            for row in rows
            if (entry := by_id.get(DocumentId(row.document_id))) and (found := _source(row, entry))
        }

    async def due(self, *, most: int) -> Sequence[tuple[TenantId, DocumentId]]:
        """Pages whose time has come, the longest overdue first; needs no key."""
        query = (
            select(documents.c.tenant_id, documents.c.id)
            .join_from(web_sources, documents, documents.c.id == web_sources.c.document_id)
            .join(document_origins, _of_this_version())
            .where(web_sources.c.next_at <= microseconds(self._clock.now()))
            .order_by(web_sources.c.next_at)
            .limit(most)
        )
        async with self._database.reading() as connection:
            return [
                (TenantId(tenant), DocumentId(document))
                for tenant, document in await connection.execute(query)
            ]

    async def choose(self, document: DocumentId, period: Period) -> None:
        """Fetch it so often from now on; what failed before is forgotten."""
        await self._change(
            document,
            period=period,
            next_at=self._after(document, period),
            failures=0,
            sealed_problem=None,
            problem_version=None,
        )

    async def postpone(self, document: DocumentId, by: timedelta) -> None:
        """Nothing was asked, for a reason of ours: a locked vault, say."""
        await self._change(document, next_at=microseconds(self._clock.now() + by))

    async def note_fetched(self, document: DocumentId, *, changed: bool) -> None:
        now = microseconds(self._clock.now())
        period = await self._period(document)
        await self._change(
            document,
            next_at=self._after(document, period),
            fetched_at=now,
            **({"changed_at": now} if changed else {}),
            failures=0,
            sealed_problem=None,
            problem_version=None,
        )

    async def note_failure(self, entry: Entry, error: VaultError) -> None:
        document = entry.document.id
        async with self._database.reading() as connection:
            failures = await connection.scalar(
                select(web_sources.c.failures).where(web_sources.c.document_id == document)
            )
        failures = (failures or 0) + 1
        period = await self._period(document)
        has_given_up = failures >= MOST_FAILURES or _status(error) == 410
        pause = timedelta(seconds=getattr(error, "retry_after_s", None) or 0)
        problem = _explain(error, failures, has_given_up=has_given_up, period=period)
        await self._change(
            document,
            next_at=None if has_given_up else self._after(document, period, failures=failures, least=pause),
            fetched_at=microseconds(self._clock.now()),
            failures=failures,
            sealed_problem=entry.data_key.seal(
                json.dumps(asdict(problem), ensure_ascii=False).encode(), "web problem"
            ),
            problem_version=entry.document.version,
        )

    async def _period(self, document: DocumentId) -> Period:
        async with self._database.reading() as connection:
            found = await connection.scalar(
                select(web_sources.c.period).where(web_sources.c.document_id == document)
            )
        return Period(found or Period.NEVER)

    async def _change(self, document: DocumentId, **facts: object) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                update(web_sources).where(web_sources.c.document_id == document).values(**facts)
            )

    def _after(
        self, document: DocumentId, period: Period, *, failures: int = 0, least: timedelta = timedelta(0)
    ) -> int | None:
        moment = next_time(self._clock.now(), document, period, failures=failures)
        return (
            None
            if moment is None
            else microseconds(max(moment, self._clock.now() + min(least, LONGEST_PAUSE)))
        )


def _known() -> Select[Any]:
    return (
        select(web_sources, document_origins.c.sealed.label("sealed_origin"))
        .join_from(web_sources, documents, documents.c.id == web_sources.c.document_id)
        .join(document_origins, _of_this_version())
    )


def _of_this_version() -> ColumnElement[bool]:
    """A document whose content was replaced by a file is followed no more."""
    return (document_origins.c.document_id == documents.c.id) & (
        document_origins.c.version == documents.c.version
    )


def _source(row: Row[Any], entry: Entry) -> WebSource | None:
    problem = None
    try:
        origin = Origin(**json.loads(entry.data_key.open(row.sealed_origin, "origin")))
        if row.sealed_problem is not None and row.problem_version == entry.document.version:
            problem = Problem(**json.loads(entry.data_key.open(row.sealed_problem, "web problem")))
    except SealBroken:  # the document itself tells that it is damaged
        return None
    return WebSource(
        url=origin.url,
        period=Period(row.period),
        fetched_at=None if row.fetched_at is None else at(row.fetched_at),
        changed_at=None if row.changed_at is None else at(row.changed_at),
        next_at=None if row.next_at is None else at(row.next_at),
        failures=row.failures,
        problem=problem,
    )


def _status(error: VaultError) -> int | None:
    return error.status if isinstance(error, PageUnavailable) else None


def _explain(error: VaultError, failures: int, *, has_given_up: bool, period: Period) -> Problem:
    is_gone = _status(error) in _GONE
    if isinstance(error, DocumentRefused):
        happened = f"What lies there now is not kept: {error.detail}"
    else:
        what = "is gone" if is_gone else "could not be fetched"
        happened = f"The page {what}: {getattr(error, 'reason', error)}."
    kept = "What was read of it before stays and is searched."
    if has_given_up:
        title = "Page is gone" if is_gone else "Given up"
        times = "" if failures == 1 else f" after {failures} tries"
        then = f"It is not fetched any more by itself{times}: choose again how often, or delete the document."
    else:
        title = "Page is gone" if is_gone else "Not fetched"
        then = (
            "Fetch it again by hand, or delete the document."
            if period is Period.NEVER
            else "It is tried again, less often each time."
        )
    return Problem(title, f"{happened} {kept} {then}")
