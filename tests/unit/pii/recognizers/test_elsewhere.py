from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]

NUMBERS = (
    ("es", "ES_NIF", "12345678Z", "DNI"),
    ("es", "ES_NIE", "X1234567L", "NIE"),
    ("it", "IT_FISCAL_CODE", "RSSMRA85T10A562S", "codice fiscale"),
    ("pl", "PL_PESEL", "44051401359", "PESEL"),
    ("DE", "DE_TAX_ID", "86095742719", "Steuer-ID"),
    ("de", "DE_SOCIAL_SECURITY", "15070649C103", "Rentenversicherungsnummer"),
    ("fi", "FI_PERSONAL_IDENTITY_CODE", "131052-308T", "henkilötunnus"),
    ("sv", "SE_PERSONNUMMER", "811218-9876", "personnummer"),
    ("tr", "TR_NATIONAL_ID", "10000000146", "kimlik"),
    ("IN", "IN_AADHAAR", "2341 2341 2346", "aadhaar"),
    ("ko", "KR_RRN", "960121-1234567", "주민등록번호"),
    ("th", "TH_TNIN", "1234545678781", "เลขประจำตัวประชาชน"),
    ("GB", "UK_NINO", "AB 12 34 56 C", "national insurance"),
    ("BR", "BR_CPF", "390.533.447-05", "CPF"),
    ("BR", "BR_CPF", "39053344705", "cpf"),
    ("zh", "CN_ID", "360426199101010071", "身份证号"),
    ("zh", "CN_ID", "36042619910101104X", "身份证号"),
    ("ja", "JP_MY_NUMBER", "6214 9832 0257", "マイナンバー"),
    ("IN", "IN_PAN", "ACUPA7085R", "PAN"),
)

NAMED = (
    ("CA_SIN", "123 456 782", "SIN", "CA"),
    ("CA_SIN", "123456782", "assurance sociale :", "CA"),
    ("PT_NIF", "501 964 843", "NIF", "pt"),
    ("PT_NIF", "501964843", "contribuinte n.º", "pt"),
)
"""Those that count beside their name alone."""

BROKEN = (
    ("BR", "BR_CPF", "390.533.447-06", "CPF"),
    ("BR", "BR_CPF", "111.111.111-11", "CPF"),
    ("zh", "CN_ID", "360426199101010072", "身份证号"),
    ("zh", "CN_ID", "360426199113010071", "身份证号"),
    ("ja", "JP_MY_NUMBER", "6214 9832 0258", "マイナンバー"),
    ("IN", "IN_PAN", "ACUXA7085R", "PAN"),
    ("CA", "CA_SIN", "123 456 783", "SIN"),
    ("pt", "PT_NIF", "501 964 842", "NIF"),
)
"""One digit off, the fourth letter of no holder, a month that is none."""


@pytest.mark.parametrize(("place", "kind", "number", "word"), NUMBERS)
def test_numbers_count_where_they_belong_or_beside_their_name(
    find: Find, place: str, kind: str, number: str, word: str
) -> None:
    assert (kind, number) in find(f"{number} !", place)
    assert (kind, number) in find(f"{word} {number}", "en")
    assert kind not in [found for found, _ in find(f"{number} !", "en", "US")]
    assert kind not in [found for found, _ in find(f"{number} !")]


@pytest.mark.parametrize(("kind", "number", "word", "place"), NAMED)
def test_numbers_that_look_like_others_count_beside_their_name_alone(
    find: Find, kind: str, number: str, word: str, place: str
) -> None:
    assert (kind, number) in find(f"{word} {number}", place)
    assert (kind, number) in find(f"{word} {number}")
    assert kind not in [found for found, _ in find(f"{number} !", place)]


@pytest.mark.parametrize(("place", "kind", "number", "word"), BROKEN)
def test_what_fails_its_checksum_is_nothing(
    find: Find, place: str, kind: str, number: str, word: str
) -> None:
    assert kind not in [found for found, _ in find(f"{word} {number}", place)]
