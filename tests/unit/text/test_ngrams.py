"""The table of letter sequences, and how it was made."""

from __future__ import annotations

import re
from importlib import resources

import numpy as np
import pytest

from gateway.text.ngrams import Ngrams

LANGUAGES = ["en", "fr", "es", "de", "it", "pt", "nl"]
KEPT = 3_000
FLOOR, SCALE = 14.6, 1.5
SEQUENCE = re.compile(r"[a-zß-öø-ÿœ' ]{2,5}")


def _distilled() -> list[str]:
    """The lines of ngrams.txt, from the model that py3langid ships: the features are read back
    out of its automaton, breadth first, and those kept that move the odds most."""
    langid = pytest.importorskip("py3langid.langid")
    model = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
    moves = np.asarray(model.tk_nextmove).reshape(-1, 256)
    rows = np.asarray(model.tk_row)
    paths: dict[int, bytes] = {0: b""}
    front = np.array([0])
    while len(front):
        targets, first = np.unique(moves[rows[front]].ravel(), return_index=True)
        reached = []
        for target, at in zip(targets.tolist(), first.tolist(), strict=True):
            if target not in paths:
                paths[target] = paths[int(front[at // 256])] + bytes([at % 256])
                reached.append(target)
        front = np.array(reached, dtype=int)
    features: dict[int, str] = {}
    seen = set()
    for state in sorted(paths, key=lambda state: (len(paths[state]), state)):
        feature = int(model.tk_output[state])
        if feature < 0 or feature in seen:
            continue
        seen.add(feature)
        sequence = paths[state].decode("utf-8", "replace")
        if SEQUENCE.fullmatch(sequence):
            features[feature] = sequence
    columns = [model.nb_classes.index(language) for language in LANGUAGES]
    log_p = model.nb_ptc[np.array(list(features))][:, columns].astype(float)
    p = np.exp(log_p)
    telling = (p * np.abs(log_p - np.log(p.mean(axis=1))[:, None])).sum(axis=1)
    sequences = list(features.values())
    lines = []
    for at in np.argsort(-telling, kind="stable")[:KEPT]:
        digits = np.clip(np.round((log_p[at] + FLOOR) * SCALE), 0, 15).astype(int)
        lines.append(
            f"{sequences[at].replace(' ', '_')} {''.join(f'{digit:x}' for digit in digits)}"
        )
    return lines


def test_the_table_is_what_the_recipe_makes() -> None:
    shipped = resources.files("gateway.text").joinpath("ngrams.txt").read_text("utf-8").splitlines()
    rows = {line for line in shipped if not line.startswith("#")}
    made = set(_distilled())
    assert len(rows) == KEPT
    # features that tell exactly as much may change places at the very end
    assert len(rows & made) >= KEPT - 5


def test_the_licence_of_the_model_travels_with_it() -> None:
    shipped = resources.files("gateway.text").joinpath("ngrams.txt").read_text("utf-8")
    assert "BSD 3-Clause" in shipped
    assert "Marco Lui" in shipped


def test_sequences_tell_what_words_do_not() -> None:
    odds = Ngrams()("unbeschreiblich langweiligste verzweiflung")
    assert max(odds, key=odds.__getitem__) == "de"
    assert Ngrams()("12 !?") == {}
