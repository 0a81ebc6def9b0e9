"""Training is repeatable, and what it trains is what is served. Needs torch."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.identity import FOLDER
from training.grammar import LANGUAGES, sentences, templates

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def need_torch() -> Any:
    if importlib.util.find_spec("torch") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI=true, but torch is not installed")
        pytest.skip("needs torch: see training/requirements.txt")
    import torch

    torch.set_num_threads(1)
    return torch


def _rows() -> list[Any]:
    from training.sources import ours

    return list(ours(seed=5))[::40]


def _trained() -> Any:
    from gateway.toxicity.grams import BUCKETS
    from training.embedded import train
    from training.encoder import Network
    from training.sources import CATEGORIES

    network = Network(len(CATEGORIES), BUCKETS, seed=2)
    train(network, _rows(), seed=3, epochs=1, log=False)
    network.factorise()
    train(network, _rows(), seed=4, epochs=1, pace=0.3, log=False)
    return network


def test_every_slot_of_every_grammar_is_filled() -> None:
    found = list(sentences(seed=1))
    assert {language for language, *_ in found} == set(LANGUAGES)
    assert not [text for _, text, *_ in found if "$" in text]
    known = {"insult", "threat", "identity_attack", "obscene", "sexual_explicit", "self_harm"}
    for language in LANGUAGES:
        assert {label for each in templates(language) for label in each.labels} <= known


def test_the_sentences_of_the_bench_are_filled_and_none_is_trained_on() -> None:
    trained = {text for _, text, *_ in sentences(seed=1, scale=50)}
    for language in LANGUAGES:
        for template in templates(language, folder=FOLDER):
            found = template.all()
            assert template.labels <= {"mention", "counter", "reclaimed", "attack"}
            assert len(set(found)) == len(found)
            assert not trained & set(found)
            assert not [text for text in found if "$" in text]


def test_the_same_seed_draws_the_same_sentences() -> None:
    assert list(sentences(seed=1)) == list(sentences(seed=1))
    assert list(sentences(seed=1)) != list(sentences(seed=2))


@pytest.mark.detoxify
def test_the_same_seed_trains_the_same_weights() -> None:
    torch = need_torch()

    first, second = (_trained().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.detoxify
def test_the_served_network_is_the_trained_one(tmp_path: Path) -> None:
    need_torch()
    from gateway.toxicity.embedded import EmbeddedScorer
    from training.batches import Tokenizer
    from training.embedded import predict
    from training.encoder import Tokens
    from training.export import write

    rows = _rows()
    network = _trained()
    path = write(
        network.state_dict(),
        eps=network.eps,
        folder=tmp_path,
        shifts={},
        false_positive_rate=0.02,
        details={},
    )
    trained = 1 / (1 + np.exp(-predict(network, Tokens(), Tokenizer(), rows)))
    served = EmbeddedScorer(description=path).score([row.text for row in rows])
    for expected, scores in zip(trained, served, strict=True):
        np.testing.assert_allclose(list(scores.values()), expected, atol=0.03)  # eight bits
