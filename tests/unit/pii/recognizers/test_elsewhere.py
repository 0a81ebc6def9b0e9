from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]

NUMBERS = (
    ("pl", "PL_PESEL", "44051401359", "PESEL"),
    ("fi", "FI_PERSONAL_IDENTITY_CODE", "131052-308T", "henkilötunnus"),
    ("fi", "FI_PERSONAL_IDENTITY_CODE", "131052A308T", "henkilötunnus"),
    ("sv", "SE_PERSONNUMMER", "811218-9876", "personnummer"),
    ("sv", "SE_PERSONNUMMER", "198112189876", "personnummer"),
    ("tr", "TR_NATIONAL_ID", "10000000146", "kimlik"),
    ("th", "TH_TNIN", "1234545678781", "เลขประจำตัวประชาชน"),
)
BROKEN = (
    ("pl", "PL_PESEL", "44051401358", "PESEL"),
    ("fi", "FI_PERSONAL_IDENTITY_CODE", "131052-308U", "henkilötunnus"),
    ("fi", "FI_PERSONAL_IDENTITY_CODE", "131352-308T", "henkilötunnus"),
    ("sv", "SE_PERSONNUMMER", "811218-9877", "personnummer"),
    ("tr", "TR_NATIONAL_ID", "10000000147", "kimlik"),
    ("th", "TH_TNIN", "1234545678782", "เลขประจำตัวประชาชน"),
)


@pytest.mark.parametrize(("place", "kind", "number", "word"), NUMBERS)
def test_numbers_count_where_they_belong_or_beside_their_name(
    find: Find, place: str, kind: str, number: str, word: str
) -> None:
    assert (kind, number) in find(f"{number} !", place)
    assert (kind, number) in find(f"{word} {number}", "en")
    assert kind not in [found for found, _ in find(f"{number} !", "en", "US")]
    assert kind not in [found for found, _ in find(f"{number} !")]


@pytest.mark.parametrize(("place", "kind", "number", "word"), BROKEN)
def test_what_fails_its_checksum_is_nothing(
    find: Find, place: str, kind: str, number: str, word: str
) -> None:
    assert kind not in [found for found, _ in find(f"{word} {number}", place)]
