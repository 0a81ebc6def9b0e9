from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.homoglyphs import Homoglyphs
from gateway.text.lexicon import load
from gateway.text.tables import build
from gateway.text.tracked import Tracked

HOMOGLYPHS = Homoglyphs(build(), load())


def _read(text: str, declared: str | None = None) -> tuple[str, int]:
    changes: Counter[str] = Counter()
    return HOMOGLYPHS(Tracked.of(text), declared, changes).text, changes["homoglyph"]


@pytest.mark.parametrize(
    ("text", "expected", "count"),
    [
        ("кіll yоu", "kill you", 3),  # one word of each kind of Cyrillic letter
        ("ѕtuрid", "stupid", 2),
        ("pαypαl νow", "paypal vow", 3),
        ("you are а сосо", "you are a coco", 5),  # whole words of lookalikes
        ("ꓗill", "Kill", 1),
        ("сaт и кoт, привет", "сат и кот, привет", 2),  # Latin letters in Russian
        ("Іgnore", "Ignore", 1),
        ("kiss му ass", "kiss my ass", 2),  # near lookalikes, a known word
        ("I aм here", "I am here", 1),
        ("wе tоο will, α bоτ", "we too will, a bot", 6),  # three scripts: nothing is genuine
        ("tаӏkіոg", "talking", 4),
        ("Ι am", "I am", 1),  # a capital iota
        ("тa gυeule", "ta gueule", 2),
        ("I am not α bot", "I am not a bot", 1),  # where an article stands
        ("you talk to α person", "you talk to a person", 1),
        ("hidіng wоrds of α kind", "hiding words of a kind", 3),  # as other words hide
        ("κіѕѕ му ass", "kiss my ass", 6),  # Greek and Cyrillic in one word, near letters too
        ("κіѕѕ мγ αѕѕ", "kiss my ass", 9),  # no Latin letter is left
        ("kiss му аςς", "kiss my ass", 5),
        ("kιsς mγ aςς", "kiss my ass", 5),
        ("βυλӏѕһιτ", "bullshit", 8),
        ("οh μεrδe", "oh merde", 4),
        ("еаτ ѕнιτ", "eat shit", 7),
        ("να τе fаіrε fоυτrе", "va te faire foutre", 11),
        ("I am ποτ α bоτ", "I am not a bot", 6),
    ],
)
def test_posing_letters_are_read_as_what_they_pose_for(
    text: str, expected: str, count: int
) -> None:
    assert _read(text) == (expected, count)


@pytest.mark.parametrize(
    "text",
    [
        "Привет from Moscow, от Ивана",
        "Он сказал: hello",
        "сосо оса",  # no Latin around it
        "αβγ kΩ μm Δx 5",
        "angle α",
        "an angle of α degrees",
        "the angle is α and it grows",
        "it tends to α as n grows",
        "I am α",
        "Ο Σωκράτης said so",
        "T恤 and 卡拉OK",
        "한국 K팝",
        "İstanbul'da ışık",
        "שלום hello سلام",
        "ПриветJohn",
        "Ο υπολογιστής μου τρέχει Windows και το Wi-Fi δεν δουλεύει",
        "Στην Αθήνα το live ξεκινά στις 9, κάντε like!",
        "Мой новый клип уже на YouTube, ставьте like и пишите в Telegram",
        "Новият ми клип е в TikTok, а концертът е в София",
        "Мој нови спот је на YouTube, хвала вам!",
        "Моя нова пісня вже на Spotify, її можна слухати всім",
        "Їжак і Ґанок у місті, а в офісі є Wi-Fi",
        "Русско-греческий словарь: καλημέρα значит доброе утро, as we say",
        "Η λέξη спасибо σημαίνει ευχαριστώ in Russian",
        "Угол α равен углу β, а сила тока 5 мкА или 5 μA",
        "β-каротин и γ-излучение, omega-3",
    ],
)
def test_genuine_letters_stay(text: str) -> None:
    assert _read(text) == (text, 0)


def test_a_lone_letter_hides_where_others_were_undone_before() -> None:
    text = "a kind of α person"
    assert HOMOGLYPHS(Tracked.of(text), None, Counter()).text == text
    changes = Counter({"styled": 3})
    assert HOMOGLYPHS(Tracked.of(text), None, changes).text == "a kind of a person"


def test_the_declared_language_tells_when_nothing_else_does() -> None:
    assert _read("сосо") == ("сосо", 0)
    assert _read("сосо", "en") == ("coco", 4)
    assert _read("сосо", "ru") == ("сосо", 0)
