"""Training is repeatable, and what it trains is what is served. Needs torch."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.identity import FOLDER as BENCH
from tests.missing import missing
from training.grammar import FOLDER, LANGUAGES, QUOTED, sentences, templates

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def need_torch() -> Any:
    if importlib.util.find_spec("torch") is None:
        missing("torch", get="make test-detoxify")
    import torch

    torch.set_num_threads(1)
    return torch


def _rows() -> list[Any]:
    from training.sources import ours

    return list(ours(seed=5))[::40]


def _trained() -> Any:
    from gateway.toxicity.grams import BUCKETS
    from gateway.toxicity.scorer import CATEGORIES
    from training.embedded import train
    from training.encoder import Network

    network = Network(len(CATEGORIES), BUCKETS, seed=2)
    train(network, _rows(), seed=3, epochs=1, log=False)
    network.factorise()
    train(network, _rows(), seed=4, epochs=1, pace=0.3, log=False)
    return network


@pytest.mark.parametrize("folder", [FOLDER, QUOTED], ids=["all kinds", "who says it"])
def test_every_slot_of_every_grammar_is_filled(folder: Path) -> None:
    found = list(sentences(seed=1, folder=folder))
    assert {language for language, *_ in found} == set(LANGUAGES)
    assert not [text for _, text, *_ in found if "$" in text]
    known = {"insult", "threat", "identity_attack", "obscene", "sexual_explicit", "self_harm"}
    for language in LANGUAGES:
        read = templates(language, folder=folder)
        assert {label for each in read for label in each.labels} <= known


def test_the_sentences_of_the_bench_are_filled_and_none_is_trained_on() -> None:
    trained = {
        text
        for folder in (FOLDER, QUOTED)
        for _, text, *_ in sentences(seed=1, scale=50, folder=folder)
    }
    for language in LANGUAGES:
        for template in templates(language, folder=BENCH):
            found = template.all()
            assert template.labels <= {"mention", "counter", "reclaimed", "attack"}
            assert len(set(found)) == len(found)
            assert not trained & set(found)
            assert not [text for text in found if "$" in text]


def test_a_sentence_that_stands_twice_is_drawn_from_twice_as_much(tmp_path: Path) -> None:
    lines = ["$n = 1 | 2", "clean: once $n", "clean: twice $n", "clean: twice $n"]
    (tmp_path / "en.txt").write_text("\n".join(lines))
    once, twice = templates("en", folder=tmp_path)
    assert (once.text, twice.text) == ("once $n", "twice $n")
    assert twice.weight == 2 * once.weight


def test_what_is_told_or_refused_is_clean_and_what_is_meant_is_not() -> None:
    """Every language has both, many of each: neither the words nor the quotes say which."""
    for language in LANGUAGES:
        found = list(templates(language, folder=QUOTED))
        told = [each for each in found if "$claim" in each.text and not each.labels]
        meant = [each for each in found if "$claim" in each.text and each.labels]
        assert len(told) >= 8
        assert len(meant) >= 5
        assert all("identity_attack" in each.labels for each in meant)


def test_the_same_seed_draws_the_same_sentences() -> None:
    assert list(sentences(seed=1)) == list(sentences(seed=1))
    assert list(sentences(seed=1)) != list(sentences(seed=2))


@pytest.mark.detoxify
def test_the_same_seed_trains_the_same_weights() -> None:
    torch = need_torch()

    first, second = (_trained().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.detoxify
def test_certainty_is_taken_from_one_category_alone() -> None:
    torch = need_torch()
    from gateway.toxicity.scorer import CATEGORIES
    from training.export import CERTAINTY, tempered

    state = {
        "head.weight": torch.ones(len(CATEGORIES), 3),
        "head.bias": torch.ones(len(CATEGORIES)),
        "wide.weight": torch.ones(5, len(CATEGORIES)),
        "cnn_b": torch.ones(2),
    }
    found = tempered(state)
    expected = [CERTAINTY.get(category, 1.0) for category in CATEGORIES]
    for each in (found["head.weight"].T[0], found["head.bias"], found["wide.weight"][0]):
        np.testing.assert_allclose(each.numpy(), expected)
    assert torch.equal(found["cnn_b"], state["cnn_b"])
    assert min(expected) < max(expected) == 1


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
        np.testing.assert_allclose(np.array([*scores.values()]), expected, atol=0.03)  # 8 bits
