from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.disclosure.label import Labeller, asked, bare
from gateway.disclosure.wording import NOTICES, load_wording
from gateway.errors import StageUndefined
from gateway.model.obligation import Obligation

WORDING = load_wording()
WORDS = {"ar": "مرحبا", "zh": "你好", "ja": "こんにちは", "ko": "안녕하세요"}


def labeller(language: str = "en", *jurisdictions: str) -> Labeller:
    return Labeller(wording=WORDING, language=language, jurisdictions=jurisdictions, creator="Zoé")


@pytest.mark.parametrize("language", sorted(WORDING.notices))
def test_golden(
    language: str, notice: Callable[..., Obligation], golden: Callable[[str, Any], None]
) -> None:
    words = WORDS.get(language, "Zoé 123")
    table = {}
    for name in NOTICES:
        wanted = asked([notice(name)])
        label = labeller(language)
        table[name] = {
            "short": label.label(wanted, words, sentences=()).around(words),
            "long": label.label(wanted, words, sentences={name}).around(words),
            "at the end": label.label(asked([notice(name, "end")]), words, sentences=()).around(
                words
            ),
        }
    every = asked([notice(name) for name in NOTICES])
    table["all of them"] = {
        "short": labeller(language).label(every, words, sentences=()).around(words),
        "long": labeller(language).label(every, words, sentences=set(NOTICES)).around(words),
        "in China and France": labeller(language, "CN", "FR")
        .label(every, words, sentences=())
        .around(words),
    }
    golden(f"label/{language}.json", table)


def test_notices_are_merged_in_a_fixed_order(notice: Callable[..., Obligation]) -> None:
    one = [notice("ad"), notice("ai", "end", "b"), notice("ai", "start", "a", "b")]
    merged = asked(one)
    assert merged == asked(one[::-1])
    assert [(n.notice, n.position, n.rules) for n in merged] == [
        ("ai", "start", ("a", "b")),
        ("ad", "start", ("rule.ad",)),
    ]


@pytest.mark.parametrize("params", [("ia", "start"), ("ai", "middle")])
def test_unknown_notices_are_refused(
    params: tuple[str, str], notice: Callable[..., Obligation]
) -> None:
    with pytest.raises(StageUndefined):
        asked([notice(*params)])


def test_all_that_say_ai_share_one_tag(notice: Callable[..., Obligation]) -> None:
    wanted = asked([notice("ai"), notice("ai_reminder"), notice("ai_public")])
    label = labeller().label(wanted, "hi", sentences=())
    assert label.start == "[AI-generated] "
    assert [n.notice for n in label.notices] == ["ai", "ai_reminder", "ai_public"]


@pytest.mark.parametrize(
    ("language", "words", "start"),
    [
        ("en", "hi", "[AI] "),
        ("en", "مرحبا", "[AI]\n"),
        ("ar", "مرحبا", "[ذكاء اصطناعي] "),
        ("ar", "hi", "[ذكاء اصطناعي]\n"),
        ("en", "123", "[AI] "),
    ],
)
def test_directions_do_not_disturb_each_other(
    language: str, words: str, start: str, notice: Callable[..., Obligation]
) -> None:
    label = labeller(language).label(asked([notice("ai")]), words, sentences=())
    assert label.start == start


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[AI] hi", "hi"),
        ("[AI] [IA] [AI生成] hi", "hi"),
        ("[AI]hi", "hi"),
        (" \u0338\u20e0hi", "hi"),
        ("[Ad] hi", "[Ad] hi"),  # says more than is asked for
        ("[AI · Ad] hi", "[AI · Ad] hi"),
        ("[brackets] hi", "[brackets] hi"),
        ("[AI", "[AI"),
        ("[AI]", ""),
        ("", ""),
    ],
)
def test_bare(text: str, left: str, notice: Callable[..., Obligation]) -> None:
    wanted = asked([notice("ai")])
    label = labeller().label(wanted, text, sentences=())
    first, last = bare(text, label, wanted, WORDING)
    assert text[first:last] == left


def test_bare_at_the_end(notice: Callable[..., Obligation]) -> None:
    wanted = asked([notice("ad", "end")])
    label = labeller().label(wanted, "x", sentences=())
    text = "buy [Ad] [Ad]\n"
    first, last = bare(text, label, wanted, WORDING)
    assert text[first:last] == "buy"


def test_mandated_words_are_added_once(notice: Callable[..., Obligation]) -> None:
    wanted = asked([notice("ad"), notice("paid_partnership")])
    assert labeller("fr", "FR").label(wanted, "x", sentences=()).start == (
        "[Publicité · Collaboration commerciale] "
    )
    assert labeller("en", "FR-75").label(wanted, "x", sentences=()).start == (
        "[Ad · Publicité · Paid partnership · Collaboration commerciale] "
    )
