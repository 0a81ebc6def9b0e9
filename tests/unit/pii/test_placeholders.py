from __future__ import annotations

import pytest

from gateway.pii.placeholders import LABELS, label
from gateway.pii.rule import Rule


def test_every_language_has_a_word_for_every_kind(rules: tuple[Rule, ...]) -> None:
    kinds = {rule.kind for rule in rules} | {"PERSON", "LOCATION", "ORGANIZATION"}
    for language, labels in LABELS.items():
        assert kinds - set(labels) == set(), language


@pytest.mark.parametrize(
    ("kind", "language", "word"),
    [
        ("EMAIL_ADDRESS", "fr", "e-mail"),
        ("PHONE_NUMBER", "fr", "téléphone"),
        ("PHONE_NUMBER", "nl", "phone"),
        ("SOMETHING_NEW", "de", "entfernt"),
    ],
)
def test_english_and_a_plain_word_stand_in_where_there_is_none(
    kind: str, language: str, word: str
) -> None:
    assert label(kind, language) == word
