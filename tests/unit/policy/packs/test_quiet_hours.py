from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidField
from gateway.policy.packs.quiet_hours import is_quiet, zone


def _stretch(**fields: Any) -> dict[str, Any]:
    given_fields = {"from": "22:00", "to": "07:00", "timezone": "Europe/Paris"}
    return given_fields | {name.rstrip("_"): value for name, value in fields.items()}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-11-22T20:59:59", False),  # 21:59:59 in Paris
        ("2026-11-22T21:00:00", True),
        ("2026-11-23T05:59:59", True),
        ("2026-11-23T06:00:00", False),
        ("2026-07-01T19:59:59", False),  # summer time
        ("2026-07-01T20:00:00", True),
    ],
)
def test_over_midnight_in_local_time(moment: str, quiet: bool) -> None:
    assert is_quiet([_stretch()], _at(moment)) is quiet


def test_a_stretch_belongs_to_the_day_on_which_it_begins() -> None:
    friday = [_stretch(days=["friday"], timezone="UTC")]
    assert is_quiet(friday, _at("2026-11-27T23:00:00"))  # Friday
    assert is_quiet(friday, _at("2026-11-28T06:00:00"))  # Saturday morning
    assert not is_quiet(friday, _at("2026-11-27T06:00:00"))
    assert not is_quiet(friday, _at("2026-11-28T23:00:00"))


def test_within_a_day() -> None:
    noon = [_stretch(from_="12:00", to="13:30", timezone="UTC")]
    assert is_quiet(noon, _at("2026-11-22T12:00:00"))
    assert not is_quiet(noon, _at("2026-11-22T13:30:00"))


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)))
def test_the_same_beginning_and_end_is_the_whole_day(moment: datetime) -> None:
    stretch = _stretch(from_="08:15", to="08:15", timezone="America/New_York")
    assert is_quiet([stretch], moment.replace(tzinfo=UTC))


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_a_day_is_cut_in_two_without_gap(moment: datetime, name: str) -> None:
    first = _stretch(from_="06:00", to="18:00", timezone=name)
    second = _stretch(from_="18:00", to="06:00", timezone=name)
    now = moment.replace(tzinfo=UTC)
    assert is_quiet([first], now) is not is_quiet([second], now)


def test_none_are_never_quiet() -> None:
    assert not is_quiet([], _at("2026-11-22T20:00:00"))


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../etc/passwd", "/etc/passwd", "", "a\x00b"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidField, match="time zone"):
        zone(name)


def test_a_broken_time_is_refused() -> None:
    with pytest.raises(InvalidField, match="HH:MM"):
        is_quiet([_stretch(from_="22h")], _at("2026-11-22T20:00:00"))
