"""Where a growing text may be cut."""

from __future__ import annotations

import pytest

from gateway.pipeline.stream.segments import context_of, sentence_end, soft_end


@pytest.mark.parametrize(
    ("text", "language", "first"),
    [
        ("Bonjour à toi ! Je", "fr", None),
        ("Bonjour à toi ! Je suis", "fr", "Bonjour à toi ! "),
        ("Bonjour à toi. Je ", "fr", "Bonjour à toi. "),
        ("Voici M. Dupont qui arrive. Il est ", "fr", "Voici M. Dupont qui arrive. "),
        ("Mail me at lea@example.org. Thanks ", "en", "Mail me at lea@example.org. "),
        ("Mail me at lea@example. Org is ", "en", None),
        ("Le 06 12 34. 56 78 ", "fr", None),
        ("Version 3. 14 is ", "en", None),
        ("Straße des 17. Juni ", "en", None),
        ("你好！今", "zh", "你好！"),
        ("你好！", "zh", None),
        ("First line\nSecond ", "en", "First line\n"),
        ("He said \"ok.\" Then ", "en", 'He said "ok." '),
        ("it ends. then it goes on ", "en", None),
    ],
)  # fmt: skip
def test_sentences_end_when_the_next_word_shows_it(
    text: str, language: str, first: str | None
) -> None:
    end = sentence_end(text, language)
    assert (None if end is None else text[:end]) == first


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("Bien sûr, alors on se retrouve demain devant la gare et", "Bien sûr, alors on se "),
        (
            "un mot, puis un autre encore, mais la suite viendra plus tard",
            "un mot, puis un autre encore, ",
        ),
        ("alors le numéro que tu veux, tu sais, est le 06 12", None),
        ("écris à lea at example dot org et voilà c'est tout bon", None),
        ("trop court pour cela", None),
    ],
)
def test_within_a_sentence_only_far_from_what_may_be_an_entity(
    text: str, before: str | None
) -> None:
    end = soft_end(text)
    assert (None if end is None else text[:end]) == before


def test_chinese_is_cut_at_a_pause_with_plain_writing_around() -> None:
    text = "今天的天气真的很好，我们一起去公园里面走一走然后吃饭"
    assert soft_end(text) == text.index("，") + 1
    assert soft_end("我的电话是一三八，138 0013 8000 请你打给我好吗") is None


def test_the_context_is_whole_words() -> None:
    words = [f"word{number}" for number in range(100)]
    assert context_of(" ".join(words) + " ").split() == words[50:]
    assert context_of("") == ""
    assert context_of("x" * 5_000 + " end ") == "end "
