from __future__ import annotations

import re
from unicodedata import category

import pytest
import yaml

from gateway.disclosure.wording import NOTICES, TEMPLATES, load_wording, plain_name

WORDING = load_wording()
TEXTS = [
    (language, text)
    for language, table in WORDING.notices.items()
    for words in table.values()
    for text in (words.tag, words.sentence)
    if text
] + [
    (language, text)
    for language, table in WORDING.templates.items()
    for pair in table.values()
    for text in pair
]


def test_ten_languages_are_complete() -> None:
    assert set(WORDING.notices) == {"en", "fr", "es", "de", "zh", "ar", "pt", "it", "ja", "ko"}
    for language in WORDING.notices:
        assert tuple(WORDING.notices[language]) == NOTICES
        assert tuple(WORDING.templates[language]) == TEMPLATES


@pytest.mark.parametrize(("language", "text"), TEXTS)
def test_nothing_is_hidden(language: str, text: str) -> None:
    """No format characters, no variation selectors: canonical text keeps every label whole."""
    assert not {category(c) for c in text} & {"Cc", "Cf", "Co", "Cn"}
    assert not re.search("[\ufe00-\ufe0f]", text)
    assert "[" not in text
    assert " · " not in text


@pytest.mark.parametrize("text", [text for language, text in TEXTS if language == "fr"])
def test_french_typography(text: str) -> None:
    assert not re.search(r"(?<![\u00a0\u202f])[:;!?»]", text)
    assert "'" not in text


def test_each_sentence_that_says_ai_denies_a_human() -> None:
    for table in WORDING.notices.values():
        assert table["ai"].sentence
        assert "{creator}" in table["ai"].sentence
        assert table["ai_reminder"].sentence


@pytest.mark.parametrize(
    ("tag", "language"),
    [("fr-CA", "fr"), ("zh-Hant-TW", "zh"), ("PT_br", "pt"), ("nl", "en"), ("und", "en")],
)
def test_language(tag: str, language: str) -> None:
    assert WORDING.language(tag) == language


@pytest.mark.parametrize(
    ("jurisdictions", "line"),
    [
        (("US-CA",), "988"),
        (("CA",), "9-8-8"),
        (("FR", "EU"), "3114"),
        (("EU", "DE"), "0800 111 0 111"),
        (("ES",), "024"),
        (("CN",), "12356"),
        (("GB",), "116 123"),
        (("EU",), "findahelpline.com"),
        ((), "findahelpline.com"),
    ],
)
def test_crisis_line(jurisdictions: tuple[str, ...], line: str) -> None:
    assert line in WORDING.line(jurisdictions)


def test_every_crisis_line_names_its_source() -> None:
    from importlib.resources import files

    data = yaml.safe_load((files("gateway.disclosure") / "replacements.yaml").read_text("utf-8"))
    for line in (*data["lines"].values(), data["elsewhere"]):
        assert line["source"].startswith("http")
        assert line["source_quality"] in ("statute", "secondary", "memory")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Zoé", "Zoé"),
        ("Zoe\u0301\u202e evil\nname ", "Zoé evilname"),
        ("a" * 100, "a" * 60),
        ("\u200b", "zoe"),
        ("", "zoe"),
    ],
)
def test_plain_name(name: str, plain: str) -> None:
    assert plain_name(name, "zoe") == plain
