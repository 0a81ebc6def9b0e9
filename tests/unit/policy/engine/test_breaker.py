from __future__ import annotations

import pytest

from gateway.policy.engine.breaker import Circuit, EngineBreaker


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> EngineBreaker:
    return EngineBreaker(failures=3, cooldown_s=10, clock=clock)


def _fail(breaker: EngineBreaker, times: int) -> None:
    for _ in range(times):
        assert breaker.admit()
        breaker.fail()


def _circuit(breaker: EngineBreaker) -> Circuit:
    """Asked anew each time: mypy would take the first answer for the second."""
    return breaker.circuit


def test_it_opens_after_failures_in_a_row(breaker: EngineBreaker) -> None:
    _fail(breaker, 2)
    assert _circuit(breaker) is Circuit.CLOSED
    _fail(breaker, 1)
    assert _circuit(breaker) is Circuit.OPEN
    assert not breaker.admit()


def test_a_success_between_starts_the_count_anew(breaker: EngineBreaker) -> None:
    _fail(breaker, 2)
    assert breaker.admit()
    breaker.succeed()
    _fail(breaker, 2)
    assert _circuit(breaker) is Circuit.CLOSED


def test_after_the_cooldown_one_call_tries(breaker: EngineBreaker, clock: Clock) -> None:
    _fail(breaker, 3)
    clock.now += 10
    assert _circuit(breaker) is Circuit.HALF_OPEN
    assert breaker.admit()
    assert not breaker.admit()
    breaker.succeed()
    assert _circuit(breaker) is Circuit.CLOSED
    assert breaker.admit()


def test_a_failed_try_opens_it_again(breaker: EngineBreaker, clock: Clock) -> None:
    _fail(breaker, 3)
    clock.now += 10
    assert breaker.admit()
    clock.now += 1
    breaker.fail()
    clock.now += 9.5
    assert not breaker.admit()
    clock.now += 0.5
    assert breaker.admit()


def test_a_try_whose_end_is_never_told_does_not_block_for_ever(
    breaker: EngineBreaker, clock: Clock
) -> None:
    _fail(breaker, 3)
    clock.now += 10
    assert breaker.admit()
    clock.now += 10
    assert breaker.admit()
