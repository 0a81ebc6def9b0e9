from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pii.message import ScannedText
from gateway.pii.recognizers.generic.disguised import Numerals

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ("fr", "zéro six douze trente-quatre cinquante-six soixante-dix-huit"),
        ("fr", "zero six, un deux, trois quatre, cinq six, sept huit"),
        ("fr", "06 douze trente quatre cinquante six soixante dix-huit"),
        ("fr", "zéro six quatre-vingt-douze vingt et un quatre-vingts trois deux"),
        ("en", "two one two five five five zero one four three"),
        ("en", "oh seven nine double one one two three four five six"),
        ("en", "zero seven nine triple one two three four five six"),
        ("en", "plus four four seven nine one one one two three four five six"),
        ("fr", "plus trente-trois six douze trente-quatre cinquante-six soixante-dix-huit"),
        ("es", "seis doce treinta y cuatro cincuenta y seis setenta y ocho"),
        ("es", "seiscientos doce treinta y cuatro cincuenta y seis setenta y ocho"),
        ("es", "más treinta y cuatro seis uno dos tres cuatro cinco seis siete ocho"),
        ("de", "null eins sieben sechs zwölf vierunddreißig sechsundfünfzig achtundsiebzig"),
        ("it", "tre quattro sette dodici trentaquattro cinquantasei sette"),
        ("pt", "nove doze trinta e quatro cinquenta e seis setenta e oito"),
        ("fr", "zéro six 12 34 56 78"),
        ("fr", "O6 12 34 56 78"),
        ("fr", "O6l2345678"),
        ("fr", "+33 6 I2 34 56 78"),
    ],
)
def test_numbers(find: Find, place: str, number: str) -> None:
    assert find(f"voici {number} !", place) == [("PHONE_NUMBER", number)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("CREDIT_CARD", "4ll1 llll 1ll1 111l"),
        ("IBAN_CODE", "FR76 3O00 60O0 0ll2 3456 789O l89"),
        ("FR_NIR", "2 95 l0 99 l26 111 93"),
        ("US_SSN", "731-83-44l8"),
        ("IP_ADDRESS", "192.l68.lO.25"),
    ],
)
def test_letters_for_digits_in_other_values(find: Find, kind: str, value: str) -> None:
    assert (kind, value) in find(f"voici {value} !", "fr")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("CREDIT_CARD", "4 1 1 1   1 1 1 1   1 1 1 1   1 1 1 1"),
        ("US_SSN", "7 3 1 - 8 3 - 4 4 1 8"),
        ("US_SSN", "7/3/1-8/3-4/4/1/8"),
        ("IP_ADDRESS", "1*9*2.1*6*8.1*0.2*5"),
        ("PHONE_NUMBER", "0❤6 1❤2 3❤4 5❤6 7❤8"),
        ("EMAIL_ADDRESS", "j✨o✨h✨n@g✨m✨a✨i✨l.c✨o✨m"),
        ("IBAN_CODE", "F R 7 6   3 0 0 0   6 0 0 0   0 1 1 2   3 4 5 6   7 8 9 0   1 8 9"),
        ("FR_NIR", "2 9·5 1·0 9·9 1·2·6 1·1·1 9·3"),
    ],
)
def test_values_set_apart(find: Find, kind: str, value: str) -> None:
    assert (kind, value) in find(f"voici {value} !", "fr")


@pytest.mark.parametrize(
    ("place", "kind", "value"),
    [
        ("zh", "PHONE_NUMBER", "一三八零零一三八零零零"),
        ("zh", "PHONE_NUMBER", "幺三八〇〇幺三八〇〇〇"),
        ("zh", "PHONE_NUMBER", "一三九 一二三四 五六七八"),
        ("zh", "PHONE_NUMBER", "壹叁捌零零壹叁捌零零零"),
        ("zh", "PHONE_NUMBER", "一三八、零零一三、八零零零"),
        ("zh", "PHONE_NUMBER", "138零零138零零零"),
        ("zh", "CREDIT_CARD", "四一一一 一一一一 一一一一 一一一一"),
        ("zh", "CN_ID", "一一〇一〇一一九九〇〇三〇七七七五八"),
        ("ko", "PHONE_NUMBER", "공일공-이삼사오-육칠팔구"),
        ("ko", "PHONE_NUMBER", "공일공 이삼사오 육칠팔구"),
    ],
)
def test_numerals_read_out(find: Find, place: str, kind: str, value: str) -> None:
    assert find(f"请看 {value} 。", place) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    ["二〇二六年三月十二日", "一二三四五六七，七六五四三二一", "三三两两的人，五六七八个",
     "一万二千三百四十五元", "十一二十三", "一" * 40, "이 일이 사실이 이사", "第一三八章"],
)  # fmt: skip
def test_other_numerals(find: Find, text: str) -> None:
    assert find(text, "zh") == []


def test_cards(find: Find) -> None:
    assert find("4111 1111 1111 1lll") == [("CREDIT_CARD", "4111 1111 1111 1lll")]
    spoken = "four one one one " + "one " * 11 + "one"
    assert find(spoken) == [("CREDIT_CARD", spoken)]


@pytest.mark.parametrize(
    "text",
    ["un deux trois quatre cinq six sept huit neuf dix", "one two three four five six seven",
     "call of duty 2 3 4 5 6 7 8 9", "1-0 2-1 3-2 4-3 5-4", "a b c d e f g h",
     "six hours and forty two minutes", "plus de deux ou trois heures", "dos y dos son cuatro",
     "zwei oder drei mal", "uno due tre quattro", "um e dois e mais três",
     "20l6 was a good year", "B2O 10O 3O"],
)  # fmt: skip
def test_others(find: Find, text: str) -> None:
    assert find(text) == []


@settings(max_examples=300, deadline=None)
@given(st.text("一三八〇幺공일이0123 -、x십", max_size=24))
def test_what_its_gate_keeps_away_is_no_numeral(text: str) -> None:
    numerals = Numerals()
    assert numerals.gate.opens(ScannedText(text)) or not numerals.view(text, 5).replaced
