"""The Detoxify path against Detoxify itself, in fp32 and int8: `make bench-detoxify`, where the
extra is installed.

It runs on a random checkpoint of BERT-base's size, whose scores mean nothing, but whose speed does.
"""

from __future__ import annotations

import importlib.util
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.detoxify_checkpoints import Checkpoint, make
from bench.figure import DataMissing, Figure, cpu_interleaved, ratio
from gateway.toxicity.conversion import convert_checkpoint
from gateway.toxicity.detoxify import DetoxifyScorer
from gateway.toxicity.quantisation import quantise

_WORDS = "you are a fool and I will find you thank you for the lovely stream"
_DRIFT = 1e-5  # of an fp32 score


def measure() -> Iterator[Figure]:
    if not all(map(importlib.util.find_spec, ("detoxify", "onnxruntime", "torch", "onnx"))):
        raise DataMissing("the extra detoxify is not installed: make bench-detoxify")
    from detoxify import Detoxify  # noqa: PLC0415 - needs the extra

    texts = _texts()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, converted, quantised = _models(Path(folder))
        full, small = DetoxifyScorer(folder=converted), DetoxifyScorer(folder=quantised)
        theirs = Detoxify(
            checkpoint=str(checkpoint.path), huggingface_config_path=str(checkpoint.folder)
        )
        expected = theirs.predict(texts)
        drifts = [_drift(scorer, texts, expected) for scorer in (full, small)]
        times = cpu_interleaved(
            [lambda: full.score(texts), lambda: small.score(texts), lambda: theirs.predict(texts)],
            rounds=3,
        )
    for key, ours, drift, most in (
        ("tox.detoxify_batch_ratio", times[0], drifts[0], _DRIFT),
        ("tox.detoxify_int8_batch_ratio", times[1], drifts[1], 1.0),
    ):
        value, spread = ratio(times[2], ours)
        yield Figure(
            key=key,
            value=value if drift <= most else 0.0,
            unit="times",
            bar=5,
            aim=15,
            n=len(texts),
            spread=spread,
            baseline="Detoxify.predict() on the same texts, CPU time",
            lower_is_better=False,
            note=f"largest difference of a score {drift:.1e}; 28 chat lines of 3 to 30 words "
            "and four posts of up to 240",
        )


def _texts() -> list[str]:
    random_ = random.Random(1)  # noqa: S311
    lengths = [random_.randint(3, 30) for _ in range(28)] + [60, 120, 180, 240]
    return [" ".join(random_.choices(_WORDS.split(" "), k=length)) for length in lengths]


def _models(folder: Path) -> tuple[Checkpoint, Path, Path]:
    """Make a checkpoint in `folder`; return it and the folders converted from it, fp32 and int8."""
    checkpoint = make(
        "original",
        folder,
        hidden_size=768,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=3072,
        initializer_range=0.02,
    )
    converted = convert_checkpoint(
        checkpoint.path,
        kind="original",
        config_folder=checkpoint.folder,
        out=folder / "fp32",
        sha256=checkpoint.sha256,
    ).parent
    return checkpoint, converted, quantise(converted, out=folder / "int8").parent


def _drift(
    scorer: DetoxifyScorer, texts: Sequence[str], expected: Mapping[str, Sequence[float]]
) -> float:
    """The largest difference between a score and the expected one."""
    found = scorer.score(texts)
    return max(
        abs((found[row][category] or 0.0) - expected[category][row])
        for row in range(len(texts))
        for category in scorer.categories
    )
