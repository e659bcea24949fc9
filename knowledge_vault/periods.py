"""When a page of the web is asked for again: after its period, later after each failure. Pure arithmetic."""

from datetime import datetime, timedelta

from knowledge_vault.values import DocumentId, Period

LONGEST_PAUSE = timedelta(days=7)
_SPREAD = 0.1
"""The share of a period by which pages are apart, so that not all of a site are asked for at one moment."""


def next_time(now: datetime, document: DocumentId, period: Period, *, failures: int = 0) -> datetime | None:
    """A period from now, twice as long with each failure after the first; None for never.

    A little later for one document than for another, and always as much for the same.
    """
    if period.hours is None:
        return None
    own = timedelta(hours=period.hours)
    wait = own if failures < 2 else max(own, min(own * (1 << (failures - 1)), LONGEST_PAUSE))
    return now + wait + own * (_SPREAD * (sum(document.encode()) % 64) / 64)
