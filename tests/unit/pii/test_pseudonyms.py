from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.errors import KeysInvalid
from gateway.pii.pseudonyms import Pseudonyms, canonical

OURS = Pseudonyms(b"a" * 32)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("PHONE_NUMBER", "06 12 34 56 78", "+33 (0)6.12.34.56.78"),
        ("EMAIL_ADDRESS", "Lea@Example.com", "lea@example.com"),
        ("IBAN_CODE", "FR76 3000", "fr763000"),
        ("CREDIT_CARD", "4111-1111", "4111 1111"),
        ("PERSON", "Léa  Martin", "lea martin"),
    ],
)
def test_one_value_has_one_form_however_it_is_written(kind: str, one: str, other: str) -> None:
    assert canonical(kind, one) == canonical(kind, other)


def test_numbers_in_words_stay_apart() -> None:
    one, other = "zéro six douze", "zéro six treize"
    assert canonical("PHONE_NUMBER", one) != canonical("PHONE_NUMBER", other)


def test_a_tag_hangs_on_kind_value_scope_and_secret() -> None:
    tag = OURS.tag("EMAIL_ADDRESS", "a@b.fr", "t", "c")
    assert tag == OURS.tag("EMAIL_ADDRESS", "A@B.fr", "t", "c")
    assert len(tag) == 16
    others = {
        OURS.tag("EMAIL_ADDRESS", "a@b.de", "t", "c"),
        OURS.tag("URL", "a@b.fr", "t", "c"),
        OURS.tag("EMAIL_ADDRESS", "a@b.fr", "t", "d"),
        OURS.tag("EMAIL_ADDRESS", "a@b.fr", "tc"),
        Pseudonyms(b"b" * 32).tag("EMAIL_ADDRESS", "a@b.fr", "t", "c"),
    }
    assert len(others | {tag}) == 6


def test_a_sealed_value_comes_back_for_its_tenant_and_secret_only() -> None:
    token = OURS.seal("06 12 34 56 78", tenant="t", place="m:3")
    assert OURS.unseal(token, tenant="t") == "06 12 34 56 78"
    assert token == OURS.seal("06 12 34 56 78", tenant="t", place="m:3")
    assert token != OURS.seal("06 12 34 56 78", tenant="t", place="m:9")
    attempts: tuple[Callable[[], str], ...] = (
        lambda: OURS.unseal(token, tenant="u"),
        lambda: Pseudonyms(b"b" * 32).unseal(token, tenant="t"),
        lambda: OURS.unseal(token[:-4], tenant="t"),
        lambda: OURS.unseal("é", tenant="t"),
        lambda: OURS.unseal("", tenant="t"),
    )
    for unseal in attempts:
        with pytest.raises(KeysInvalid) as raised:
            unseal()
        assert "06 12" not in str(raised.value)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(KeysInvalid):
        Pseudonyms(b"short")
