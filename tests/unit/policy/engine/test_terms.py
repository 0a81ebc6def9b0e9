from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.engine.terms import find, plain, prepare

SETTINGS = {
    "brands": {"allow": ["Zenith"], "deny": ["Coca-Cola", "ACMÉ"], "exclusive": []},
    "topics": {"deny": ["ex husband", "选举", "!!!"]},
}


def _found(text: str, brand: str | None = None) -> list[tuple[str, str, str]]:
    found = find(prepare(SETTINGS), forms=(text,), brand=brand)
    return [(one["list"], one["term"], one["in"]) for one in found]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Coca-Cola, élégant!", " coca cola elegant "),
        ("  L'Été ", " l ete "),
        ("STRASSE Straße", " strasse strasse "),
        ("İstanbul ΑΣ Łódź", " istanbul ασ lodz "),
        ("snake_case", " snake case "),
        ("!!! …", ""),
        ("", ""),
    ],
)
def test_plain_words(text: str, form: str) -> None:
    assert plain(text) == form


@given(st.text(max_size=40))
def test_plain_of_plain_is_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def test_terms_are_whole_words_in_any_spelling() -> None:
    assert _found("I love COCA cola!") == [("brands.deny", "Coca-Cola", "text")]
    assert _found("my ex-husband") == [("topics.deny", "ex husband", "text")]
    assert _found("acme zenith") == [
        ("brands.allow", "Zenith", "text"),
        ("brands.deny", "ACMÉ", "text"),
    ]
    assert _found("The acmeist poets and a zenithal hour") == []


def test_scripts_without_spaces_are_compared_as_they_stand() -> None:
    assert _found("我们谈谈选举吧") == [("topics.deny", "选举", "text")]


def test_the_promoted_brand() -> None:
    assert _found("Try it!", "coca cola") == [("brands.deny", "Coca-Cola", "brand")]
    assert _found("Try it!", "Coca-Cola Zero") == []
    assert _found("Try it!", "…") == []


def test_punctuation_alone_is_never_found() -> None:
    assert _found("wow !!!") == []


def test_any_form_of_the_text_counts() -> None:
    found = find(prepare(SETTINGS), forms=("z3nith", "zenith"), brand=None)
    assert [one["term"] for one in found] == ["Zenith"]


def test_settings_without_lists() -> None:
    assert find(prepare({}), forms=("Zenith",), brand="Zenith") == []
    assert prepare({"brands": None, "topics": {}}) == ()
