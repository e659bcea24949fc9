"""Times as the tables keep them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Unix microseconds of an aware moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(unix_microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=unix_microseconds)
