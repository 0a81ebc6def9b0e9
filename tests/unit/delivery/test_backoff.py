from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.backoff import Backoff


def test_doubles_up_to_the_cap() -> None:
    backoff = Backoff(random=lambda: 1.0, base_s=1, cap_s=10)
    assert [backoff.delay_s(attempt) for attempt in range(1, 7)] == [1, 2, 4, 8, 10, 10]


def test_full_jitter_begins_at_zero() -> None:
    assert Backoff(random=lambda: 0.0).delay_s(5) == 0


@settings(deadline=None)
@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True), st.floats(0, 3_600))
def test_never_before_the_platform_asked(attempt: int, share: float, asked: float) -> None:
    delay = Backoff(random=lambda: share, cap_s=300).delay_s(attempt, asked)
    assert asked <= delay <= asked + 300
