from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.pii.message import ScannedText
from gateway.pii.recognizers import NATIONAL
from gateway.pii.recognizers.national import Counts, NationalRecognizer, NumberFormat, rule

NUMBER = NumberFormat(
    kind="X_NUMBER",
    about="Numbers of nobody",
    pattern=r"\d{3} ?\d{3}",
    digits=6,
    counts="home",
    words=("Número X", "番号"),
    places=("xx", "XX"),
    is_valid=lambda value: value.endswith("7"),
    checksum=True,
)


def found(number: NumberFormat, text: str, *places: str) -> list[str]:
    message = ScannedText(text, frozenset(places))
    made = rule(number)
    hits = list(made.hits(message, 1.0))
    assert made.gate.opens(message) or not hits, "the gate is necessary"
    return [text[hit.start : hit.end] for hit in hits]


@pytest.mark.parametrize(
    ("counts", "plain", "at_home", "beside"),
    [("anywhere", True, True, True), ("home", False, True, True), ("named", False, False, True)],
)
def test_where_a_number_counts(counts: Counts, plain: bool, at_home: bool, beside: bool) -> None:
    number = replace(NUMBER, counts=counts)
    assert found(number, "see 123 457") == ["123 457"] * plain
    assert found(number, "see 123 457", "XX") == ["123 457"] * at_home
    assert found(number, "mi numero x: 123 457") == ["123 457"] * beside
    assert found(number, "NÚMERO X 123 457", "en") == ["123 457"] * beside


@pytest.mark.parametrize(
    "text", ["123 456", "777 777", "１２３ 457", "x123457", "1234570", "123457.5", "+123457"]
)
def test_what_is_no_number(text: str) -> None:
    assert found(NUMBER, f"{text} is my número X", "XX") == []


def test_scripts_without_spaces_may_touch_a_number() -> None:
    assert found(NUMBER, "番号は123457です") == ["123457"]


def test_the_country_is_asked_about_letters_and_digits_alone() -> None:
    asked: list[str] = []

    def ask(value: str) -> bool:
        asked.append(value)
        return True

    number = replace(NUMBER, pattern=r"[a-z]-\d{2}\.\d", is_valid=ask)
    assert NationalRecognizer(number).validate_result("a-12.3") is None
    assert asked == ["A123"]


def test_the_nearest_home_names_a_number_that_several_countries_have() -> None:
    message = ScannedText("passport AB123456", frozenset({"CA"}))
    scores = {
        number.kind: hit.score
        for number in NATIONAL
        if number.kind in {"CA_PASSPORT", "BR_PASSPORT"}
        for hit in rule(number).hits(message, 1.0)
    }
    assert scores["CA_PASSPORT"] > scores["BR_PASSPORT"]


@pytest.mark.parametrize("number", NATIONAL, ids=lambda number: number.kind)
def test_each_says_what_it_finds_and_is_named_by_its_words(number: NumberFormat) -> None:
    assert number.about
    assert number.words
    assert number.counts == "named" or number.places
    assert number.is_valid is not None or not number.checksum


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("es", "El partido acabó 3-2, vinieron 45678 personas, código 1234 ABC"),
        ("es", "sin 123 456 789 seguidores no hay fiesta"),
        ("de", "Am 12.05.2024 kamen 12345 Leute, das Kennzeichen der Stadt ist B"),
        ("de", "Die Nummer eins: 1 2 3, Folge B-12 34, ein BMW M 3"),
        ("it", "Ho preso 12345678901 visualizzazioni, la patente a 18 anni nel 2019"),
        ("pt", "o jogo 12345-678 teve 45678 pessoas"),
        ("en", "My passport expires in 2026 and costs 85 pounds"),
        ("en", "the reg for class B2 3AM, NHS waiting list of 7600000 people"),
        ("en", "my driver rating is 4.95 after 12345 trips, voter turnout ABC1234567"),
        ("en", "live in HD at 4K 60FPS on a 12700K, sin city 300, 100 200 300"),
        ("fr", "mon permis depuis 2012, carte nationale des vins, 120 000 vues"),
        ("zh", "今年是2024年，有123456人看了我的护照照片"),
        ("ko", "사업자 10명이 2024년 1월에 여권을 만들었다"),
        ("ja", "登録番号は不明、2024年の法人番号について"),
    ],
)
def test_plain_talk_holds_no_numbers_of_people(
    find: Callable[..., list[tuple[str, str]]], place: str, text: str
) -> None:
    kinds = {number.kind for number in NATIONAL}
    assert [one for one in find(text, place) if one[0] in kinds] == []
