from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import LogInvalid
from gateway.trail.note import (
    MAX_NOTE,
    MAX_SIGNATURES,
    NoteKey,
    is_by_strangers,
    open_note,
    sign_note,
)

# The example of golang.org/x/mod/sumdb/note.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    f"{TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = NoteKey.parse(VKEY)
SIGN = Ed25519PrivateKey.from_private_bytes(SEED).sign


def test_signs_and_opens_as_the_reference_does() -> None:
    assert str(KEY) == VKEY
    assert sign_note(TEXT, KEY, SIGN) == NOTE
    opened = open_note(NOTE, [KEY])
    assert opened.text == TEXT
    assert opened.signers == (KEY,)


def test_unknown_signatures_are_ignored() -> None:
    other = Ed25519PrivateKey.generate()
    key = NoteKey("witness.example", other.public_key().public_bytes_raw())
    both = NOTE + sign_note(TEXT, key, other.sign).rpartition("\n\n")[2]
    assert open_note(both, [KEY]).signers == (KEY,)
    assert open_note(both, [key, KEY]).signers == (KEY, key)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("— ", "- "),
        NOTE.replace("— PeterNeumann", "— Peter Neumann"),
        NOTE.replace("— PeterNeumann", "— Peter+Neumann"),
        NOTE.replace("x08go", "x08g!"),
        TEXT + "\n— PeterNeumann x08gow==\n",
        NOTE.replace("If you", "If\tyou"),
        NOTE.replace("If you", "If \ud800you"),
        NOTE + "x" * MAX_NOTE,
        TEXT + "\n" + NOTE.rpartition("\n\n")[2] * (MAX_SIGNATURES + 1),
    ],
)
def test_malformed_notes_are_refused(note: str) -> None:
    with pytest.raises(LogInvalid):
        open_note(note, [KEY])


def test_a_changed_text_or_signature_is_refused() -> None:
    with pytest.raises(LogInvalid, match="does not verify"):
        open_note(NOTE.replace("answer", "question"), [KEY])
    with pytest.raises(LogInvalid, match="does not verify"):
        open_note(NOTE.replace("JnAM=", "JnBM="), [KEY])


def test_a_note_by_strangers_only_is_refused() -> None:
    with pytest.raises(LogInvalid, match="no known key"):
        open_note(NOTE, [])
    with pytest.raises(LogInvalid, match="no known key"):
        open_note(NOTE, [NoteKey("Peter", KEY.raw)])


def test_strangers() -> None:
    assert not is_by_strangers(NOTE, [NoteKey("other", KEY.raw), KEY])
    assert is_by_strangers(NOTE, [NoteKey("other", KEY.raw)])
    assert is_by_strangers(NOTE, [NoteKey("PeterNeumann", bytes(32))])
    with pytest.raises(LogInvalid):
        is_by_strangers(TEXT, [KEY])


def test_a_text_may_have_empty_lines() -> None:
    text = "Ognuno sta solo\n\ned è subito sera.\n"
    assert open_note(sign_note(text, KEY, SIGN), [KEY]).text == text


@pytest.mark.parametrize("text", ["no newline", "a\rb\n", "a\x00\n"])
def test_what_is_no_note_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="a note ends with"):
        sign_note(text, KEY, SIGN)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        VKEY[:-4],
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("PeterNeumann", "Peter"),
        VKEY.replace("PeterNeumann", ""),
        VKEY.replace("ARpc", "A!pc"),
        "PeterNeumann+c74f20a3+" + b64encode(bytes(33)).decode(),
    ],
)
def test_malformed_keys_are_refused(vkey: str) -> None:
    with pytest.raises(LogInvalid):
        NoteKey.parse(vkey)
