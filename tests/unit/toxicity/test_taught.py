"""How the teacher's answers and the labels of a source are mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.toxicity.scorer import CATEGORIES
from training.sources import UNKNOWN, Row
from training.taught import TAUGHT, asked, keep, taught

ALL = len(CATEGORIES)


def row(label: float, source: str = "davidson", text: str = "a") -> Row:
    return Row(source, "en", text, (label,) * ALL, 0.35, 0)


def mixed(tmp_path: Path, one: Row, share: float) -> dict[str, float]:
    path = tmp_path / "answers.npz"
    keep(path, [one], np.full((len(asked([one])), ALL), np.log(share / (1 - share))))
    (found,) = taught([one], path)
    assert (found.text, found.weight) == (one.text, one.weight)
    return dict(zip(CATEGORIES, found.labels, strict=True))


@pytest.mark.parametrize(
    ("label", "source", "expected"),
    [
        (1, "davidson", 0.5 + 0.5 * 0.2),
        (0, "davidson", 0.5 * 0.2),
        (1, "ours", 1.0),
        (0, "quoted", 0),
        (1, "mlma", 0.25 + 0.75 * 0.2),
        (UNKNOWN, "mlma", 0.2),
    ],
)
def test_a_label_is_partly_the_sources_and_partly_the_teachers(
    tmp_path: Path, label: float, source: str, expected: float
) -> None:
    found = mixed(tmp_path, row(label, source), 0.2)
    assert {category: found[category] for category in TAUGHT} == pytest.approx(
        dict.fromkeys(TAUGHT, expected)
    )


def test_what_the_teacher_does_not_know_stays_as_it_is(tmp_path: Path) -> None:
    for label in (0, 1, UNKNOWN):
        found = mixed(tmp_path, row(label), 0.2)
        assert {found[category] for category in set(CATEGORIES) - TAUGHT} == {label}


def test_answers_to_other_texts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.npz"
    keep(path, [row(1, text="a")], np.zeros((1, ALL)))
    with pytest.raises(SystemExit, match="other texts"):
        taught([row(1, text="b")], path)


def test_our_own_sentences_change_without_asking_again(tmp_path: Path) -> None:
    """Nothing but the texts that the teacher has a say in is compared with the answers."""
    path = tmp_path / "answers.npz"
    first = [row(1, "ours", "old"), row(0, text="a"), row(1, "quoted", "old"), row(0, text="b")]
    keep(path, first, np.array([[9.0] * ALL, [-9.0] * ALL]))
    found = taught([row(0, "ours", "new"), row(0, text="a"), row(0, text="b")], path)
    place = CATEGORIES.index("toxicity")
    assert [round(each.labels[place], 2) for each in found] == [0, 0.5, 0]
