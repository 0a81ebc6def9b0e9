from __future__ import annotations

from gateway.text.tables import build, spelled


def test_lookalikes_come_from_unicode_and_leave_scripts_in_use_alone() -> None:
    tables = build()
    assert tables.lookalikes["а"] == "a"
    assert tables.lookalikes["ο"] == "o"
    assert tables.lookalikes["І"] == "I"
    assert not {"ا", "ו", "०", "ı", "æ", "〇", "п"} & tables.lookalikes.keys()
    assert all(latin.isascii() and latin.isalpha() for latin in tables.lookalikes.values())
    assert all(len(letter) == 1 for letter in tables.lookalikes)
    assert not tables.near.keys() & set("aeiou")


def test_accents_map_one_letter_to_one_and_are_stable() -> None:
    accents = build().accents
    assert all(len(plain) == 1 for plain in accents.values())
    assert all(ord(plain) not in accents for plain in accents.values())
    assert accents[ord("é")] == "e"
    assert accents[ord("Ñ")] == "n"
    assert ord("й") not in accents


def test_letters_spelled_with_several_are_lower_case() -> None:
    assert spelled()["ß"] == "ss"
    assert all(len(several) > 1 for several in spelled().values())
