from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import ModelInvalid
from gateway.toxicity.detector import worst
from gateway.toxicity.embedded import EmbeddedScorer, read_parameters
from gateway.toxicity.weights import SHIPPED

PLAIN = {
    "en": ["you are a worthless idiot, shut up", "I will kill you tomorrow"],
    "fr": ["tu es un pauvre idiot, ferme ta gueule", "je vais te tuer demain"],
    "es": ["eres un idiota, cállate", "te voy a matar mañana"],
    "de": ["du bist ein Idiot, halt die Fresse", "ich werde dich morgen töten"],
}
FRIENDLY = {
    "en": ["you killed it last night", "this game is insane", "I'm gay and proud"],
    "fr": ["je suis mort de rire", "ton concert était génial", "je suis gay et fier de l'être"],
    "es": ["me muero de risa", "gracias por todo"],
    "de": ["ich lach mich tot", "danke für alles"],
}


def _toxicity(scorer: EmbeddedScorer, text: str, language: str) -> float:
    scores = scorer.score([text])[0]
    calibrated = scorer.calibration.apply(scores, form="clean", language=language)
    found = worst([calibrated])["toxicity"]
    assert found is not None
    return found


@pytest.mark.parametrize("language", PLAIN)
def test_plain_insults_and_threats_pass_the_hold_point(
    embedded: EmbeddedScorer, language: str
) -> None:
    for text in PLAIN[language]:
        assert _toxicity(embedded, text, language) > 0.5, text


@pytest.mark.parametrize("language", FRIENDLY)
def test_friendly_chat_does_not(embedded: EmbeddedScorer, language: str) -> None:
    for text in FRIENDLY[language]:
        assert _toxicity(embedded, text, language) < 0.5, text


def _copy(folder: Path) -> Path:
    for path in SHIPPED.iterdir():
        shutil.copy(path, folder)
    return folder / "embedded.json"


def test_missing_weights_are_named_when_loading(tmp_path: Path) -> None:
    description = _copy(tmp_path)
    (tmp_path / "embedded.npz").unlink()
    scorer = EmbeddedScorer(description=description)
    with pytest.raises(ModelInvalid, match=r"embedded\.npz: is missing\. Reinstall"):
        scorer.load()
    with pytest.raises(ModelInvalid):
        scorer.score(["never unchecked"])


def test_corrupt_weights_are_refused_by_their_hash(tmp_path: Path) -> None:
    description = _copy(tmp_path)
    path = tmp_path / "embedded.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ModelInvalid, match="has sha256"):
        EmbeddedScorer(description=description).load()


def test_a_missing_description_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="is missing"):
        EmbeddedScorer(description=tmp_path / "none.json")


def test_what_is_no_weight_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(ModelInvalid, match="is not a weight file"):
        read_parameters(path)
    np.savez(path, wide=np.zeros((8, 7), np.float32))
    with pytest.raises(ModelInvalid, match="other n-grams"):
        read_parameters(path)


def test_matrices_come_back_from_eight_bits() -> None:
    parameters = read_parameters(SHIPPED / "embedded.npz")
    assert all(value.dtype == np.float32 for value in parameters.values())
    assert not any(name.endswith(".scale") for name in parameters)
