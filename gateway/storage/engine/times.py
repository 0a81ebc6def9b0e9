"""Times as the database stores them: microseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1) // _MICROSECOND


def micros(at: datetime) -> int:
    """Microseconds since 1970, exact. Raises TypeError for a time without a time zone."""
    return (at - _EPOCH) // _MICROSECOND


def day_of(at: datetime) -> int:
    """The first microsecond of the UTC day in which `at` lies."""
    us = micros(at)
    return us - us % _DAY


def moment(us: int) -> datetime:
    """The aware UTC time of a stored value."""
    return _EPOCH + timedelta(microseconds=us)


def micros_or_none(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def moment_or_none(us: int | None) -> datetime | None:
    return None if us is None else moment(us)
