from __future__ import annotations

import pytest

from gateway.errors import StageUndefined
from gateway.toxicity.scorer import CATEGORIES, checked


def test_categories_are_distinct_and_begin_with_the_general_one() -> None:
    assert CATEGORIES[0] == "toxicity"
    assert len(set(CATEGORIES)) == len(CATEGORIES)


@pytest.mark.parametrize("score", [float("nan"), -0.1, 1.1, float("inf")])
def test_what_is_not_a_score_is_no_answer(score: float) -> None:
    with pytest.raises(StageUndefined, match="threat is not in"):
        checked({"toxicity": 0.5, "threat": score})


def test_what_is_not_covered_is_an_answer() -> None:
    for score in (None, 0.0, 1.0):
        assert checked({"toxicity": score}) == {"toxicity": score}
