from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from gateway.errors import LogInvalid
from gateway.trail.note import (
    COSIGNATURE,
    MAX_NOTE,
    MAX_SIGNATURES,
    ML_DSA_44,
    NoteKey,
    cosign,
    cosignatures,
    has_no_known_signer,
    note_text,
    open_note,
    sign_note,
    subtree_message,
)
from tests.paths import GOLDEN

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
    assert not has_no_known_signer(NOTE, [NoteKey("other", KEY.raw), KEY])
    assert has_no_known_signer(NOTE, [NoteKey("other", KEY.raw)])
    assert has_no_known_signer(NOTE, [NoteKey("PeterNeumann", bytes(32))])
    with pytest.raises(LogInvalid):
        has_no_known_signer(TEXT, [KEY])


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


# The vectors of transparency-dev/formats, note/note_cosigv1_test.go and log/note_test.go.
WITNESS_VKEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
STAMPED = (
    "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJ"
    "XORmnFBOBA=="
)
SUMDB_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_NOTE = """go.sum database tree
6476701
mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=

— sum.golang.org \
Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=
"""
CHECKPOINT = "log.example/l\n1\n" + b64encode(bytes(32)).decode() + "\n"
COSIGNED_AT = 1_727_964_367
VECTORS = GOLDEN / "c2sp"


def cosigner(kind: bytes) -> tuple[NoteKey, Callable[[bytes], bytes]]:
    if kind == ML_DSA_44:
        second = MLDSA44PrivateKey.generate()
        return NoteKey("w.example", second.public_key().public_bytes_raw(), kind), second.sign
    first = Ed25519PrivateKey.generate()
    return NoteKey("w.example", first.public_key().public_bytes_raw(), kind), first.sign


def test_the_checkpoint_of_another_log_opens() -> None:
    assert open_note(SUMDB_NOTE, [NoteKey.parse(SUMDB_KEY)]).text.startswith("go.sum database")


def test_published_keys_of_witnesses_parse() -> None:
    assert NoteKey.parse(WITNESS_VKEY).kind == COSIGNATURE
    assert str(NoteKey.parse(WITNESS_VKEY)) == WITNESS_VKEY
    published = (VECTORS / "mldsa-log.vkey").read_text().strip()
    assert NoteKey.parse(published).kind == ML_DSA_44
    assert str(NoteKey.parse(published)) == published


def test_the_time_of_a_published_cosignature() -> None:
    assert int.from_bytes(b64decode(STAMPED)[4:12]) == COSIGNED_AT


def test_a_published_checkpoint_signed_with_ml_dsa_opens() -> None:
    key = NoteKey.parse((VECTORS / "mldsa-log.vkey").read_text())
    note = (VECTORS / "mldsa-log.request").read_text(encoding="utf-8").partition("\n\n")[2]
    assert open_note(note, [key]).signers == (key,)
    with pytest.raises(LogInvalid, match="does not verify"):
        open_note(note.replace("\n1\n", "\n2\n"), [key])


@pytest.mark.parametrize("kind", [COSIGNATURE, ML_DSA_44])
def test_cosignatures_speak_of_text_and_time(kind: bytes) -> None:
    key, sign = cosigner(kind)
    line = cosign(CHECKPOINT, key, sign, at=COSIGNED_AT)
    note = sign_note(CHECKPOINT, KEY, SIGN) + line
    (found,) = cosignatures(note, [key, KEY])
    assert (found.key, found.at, found.line) == (key, COSIGNED_AT, line)
    assert cosignatures(note, [cosigner(kind)[0]]) == ()
    assert open_note(note, [KEY]).signers == (KEY,)
    data = bytearray(b64decode(line.split(" ")[2]))
    data[11] ^= 1  # the time
    later = f"— w.example {b64encode(data).decode()}\n"
    for bad in (
        sign_note(CHECKPOINT.replace("\n1\n", "\n2\n"), KEY, SIGN) + line,
        sign_note(CHECKPOINT, KEY, SIGN) + later,
        sign_note(CHECKPOINT, KEY, SIGN) + f"— w.example {b64encode(data[:20]).decode()}\n",
    ):
        with pytest.raises(LogInvalid, match="does not verify"):
            cosignatures(bad, [key])


def test_ml_dsa_says_nothing_of_extension_lines() -> None:
    key, sign = cosigner(ML_DSA_44)
    with pytest.raises(ValueError, match="cannot cosign"):
        cosign(CHECKPOINT + "more\n", key, sign, at=1)
    line = cosign(CHECKPOINT, key, sign, at=1)
    with pytest.raises(LogInvalid, match="does not verify"):
        cosignatures(sign_note(CHECKPOINT + "more\n", KEY, SIGN) + line, [key])
    first, sign_first = cosigner(COSIGNATURE)
    extended = CHECKPOINT + "more\n"
    note = sign_note(extended, KEY, SIGN) + cosign(extended, first, sign_first, at=1)
    assert len(cosignatures(note, [first])) == 1


def test_what_cannot_be_cosigned() -> None:
    key, sign = cosigner(COSIGNATURE)
    for at in (-1, 1 << 63):
        with pytest.raises(ValueError, match="cannot cosign"):
            cosign(CHECKPOINT, key, sign, at=at)
    with pytest.raises(ValueError, match="cannot cosign"):
        cosign(CHECKPOINT, KEY, SIGN, at=1)


def test_what_an_ml_dsa_message_cannot_say() -> None:
    root = bytes(32)
    assert subtree_message("mldsa", "test", start=0, end=0, root=root) is not None
    assert subtree_message("mldsa", "t" * 256, start=0, end=0, root=root) is None
    assert subtree_message("m" * 256, "test", start=0, end=0, root=root) is None
    assert subtree_message("mldsa", "test", start=8, end=13, root=root) is not None
    assert subtree_message("mldsa", "test", start=8, end=13, root=root, at=1) is None
    assert subtree_message("mldsa", "test", start=13, end=8, root=root) is None
    assert subtree_message("mldsa", "test", start=0, end=8, root=root[1:]) is None


def test_only_the_text_of_a_note() -> None:
    assert note_text(NOTE) == TEXT
    with pytest.raises(LogInvalid):
        note_text(TEXT)
