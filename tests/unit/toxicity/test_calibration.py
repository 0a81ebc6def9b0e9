from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.toxicity.calibration import ANY, Calibration

CALIBRATION = Calibration(
    shifts={
        "clean": {ANY: {"toxicity": 1.0}, "fr": {"toxicity": -1.0}},
        "folded": {ANY: {"toxicity": 3.0}},
    },
    false_positive_rate=0.02,
)


def test_without_shifts_scores_stay() -> None:
    assert Calibration().apply({"toxicity": 0.3, "threat": None}, form="clean", language="en") == {
        "toxicity": 0.3,
        "threat": None,
    }


def test_the_texts_own_language_comes_first_then_any() -> None:
    french = CALIBRATION.apply({"toxicity": 0.5}, form="clean", language="fr")["toxicity"]
    other = CALIBRATION.apply({"toxicity": 0.5}, form="clean", language="und")["toxicity"]
    folded = CALIBRATION.apply({"toxicity": 0.5}, form="folded", language="fr")["toxicity"]
    assert french == pytest.approx(0.7311, abs=1e-4)
    assert other == pytest.approx(0.2689, abs=1e-4)
    assert folded == pytest.approx(0.0474, abs=1e-4)


def test_a_category_that_is_not_covered_stays_none() -> None:
    assert CALIBRATION.apply({"toxicity": None}, form="clean", language="fr") == {"toxicity": None}


@given(st.floats(0, 1), st.floats(0, 1))
def test_order_is_kept_and_scores_stay_in_bounds(low: float, high: float) -> None:
    low, high = sorted((low, high))
    first, second = (
        CALIBRATION.apply({"toxicity": score}, form="folded", language="en")["toxicity"]
        for score in (low, high)
    )
    assert first is not None
    assert second is not None
    assert 0 <= first <= second <= 1


def test_each_of_many_windows_must_stand_out_more() -> None:
    scores = {"toxicity": 0.8}
    one = CALIBRATION.apply(scores, form="clean", language="en")["toxicity"]
    many = CALIBRATION.apply(scores, form="clean", language="en", windows=10)["toxicity"]
    assert one is not None
    assert many is not None
    assert many / (1 - many) == pytest.approx(one / (1 - one) / 10)
    unfitted = Calibration().apply(scores, form="clean", language="en", windows=10)
    assert unfitted == scores
