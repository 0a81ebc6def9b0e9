from __future__ import annotations

from gateway.delivery.breaker import RouteBreaker
from tests.unit.delivery.conftest import Clock


def opened(clock: Clock, failures: int = 3) -> RouteBreaker:
    breaker = RouteBreaker(now=clock, failures=failures, rest_s=10, max_rest_s=35)
    for _ in range(failures):
        assert breaker.wait_s() == 0
        breaker.failed()
    return breaker


def test_opens_after_failures_in_a_row(clock: Clock) -> None:
    breaker = RouteBreaker(now=clock, failures=3)
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.wait_s() == 0


def test_open_it_says_how_long(clock: Clock) -> None:
    breaker = opened(clock)
    clock.forward(4)
    assert breaker.wait_s() == 6


def test_one_probe_at_a_time(clock: Clock) -> None:
    breaker = opened(clock)
    clock.forward(10)
    assert breaker.wait_s() == 0
    assert breaker.wait_s() == 10
    breaker.succeeded()
    assert breaker.wait_s() == 0
    assert breaker.wait_s() == 0


def test_each_failed_probe_doubles_the_rest(clock: Clock) -> None:
    breaker = opened(clock)
    rests = []
    for _ in range(3):
        clock.forward(1_000)
        assert breaker.wait_s() == 0
        breaker.failed()
        rests.append(breaker.wait_s())
    assert rests == [20, 35, 35]


def test_stragglers_change_nothing(clock: Clock) -> None:
    breaker = opened(clock)
    for _ in range(20):
        breaker.failed()
    assert breaker.wait_s() == 10


def test_a_probe_that_never_ends_gives_way(clock: Clock) -> None:
    breaker = opened(clock)
    clock.forward(10)
    assert breaker.wait_s() == 0
    clock.forward(10)
    assert breaker.wait_s() == 0
