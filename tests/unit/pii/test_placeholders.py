from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pytest

from gateway.pii.placeholders import LANGUAGES, REMOVED, PlaceholderWord, placeholder
from gateway.pii.rule import PiiRule


def test_every_language_has_a_word_for_every_kind(
    rules: tuple[PiiRule, ...], placeholders: Mapping[str, PlaceholderWord]
) -> None:
    assert set(LANGUAGES) == {"en", "fr", "es", "de", "zh", "ar"}
    kinds = {rule.kind for rule in rules} | {"PERSON", "LOCATION", "ORGANIZATION"}
    assert kinds == set(placeholders)
    for kind in kinds:
        assert placeholders[kind] is not REMOVED, kind
        for language in LANGUAGES:
            assert placeholder(placeholders, kind, language), (kind, language)


def test_all_rules_of_a_kind_declare_the_same_word(rules: tuple[PiiRule, ...]) -> None:
    words: dict[str, set[PlaceholderWord]] = defaultdict(set)
    for rule in rules:
        words[rule.kind].add(rule.placeholder)
    assert {kind for kind, declared in words.items() if len(declared) > 1} == set()


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
        ("EMAIL_ADDRESS", "in_language", "email"),
    ],
)
def test_english_and_a_plain_word_stand_in_where_there_is_none(
    placeholders: Mapping[str, PlaceholderWord], kind: str, language: str, word: str
) -> None:
    assert placeholder(placeholders, kind, language) == word
