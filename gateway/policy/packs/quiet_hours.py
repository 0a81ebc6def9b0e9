"""Quiet hours: whether a creator wants silence at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.errors import InvalidField

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def is_quiet(stretches: Iterable[Mapping[str, Any]], now: datetime) -> bool:
    """Whether `now` (aware) lies in one of the stretches {days, from, to, timezone}, by the local
    wall clock; `from` is included, `to` is not. A stretch belongs to the day on which it begins;
    one that ends no later than it begins ends on the next day. Raises InvalidField, also for a time
    zone that this machine does not know."""
    return any(_is_within(stretch, now) for stretch in stretches)


def _is_within(stretch: Mapping[str, Any], now: datetime) -> bool:
    local = now.astimezone(zone(str(stretch["timezone"])))
    minute = local.hour * 60 + local.minute
    begin, end = _minutes_of_day(stretch["from"]), _minutes_of_day(stretch["to"])
    if begin < end:
        return begin <= minute < end and _is_on_day(stretch, local)
    if minute >= begin:
        return _is_on_day(stretch, local)
    return minute < end and _is_on_day(stretch, local - timedelta(days=1))


def _is_on_day(stretch: Mapping[str, Any], local: datetime) -> bool:
    days = stretch.get("days")
    return days is None or _WEEKDAYS[local.weekday()] in days


def _minutes_of_day(clock: Any) -> int:
    try:
        hours, minutes = str(clock).split(":")
        return int(hours) * 60 + int(minutes)
    except ValueError:
        raise InvalidField("quiet_hours", "a time is not HH:MM", "Write 22:00.") from None


def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises InvalidField."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidField(
            "quiet_hours", f"the time zone {name!r} is not known", "Write one like Europe/Paris."
        ) from None
