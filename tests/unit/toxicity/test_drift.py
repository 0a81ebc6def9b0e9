"""Drift between real models: the shipped one, and the same with coarser weights."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import ModelInvalid
from gateway.toxicity.drift import HOLD, DriftSample, measure, read_sample
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.weights import SHIPPED

TEXTS = ("you are a fool", "good morning everyone", "I will find you", "merci à tous", "shut up")


def coarser(folder: Path, keep: int) -> EmbeddedScorer:
    """The shipped model with its eight-bit weights rounded to multiples of `keep`."""
    shutil.copytree(SHIPPED, folder)
    with np.load(folder / "embedded.npz") as stored:
        arrays = {
            name: (
                (np.rint(value / keep) * keep).clip(-127, 127).astype(np.int8)
                if value.dtype == np.int8
                else value
            )
            for name, value in stored.items()
        }
    np.savez_compressed(folder / "embedded.npz", **arrays)
    details = json.loads((folder / "embedded.json").read_text("utf-8"))
    digest = hashlib.sha256((folder / "embedded.npz").read_bytes()).hexdigest()
    details["files"]["embedded.npz"] = digest
    (folder / "model.json").write_text(json.dumps(details), "utf-8")
    (folder / "embedded.json").unlink()
    return EmbeddedScorer(description=folder / "model.json")


def test_a_model_does_not_drift_from_itself(embedded: EmbeddedScorer) -> None:
    drifts = measure(embedded, embedded, DriftSample(texts=TEXTS, labels=None))
    assert [one.category for one in drifts] == list(embedded.categories)
    assert all(one.largest == one.mean == one.p99 == 0 and one.flips == 0 for one in drifts)


def test_coarser_weights_drift_and_what_is_said_adds_up(
    embedded: EmbeddedScorer, tmp_path: Path
) -> None:
    other = coarser(tmp_path / "coarse", 16)
    labels = (True, False, True, False, True)
    drifts = measure(embedded, other, DriftSample(texts=TEXTS, labels=labels))
    apply = embedded.calibration.apply
    for drift in drifts:
        apart, flips = [], 0
        for one, two in zip(embedded.score(TEXTS), other.score(TEXTS), strict=True):
            theirs = apply(one, form="clean", language="*")[drift.category] or 0.0
            ours = apply(two, form="clean", language="*")[drift.category] or 0.0
            apart.append(abs(theirs - ours))
            flips += (theirs >= HOLD) != (ours >= HOLD)
        assert drift.largest == pytest.approx(max(apart), abs=1e-5)
        assert drift.mean == pytest.approx(sum(apart) / len(apart), abs=1e-5)
        assert drift.mean <= drift.p99 <= drift.largest
        assert drift.flips == flips
    toxicity = drifts[0]
    assert toxicity.largest > 0
    assert (toxicity.worse or 0) + (toxicity.better or 0) == toxicity.flips


def test_models_of_other_categories_are_not_compared(embedded: EmbeddedScorer) -> None:
    class Fewer(EmbeddedScorer):
        categories = ("toxicity",)

    with pytest.raises(ModelInvalid, match="covers other categories"):
        measure(embedded, Fewer(), DriftSample(texts=TEXTS, labels=None))


def test_plain_lines_and_labelled_ones(tmp_path: Path) -> None:
    plain = tmp_path / "a.txt"
    plain.write_text("one\n\n  \ntwo\n", "utf-8")
    assert read_sample(plain) == DriftSample(texts=("one", "two"), labels=None)
    labelled = tmp_path / "a.jsonl"
    labelled.write_text('{"text": "a", "label": 1}\n{"text": "b", "label": false}\n', "utf-8")
    assert read_sample(labelled) == DriftSample(texts=("a", "b"), labels=(True, False))
    labelled.write_text('{"text": "a", "id": 7}\n', "utf-8")
    assert read_sample(labelled) == DriftSample(texts=("a",), labels=None)


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (lambda path: None, "is no file"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "is not UTF-8"),
        (lambda path: path.write_text("\n\n"), "holds 0 texts"),
        (lambda path: path.write_text('["text"]'), "no object with a text"),
        (lambda path: path.write_text("{oops"), "no object with a text"),
        (lambda path: path.write_text('{"text": 5}'), "a text that is none"),
        (lambda path: path.write_text('{"text": "a", "label": 2}'), "neither true nor false"),
        (
            lambda path: path.write_text('{"text": "a", "label": 1}\n{"text": "b"}'),
            "without a label",
        ),
    ],
)
def test_a_sample_that_is_none_is_refused(
    tmp_path: Path, write: Callable[[Path], object], problem: str
) -> None:
    path = tmp_path / "a.jsonl"
    write(path)
    with pytest.raises(ModelInvalid, match=problem):
        read_sample(path)
