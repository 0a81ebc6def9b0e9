from __future__ import annotations

from gateway.pii.characters import digits_of, letters_and_digits_of


def test_signs_are_left_out() -> None:
    assert digits_of("FR76 3000-6000") == "7630006000"
    assert letters_and_digits_of("AB-123 é.٣") == "AB123é٣"
    assert digits_of("") == letters_and_digits_of("…") == ""
