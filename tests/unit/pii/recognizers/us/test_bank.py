from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from gateway.pii.placeholders import PlaceholderWord, placeholder

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("routing 021000021 account 000123456789", "000123456789"),
        ("My routing number is 021000021 and my account number is 12345678901", "12345678901"),
        ("ABA: 026009593 / 4418829301", "4418829301"),
        ("Routing: 021000021\nAccount: 7718829-301", "7718829-301"),
        ("checking account number: 99281-73382", "99281-73382"),
        ("bank acct # 4417882910", "4417882910"),
        ("wire it to account no. 55 1234 9876", "55 1234 9876"),
        ("000123456789 is my checking account number", "000123456789"),
        ("021000021, acct 998877665", "998877665"),
    ],
)
def test_accounts(find: Find, text: str, account: str) -> None:
    assert ("US_BANK_NUMBER", account) in find(text, "en")


@pytest.mark.parametrize(
    "text",
    ["my twitter account has 1000000 followers", "my bank account has 1000000 dollars",
     "account number 55512345 for the gas company", "the account 12345678 was banned",
     "routing 021000022 account 000123456789", "021000021 1234567890", "account 111111111111",
     "my checking account number is 1234", "bank of 123456 people on account"],
)  # fmt: skip
def test_others(find: Find, text: str) -> None:
    assert [one for one in find(text, "en") if one[0] == "US_BANK_NUMBER"] == []


def test_it_is_stripped_as_a_bank_account(placeholders: Mapping[str, PlaceholderWord]) -> None:
    assert placeholder(placeholders, "US_BANK_NUMBER", "en") == "bank account"
