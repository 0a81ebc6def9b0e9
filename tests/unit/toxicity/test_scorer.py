from __future__ import annotations

from gateway.toxicity.scorer import CATEGORIES


def test_categories_are_distinct_and_begin_with_the_general_one() -> None:
    assert CATEGORIES[0] == "toxicity"
    assert len(set(CATEGORIES)) == len(CATEGORIES)
