from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.toxicity.cache import ScoreCache

CALM = {"toxicity": 0.1}
SCOPE = ("tenant", "creator")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_for_its_time_and_no_longer() -> None:
    clock = Clock()
    cache = ScoreCache(keep_s=10, clock=clock)
    key = cache.key(SCOPE, "hello")
    assert cache.get(key) is None
    cache.put(key, CALM)
    clock.now = 9.9
    assert cache.get(key) is CALM  # and being asked for does not make it younger
    clock.now = 10.0
    assert cache.get(key) is None


def test_no_time_keeps_nothing() -> None:
    cache = ScoreCache(keep_s=0, clock=Clock())
    key = cache.key(SCOPE, "hello")
    cache.put(key, CALM)
    assert cache.get(key) is None


def test_what_was_not_asked_for_longest_makes_room() -> None:
    cache = ScoreCache(keep_s=10, clock=Clock(), most=2)
    first, second, third = (cache.key(SCOPE, text) for text in ("first", "second", "third"))
    cache.put(first, CALM)
    cache.put(second, CALM)
    assert cache.get(first) is CALM
    cache.put(third, CALM)
    assert cache.get(second) is None
    assert cache.get(first) is CALM
    assert cache.get(third) is CALM


pieces = st.text(st.sampled_from("ab'\"\\\0,\ud800"), max_size=4)


@given(st.tuples(pieces, pieces, pieces), st.tuples(pieces, pieces, pieces))
def test_keys_are_of_the_text_in_its_scope(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    cache = ScoreCache(keep_s=10, clock=Clock())
    keys = [cache.key((tenant, creator), text) for tenant, creator, text in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


def test_keys_are_another_process_s_riddle() -> None:
    first, second = (ScoreCache(keep_s=10, clock=Clock()) for _ in range(2))
    assert first.key(SCOPE, "06 12 34 56 78") != second.key(SCOPE, "06 12 34 56 78")
