from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from gateway.model.text import TextChange
from gateway.ports import Read
from gateway.text.reader import TextReader

READER = TextReader()


def test_it_is_the_read_of_the_ports() -> None:
    read: Read = READER
    assert read("Hello there, how are you?", None).language == "en"


def test_forms_changes_and_language() -> None:
    text = "Tu es un c\u200bοnnard, fuuuck"
    read = READER(text, None)
    assert read.original == text
    assert read.clean.text == "Tu es un cοnnard, fuuuck"
    assert read.normalised.text == "Tu es un connard, fuuuck"
    assert read.folded.text == "tu es un connard, fuck"
    assert read.language == "fr"
    assert read.changes == (
        TextChange(kind="homoglyph", count=1),
        TextChange(kind="repeat", count=2),
        TextChange(kind="zero_width", count=1),
    )


def test_a_declared_language_wins_when_it_is_well_formed() -> None:
    assert READER("Hello there, how are you?", "fr-CA").language == "fr"
    assert READER("Hello there, how are you?", "fr-CA").language_score == 1.0
    assert READER("Hello there, how are you?", "not a tag").language == "en"


def test_garbling_does_not_hide_the_language() -> None:
    assert READER("ｗｈａｔ ａｒｅ ｙｏｕ ｄｏｉｎｇ", None).language == "en"
    assert READER("т\u0435 amo mucho mi amor, еres lo mejor", None).language == "es"


def test_empty_and_broken_texts_are_read() -> None:
    assert READER("", None).clean.origins == (0,)
    assert READER("", None).language == "und"
    read = READER("\ud83d hello \udc00", None)
    assert read.clean.text == "\ufffd hello \ufffd"
    assert read.original == "\ud83d hello \udc00"


def test_one_reader_serves_many_threads() -> None:
    texts = ["Hello there, how are you?", "k1ll y\u200bou", "Ça va très bien, merci"] * 50
    expected = [READER(text, None) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: READER(text, None), texts)) == expected
