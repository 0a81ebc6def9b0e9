from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "number",
    ["06 12 34 56 78", "0612345678", "06.12.34.56.78", "06-12-34-56-78", "06 - 12 - 34 - 56 - 78",
     "+33 6 12 34 56 78", "+33612345678", "+33 (0)6 12 34 56 78", "+33(0)612345678",
     "0033 6 12 34 56 78", "00 33 6 12 34 56 78", "01 42 68 53 00", "0 6 1 2 3 4 5 6 7 8",
     "06_12_34_56_78", "06*12*34*56*78", "06|12|34|56|78", "06,12,34,56,78", "(+33) 612345678",
     "+1-212-555-0143", "(212) 555-0143", "+49 30 901820", "+221 77 123 45 67", "٠٦١٢٣٤٥٦٧٨"],
)  # fmt: skip
@pytest.mark.parametrize("sentence", ["{}", "Voici : {}.", "Tu notes {} ?"])
def test_numbers(find: Find, sentence: str, number: str) -> None:
    assert find(sentence.format(number), "fr") == [("PHONE_NUMBER", number)]


def test_several_numbers_and_their_extensions(find: Find) -> None:
    text = "Mobile: 723 813 266\nDesk: +1-903-246-4508x769\nFax: 259.735.7502x459"
    assert [value for _, value in find(text, "en")] == [
        "723 813 266",
        "+1-903-246-4508x769",
        "259.735.7502x459",
    ]


@pytest.mark.parametrize(
    ("place", "number"),
    [("es", "612 34 56 78"), ("DE", "030 901820"), ("it", "06 6982 1234"), ("BE", "0470 12 34 56")],
)
def test_national_numbers_follow_language_and_audience(find: Find, place: str, number: str) -> None:
    assert find(number, place) == [("PHONE_NUMBER", number)]


def test_a_word_nearby_is_enough_for_a_shape(find: Find) -> None:
    assert find("They are not answering at 374 780 163", "en") == [("PHONE_NUMBER", "374 780 163")]
    assert find("There were 374 780 163 of them", "en") == []
    assert find("my driver license number is 5130634", "en") == [("US_DRIVER_LICENSE", "5130634")]


def test_links_to_messengers_carry_numbers(find: Find) -> None:
    assert ("PHONE_NUMBER", "33612345678") in find("https://wa.me/33612345678")
    assert ("PHONE_NUMBER", "+33612345678") in find("tel:+33612345678")


@pytest.mark.parametrize(
    "text",
    ["2016-2017", "2017-01-25 01:05", "12/05/2020 18 30", "1 000 000 000", "25.12.2026",
     "timestamp 1693526400", "1 2 3 4 5 6 7 8 9 10", "$1234567890", "#1234567", "0612345678€",
     "0,123456789"],
)  # fmt: skip
def test_other_numbers(find: Find, text: str) -> None:
    assert find(text, "en") == []


def test_in_chinese_the_word_before_a_number_touches_it(find: Find) -> None:
    assert find("手机号是13812345678", "zh") == [("PHONE_NUMBER", "13812345678")]
    assert find("订单13812345678", "zh") == []
    assert find("abc13812345678 phone", "en") == []
