from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.engine.times import micros, micros_or_none, moment, moment_or_none


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_exactly(at: datetime) -> None:
    assert moment(micros(at)) == at


def test_other_zones_are_the_same_moment() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=2)))
    assert moment(micros(at)) == at
    assert moment(micros(at)).tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        micros(datetime(2026, 11, 22))


def test_none_stays_none() -> None:
    assert micros_or_none(None) is None
    assert moment_or_none(None) is None
    assert moment_or_none(micros_or_none(datetime(2026, 1, 1, tzinfo=UTC))) is not None
