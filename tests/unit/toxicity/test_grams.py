from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.toxicity.grams import BUCKETS, grams

EXPECTED = [
    356, 10493, 13910, 15524, 19868, 28442, 31683, 34248, 35177,
    35922, 39913, 48684, 49494, 52048, 53466, 54287, 55007, 56641,
]  # fmt: skip


def test_nothing_in_nothing_out() -> None:
    assert grams("").tolist() == []
    assert grams("  \n ").tolist() == []


def test_the_hash_is_the_one_the_weights_were_made_with() -> None:
    assert grams("hi you").tolist() == EXPECTED


@given(st.text(max_size=200))
def test_buckets_are_in_bounds_distinct_and_sorted(text: str) -> None:
    found = grams(text)
    assert found.dtype == np.int64
    assert all(0 <= bucket < BUCKETS for bucket in found)
    assert (np.diff(found) > 0).all()


@given(st.text(max_size=80))
def test_case_and_spacing_do_not_count(text: str) -> None:
    lower = text.lower()
    assert grams(lower.upper().lower()).tolist() == grams("  " + lower.upper() + "\n").tolist()


def test_a_word_has_the_same_buckets_wherever_it_stands() -> None:
    alone = set(grams("idiot").tolist())
    inside = set(grams("you idiot you").tolist())
    assert len(alone & inside) >= len(alone) - 1
