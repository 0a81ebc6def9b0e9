from __future__ import annotations

import pytest

from gateway.pii.placeholders import LABELS, SAME_WORD, label
from gateway.pii.rule import PiiRule


def test_every_language_has_a_word_for_every_kind(rules: tuple[PiiRule, ...]) -> None:
    kinds = {rule.kind for rule in rules} | {"PERSON", "LOCATION", "ORGANIZATION"}
    shared = [kind for kinds_of_it in SAME_WORD.values() for kind in kinds_of_it]
    for language, labels in LABELS.items():
        assert kinds - set(labels) == set(shared), language
    assert len(shared) == len(set(shared)), "no kind shares the word of two"


@pytest.mark.parametrize(
    ("kind", "language", "word"),
    [
        ("EMAIL_ADDRESS", "fr", "e-mail"),
        ("PHONE_NUMBER", "fr", "téléphone"),
        ("PHONE_NUMBER", "nl", "phone"),
        ("ES_NIF", "es", "número de identidad"),
        ("IT_VAT_CODE", "fr", "numéro d'entreprise"),
        ("UK_PASSPORT", "de", "Reisepass"),
        ("SOMETHING_NEW", "de", "entfernt"),
    ],
)
def test_english_and_a_plain_word_stand_in_where_there_is_none(
    kind: str, language: str, word: str
) -> None:
    assert label(kind, language) == word
