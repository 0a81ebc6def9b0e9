"""The Detoxify backend against Detoxify itself, on random checkpoints of all three kinds."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.detoxify_checkpoints import Checkpoint, make
from gateway.errors import ModelInvalid
from gateway.toxicity.detoxify import (
    LENGTH_RATIO,
    TOKENS_A_BATCH,
    WINDOW,
    DetoxifyScorer,
    buckets,
)
from gateway.toxicity.scorer import CATEGORIES
from tests.missing import missing

KINDS = ("original", "unbiased", "multilingual")
NEEDED = ("detoxify", "onnxruntime", "torch", "transformers", "onnx")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
TEXTS = [
    "",
    "you are a fool",
    "good morning everyone",
    "thank you for the lovely stream " * 6,
    "merci beaucoup à tous " * 30,
    "\U0001f642 文字 \u200b x",
    "a",
    "I will find you tomorrow, you fool",
]

detoxify = pytest.mark.detoxify


def need_the_extra() -> None:
    if MISSING:
        missing(f"the extra detoxify ({', '.join(MISSING)})", get="make test-detoxify")


def predict(checkpoint: Checkpoint, texts: Sequence[str]) -> dict[str, list[float]]:
    from detoxify import Detoxify

    model = Detoxify(
        checkpoint=str(checkpoint.path), huggingface_config_path=str(checkpoint.folder)
    )
    found: dict[str, Any] = model.predict(list(texts))
    return found


@pytest.fixture(scope="module", params=KINDS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Checkpoint:
    need_the_extra()
    kind: str = request.param
    return make(kind, tmp_path_factory.mktemp(kind))


@pytest.fixture(scope="module")
def scorer(checkpoint: Checkpoint) -> DetoxifyScorer:
    return DetoxifyScorer(folder=convert(checkpoint).parent, threads=1)


def convert(checkpoint: Checkpoint, **changes: Any) -> Path:
    from gateway.toxicity.conversion import convert_checkpoint

    arguments: dict[str, Any] = {
        "kind": checkpoint.kind,
        "config_folder": checkpoint.folder,
        "out": checkpoint.folder / "out",
        "sha256": checkpoint.sha256,
    }
    return convert_checkpoint(checkpoint.path, **(arguments | changes))


@detoxify
@pytest.mark.filterwarnings("ignore")
def test_scores_equal_detoxify(checkpoint: Checkpoint, scorer: DetoxifyScorer) -> None:
    theirs = predict(checkpoint, TEXTS)
    ours = scorer.score(TEXTS)
    assert "toxicity" in scorer.categories
    for position, scores in enumerate(ours):
        for category in CATEGORIES:
            score = scores[category]
            if category not in scorer.categories:
                assert score is None
                continue
            assert score == pytest.approx(theirs[category][position], abs=1e-5)


@detoxify
@pytest.mark.filterwarnings("ignore")
def test_padding_changes_nothing(checkpoint: Checkpoint, scorer: DetoxifyScorer) -> None:
    texts = [f"thank you {'so much ' * n}" for n in range(6, 10)]
    together = scorer.score(texts)
    for text, scores in zip(texts, together, strict=True):
        for category in scorer.categories:
            assert scores[category] == pytest.approx(scorer.score([text])[0][category], abs=1e-5)


@detoxify
@pytest.mark.filterwarnings("ignore")
def test_the_contract_of_a_scorer(checkpoint: Checkpoint, scorer: DetoxifyScorer) -> None:
    assert scorer.score([]) == []
    assert scorer.id == f"detoxify-{checkpoint.kind}"
    assert len(scorer.sha256) == 64
    assert set(scorer.categories) < set(CATEGORIES)
    assert "self_harm" not in scorer.categories
    assert ("sexual_explicit" in scorer.categories) == (checkpoint.kind != "original")
    for scores in scorer.score(["", "\x00", "\u200b", "\U0001f642" * 300]):
        assert set(scores) == set(CATEGORIES)
        assert all(scores[category] is not None for category in scorer.categories)


@detoxify
@pytest.mark.filterwarnings("ignore")
def test_what_comes_after_512_tokens_is_read(
    checkpoint: Checkpoint, scorer: DetoxifyScorer
) -> None:
    kind = "good morning everyone " * 300
    threat = "I will find you, I will find you tomorrow, you fool " * 60
    # Which of the two scores higher is up to random weights: at the end, that one must count.
    assert any(
        scorer.score([first]) != scorer.score([first + last])
        for first, last in ((kind, threat), (threat, kind))
    )
    text = kind + threat
    pieces = list(scorer._token_windows(text, 512))
    windows = [scorer._batch_odds([piece])[0] for piece in pieces]
    columns = scorer._description.details["columns"]
    (found,) = scorer.score([text])
    for category in scorer.categories:
        highest = max(float(window[columns[category]]) for window in windows)
        assert found[category] == pytest.approx(1 / (1 + math.exp(-highest)), abs=1e-5)
    assert len(pieces) > 2
    assert max(len(piece) for piece in pieces) <= WINDOW
    inner = scorer._tokenizer.encode(text).ids[1:-1]
    covered = [piece[1:-1] for piece in pieces]
    for position in range(len(inner) - 63):
        part = inner[position : position + 64]
        assert any(
            part == window[offset : offset + 64]
            for window in covered
            for offset in range(len(window) - 63)
            if window[offset] == part[0]
        )


@detoxify
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"drop": "classifier.weight"}, "1 missing, 0 unknown"),
        ({"config": {}}, "incomplete config"),
        ({"state_dict": {}}, "does not fit its architecture"),
    ],
)
def test_a_checkpoint_that_is_not_whole_is_refused(
    tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    need_the_extra()
    checkpoint = make("original", tmp_path, **changes)
    with pytest.raises(ModelInvalid, match=problem):
        convert(checkpoint)
    assert not (tmp_path / "out" / "model.json").exists()


@detoxify
@pytest.mark.filterwarnings("ignore")
def test_a_head_of_another_size_is_refused(tmp_path: Path) -> None:
    need_the_extra()
    checkpoint = make("original", tmp_path)
    make("unbiased", tmp_path / "other")
    (tmp_path / "config.json").write_text(
        (tmp_path / "config.json").read_text().replace('"hidden_size": 32', '"hidden_size": 64')
    )
    with pytest.raises(ModelInvalid, match="of another shape"):
        convert(checkpoint)


@detoxify
def test_a_checkpoint_with_another_hash_is_not_opened(tmp_path: Path) -> None:
    need_the_extra()
    path = tmp_path / "x.ckpt"
    path.write_bytes(b"not a checkpoint: would fail if it were opened")
    with pytest.raises(ModelInvalid, match="has sha256"):
        convert(Checkpoint("original", path, tmp_path), sha256="0" * 64)


@detoxify
@pytest.mark.filterwarnings("ignore")
def test_converted_files_are_checked_when_loading(tmp_path: Path) -> None:
    need_the_extra()
    out = convert(make("original", tmp_path)).parent
    model = out / "model.onnx"
    model.write_bytes(model.read_bytes() + b"x")
    with pytest.raises(ModelInvalid, match=r"model\.onnx: has sha256"):
        DetoxifyScorer(folder=out).load()


def test_a_folder_that_was_not_converted_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="models convert"):
        DetoxifyScorer(folder=tmp_path)


@given(st.lists(st.integers(3, 512), max_size=60))
def test_buckets_hold_every_text_once_within_the_bounds(lengths: list[int]) -> None:
    groups = list(buckets(lengths))
    assert sorted(position for group in groups for position in group) == list(range(len(lengths)))
    for group in groups:
        sizes = [lengths[position] for position in group]
        assert len(group) == 1 or len(group) * max(sizes) <= TOKENS_A_BATCH
        assert max(sizes) <= LENGTH_RATIO * min(sizes)


@detoxify
@pytest.mark.filterwarnings("ignore")
def test_int8_is_served_and_its_drift_is_measured(
    checkpoint: Checkpoint, scorer: DetoxifyScorer, tmp_path: Path
) -> None:
    from gateway.toxicity.drift import DriftSample, measure
    from gateway.toxicity.quantisation import quantise

    fp32 = convert(checkpoint, out=tmp_path / "fp32").parent
    path = quantise(fp32, out=tmp_path / "int8")
    candidate = DetoxifyScorer(folder=path.parent, threads=1)
    candidate.load()
    assert candidate.id == f"detoxify-{checkpoint.kind}-int8"
    assert candidate.sha256 != scorer.sha256
    assert (path.parent / "model.onnx").stat().st_size < (fp32 / "model.onnx").stat().st_size
    drifts = measure(scorer, candidate, DriftSample(texts=tuple(TEXTS), labels=None))
    assert [one.category for one in drifts] == list(scorer.categories)
    assert any(one.largest > 0 for one in drifts)
    assert all(one.largest < 0.1 for one in drifts), "random small weights move a little"
    with pytest.raises(ModelInvalid, match="is no fp32 Detoxify model"):
        quantise(path.parent, out=tmp_path / "again")
