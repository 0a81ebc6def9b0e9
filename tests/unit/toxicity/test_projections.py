from __future__ import annotations

import random

import numpy as np

from gateway.toxicity.projections import KEPT, READY, Projections
from gateway.toxicity.tokens import Floats, Ids

SIZE = READY + 4 * KEPT


class Counted:
    """Gives each token a row that tells which it is; counts how often it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, ids: Ids) -> Floats:
        self.asked += ids.tolist()
        return np.stack([ids, ids * 2.0], axis=1).astype(np.float32)


def _rows(projections: Projections, ids: list[int]) -> Floats:
    out = np.zeros((len(ids) + 2, projections.width), np.float32)
    projections.rows(ids, out, np.arange(1, len(ids) + 1))
    assert not out[0].any()
    assert not out[-1].any()
    return out[1:-1]


def test_every_token_gets_its_own_row_whatever_was_asked_before() -> None:
    project = Counted()
    projections = Projections(project, size=SIZE)
    draw = random.Random(7)  # noqa: S311 - any order will do
    for _ in range(200):
        ids = [draw.randrange(SIZE) for _ in range(draw.randrange(1, 120))]
        ids += ids[:3]
        np.testing.assert_array_equal(_rows(projections, ids), [[one, 2 * one] for one in ids])


def test_frequent_tokens_are_made_once_and_the_last_rare_ones_too() -> None:
    project = Counted()
    projections = Projections(project, size=SIZE)
    assert project.asked == list(range(READY))
    rare = [READY + 5, 3, READY + 9, READY + 5]
    for _ in range(3):
        _rows(projections, rare)
    assert project.asked[READY:] == [READY + 5, READY + 9]


def test_more_new_tokens_than_are_kept() -> None:
    project = Counted()
    projections = Projections(project, size=SIZE)
    ids = list(range(READY, READY + 2 * KEPT))
    np.testing.assert_array_equal(_rows(projections, ids)[:, 0], ids)
    np.testing.assert_array_equal(_rows(projections, ids)[:, 0], ids)


def test_a_vocabulary_smaller_than_what_is_made_at_once() -> None:
    assert _rows(Projections(Counted(), size=20), [19, 0]).tolist() == [[19, 38], [0, 0]]
