from __future__ import annotations

from gateway.text.lexicon import Lexicon, load


def test_the_first_of_several_words_is_the_best() -> None:
    lexicon = Lexicon(["shit", "shot", "shit"])
    assert lexicon.best(["shot", "shit", "shut"]) == "shit"
    assert lexicon.best(["shut"]) is None
    assert lexicon.best([]) is None
    assert "shot" in lexicon
    assert "shut" not in lexicon


def test_what_is_shipped_prefers_what_filters_look_for() -> None:
    lexicon = load()
    assert lexicon.best(["as", "ass"]) == "ass"
    assert lexicon.best(["sols", "suis"]) == "suis"
    for word in ("robot", "personne", "the", "merde", "umbringen"):
        assert word in lexicon
    for other in ("# Made", "www", "xxx", "éte", "bcd"):
        assert other not in lexicon
