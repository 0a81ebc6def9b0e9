from __future__ import annotations

from gateway.trail.retry_schedule import RetrySchedule


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def waits(pace: RetrySchedule, clock: Clock) -> float:
    """Until it is due again."""
    start = clock.at
    while not pace.due:
        clock.at += 0.5
    return clock.at - start


def test_every_interval_and_ever_more_rarely_on_failure() -> None:
    clock = Clock()
    pace = RetrySchedule(interval_s=10, clock=clock, chance=lambda: 1.0)
    assert pace.due
    pace.succeeded()
    assert waits(pace, clock) == 10
    found = []
    for _ in range(8):
        pace.failed()
        found.append(waits(pace, clock))
    assert found == [10, 20, 40, 80, 160, 320, 320, 320]
    pace.succeeded()
    assert waits(pace, clock) == 10


def test_at_most_ten_minutes_and_up_to_half_less() -> None:
    clock = Clock()
    pace = RetrySchedule(interval_s=60, clock=clock, chance=lambda: 0.0)
    for _ in range(2_000):  # no overflow either
        pace.failed()
    assert waits(pace, clock) == 300
    slow = RetrySchedule(interval_s=3_600, clock=clock, chance=lambda: 1.0)
    slow.failed()
    assert waits(slow, clock) == 3_600
