"""The contract of gateway.toxicity.scorer.Scorer. Detoxify passes it in
tests/unit/toxicity/test_detoxify.py, where its checkpoints are made."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.scorer import CATEGORIES, Scorer

HOSTILE = [
    "",
    " ",
    "\x00",
    "\u200b\u200d",
    "\u202eevil\u202c",
    "😀" * 200,
    "a" * 5_000,
    "\U000e0041",
    "文" * 400,
    "e\u0301" * 300,
]


@pytest.fixture(scope="module", params=["embedded"])
def scorer(request: pytest.FixtureRequest) -> Scorer:
    scorer: Scorer = {"embedded": EmbeddedScorer}[request.param]()
    scorer.load()
    scorer.load()
    return scorer


def check_scores(scorer: Scorer, texts: list[str]) -> None:
    """Every category is a key; those covered are in 0..1, the others None."""
    answers = scorer.score(texts)
    assert len(answers) == len(texts)
    for answer in answers:
        assert set(answer) == set(CATEGORIES)
        for category, score in answer.items():
            if category in scorer.categories:
                assert score is not None
                assert math.isfinite(score)
                assert 0 <= score <= 1
            else:
                assert score is None


def test_it_says_who_it_is(scorer: Scorer) -> None:
    assert scorer.id
    assert re.fullmatch(r"[0-9a-f]{64}", scorer.sha256)
    assert scorer.window >= 64
    assert scorer.categories == tuple(c for c in CATEGORIES if c in scorer.categories)


def test_no_texts_no_answers(scorer: Scorer) -> None:
    assert scorer.score([]) == []


def test_hostile_texts_get_scores_too(scorer: Scorer) -> None:
    check_scores(scorer, HOSTILE)
    for text in HOSTILE:
        check_scores(scorer, [text])


@given(texts=st.lists(st.text(max_size=120), max_size=6))
@settings(deadline=None, max_examples=40)
def test_any_texts_get_one_answer_each_that_does_not_depend_on_the_others(
    scorer: Scorer, texts: list[str]
) -> None:
    check_scores(scorer, texts)
    together = scorer.score(texts)
    for text, answer in zip(texts, together, strict=True):
        alone = scorer.score([text])[0]
        for category in scorer.categories:
            a, b = answer[category], alone[category]
            assert a is not None
            assert b is not None
            assert abs(a - b) <= 1e-5


def test_the_same_text_always_has_the_same_scores(scorer: Scorer) -> None:
    assert scorer.score(["hello you"]) == scorer.score(["hello you"])
