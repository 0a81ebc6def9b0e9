from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.reader import TextReader
from gateway.text.references import from_references
from gateway.text.tracked import Tracked

READER = TextReader()


def read(text: str) -> tuple[str, Counter[str]]:
    changes: Counter[str] = Counter()
    return from_references(Tracked.of(text), changes).text, changes


@pytest.mark.parametrize(
    ("text", "said", "hidden"),
    [
        ("k&#105;ll", "kill", 1),
        ("k&#x69;ll k&#X69;ll", "kill kill", 2),
        ("k&#105ll", "kill", 1),
        ("k&amp;#105;ll k&amp;amp;#105;ll", "kill kill", 2),
        ("john&commat;example&period;com", "john@example.com", 2),
        ("john%40example.com", "john@example.com", 1),
        ("%6B%69ll", "kill", 1),
        ("傻%E9%80%BC", "傻逼", 0),
        ("john\\u0040example.com \\u{69} \\U00000069", "john@example.com i i", 3),
        ("k&#8203;ill k&zwnj;ill", "k\u200bill k\u200cill", 2),
        ("Q&amp;A &quot;fun&quot; it&#39;s caf&eacute; &hellip;", 'Q&A "fun" it\'s café …', 0),
    ],
)
def test_codes_are_read_as_their_characters(text: str, said: str, hidden: int) -> None:
    found, changes = read(text)
    assert found == said
    assert changes["encoded"] == hidden


@pytest.mark.parametrize(
    "text",
    [
        "AT&T, R&D; a & b; fish&chips;",
        "100% sure, 50%20off, 5%41, 100%deutsch",
        "https://example.com/a%20b?q=1%2F2",
        "www.example.com/a%20b",
        "C:\\users\\new \\u12 \\ud83d \\U00110000",
        "&#99999999; &; &#; &#x;",
    ],
)
def test_what_is_no_code_stays(text: str) -> None:
    tracked = Tracked.of(text)
    assert from_references(tracked, Counter()) is tracked


def test_in_a_link_only_what_leaves_it_whole_is_decoded() -> None:
    assert (
        read("https://example.com/%6Aohn%40x.org/a%20b")[0]
        == "https://example.com/john@x.org/a%20b"
    )
    assert read("see %61%20%62 there")[0] == "see a b there"


def test_each_character_leads_to_its_whole_code() -> None:
    form = from_references(Tracked.of("k&#105;ll"), Counter()).mapped()
    assert form.to_original(1, 2) == (1, 7)
    assert form.to_original(0, 4) == (0, 9)


def test_what_was_hidden_in_a_code_is_dropped_for_reading_and_stays_published() -> None:
    found = READER("k&#8203;i&shy;ll y&#x202e;ou", "en")
    assert found.normalised.text == "kill you"
    assert found.clean.text == found.original
    assert {change.kind for change in found.changes} == {"encoded", "zero_width", "bidi"}


def test_codes_within_codes_are_read() -> None:
    assert READER("%26%23105;diot", "en").normalised.text == "idiot"
