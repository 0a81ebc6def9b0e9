from __future__ import annotations

import hmac
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.disclosure.canonical import canonical, content_hash

SALT = bytes(range(16))


@settings(deadline=None)
@given(st.text())
def test_is_idempotent(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" [AI] hi\u3000\n", "[AI] hi"),
        ("e\u0301", "é"),
        ("e\ufe0f\u0301", "é"),  # composed once nothing stands between
        ("❤\ufe0f", "❤"),
        ("a\U000e0101b\ufe00", "ab"),
        ("text\ufeff\ufe01\U000e0155", "text"),  # as a C2PA manifest stands there
        ("\x1ckept\x1c", "\x1ckept\x1c"),  # a control character, not white space
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_form(text: str, expected: str) -> None:
    assert canonical(text) == expected


def test_hash_is_hmac_of_the_canonical_form() -> None:
    expected = hmac.new(SALT, "[AI] é".encode(), sha256).hexdigest()
    assert content_hash("[AI] e\u0301\n", SALT) == expected


def test_hash_depends_on_salt_and_label() -> None:
    assert content_hash("[AI] hi", SALT) != content_hash("[AI] hi", bytes(16))
    assert content_hash("[AI] hi", SALT) != content_hash("hi", SALT)
