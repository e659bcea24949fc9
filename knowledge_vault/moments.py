"""Moments as SQL keeps them: whole microseconds since 1970, UTC."""

from datetime import UTC, datetime


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def at(stored: int) -> datetime:
    return datetime.fromtimestamp(stored / 1_000_000, UTC)
