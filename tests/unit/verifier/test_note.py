from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.trail.checkpoint import open_checkpoint, sign_checkpoint
from gateway.trail.note import COSIGNATURE, ML_DSA_44, NoteKey, cosign
from gateway.verifier.note import MAX_NOTE, MalformedNote, SignedCheckpoint, TrustedKey

ORIGIN = "gateway.example/log"
# The example of https://c2sp.org/tlog-cosignature: its key is not given, its form is.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501
# Of https://pkg.go.dev/golang.org/x/mod/sumdb/note, with its key.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""  # noqa: E501


@pytest.fixture(scope="module")
def keyring() -> Keyring:
    return Keyring.generate()


def signed(keyring: Keyring) -> str:
    return sign_checkpoint(origin=ORIGIN, size=7, root=bytes(32), keyring=keyring).note


def key_of(keyring: Keyring) -> TrustedKey:
    return TrustedKey(ORIGIN, 1, keyring.checkpoint.public.raw)


def test_a_checkpoint_of_the_gateway(keyring: Keyring) -> None:
    checkpoint = SignedCheckpoint.parse(signed(keyring))
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, 7, bytes(32))
    assert checkpoint.signed_at(key_of(keyring)) == 0
    assert checkpoint.signed_at(key_of(Keyring.generate())) is None


def test_the_example_of_the_specification() -> None:
    checkpoint = SignedCheckpoint.parse(EXAMPLE)
    assert checkpoint.size == 20852163
    assert [name for name, _, _ in checkpoint.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]


def test_a_signature_of_another_program() -> None:
    key = TrustedKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    text = GO_NOTE.partition("\n\n")[0] + "\n"
    note = SignedCheckpoint("", 0, b"", text, SignedCheckpoint.parse(
        EXAMPLE.partition("\n\n")[0] + "\n\n" + GO_NOTE.partition("\n\n")[2]
    ).signatures)  # fmt: skip
    assert note.signed_at(key) == 0


@pytest.mark.parametrize("kind", [COSIGNATURE, ML_DSA_44])
def test_cosignatures(keyring: Keyring, kind: bytes) -> None:
    signer = keyring.post_quantum if kind == ML_DSA_44 else keyring.checkpoint
    raw = keyring.post_quantum.raw if kind == ML_DSA_44 else keyring.checkpoint.public.raw
    theirs = NoteKey("witness.example/w", raw, kind)
    ours = TrustedKey.parse(str(theirs))
    note = signed(keyring)
    text = note.partition("\n\n")[0] + "\n"
    line = cosign(text, theirs, signer.sign, at=1679315147)
    later = cosign(text, theirs, signer.sign, at=1679315148)
    assert SignedCheckpoint.parse(note + later + line).signed_at(ours) == 1679315148
    assert SignedCheckpoint.parse(note).signed_at(ours) is None
    with pytest.raises(MalformedNote, match="is wrong"):
        SignedCheckpoint.parse(note.replace("7", "8") + line).signed_at(ours)


def test_wrong_signatures(keyring: Keyring) -> None:
    note = signed(keyring).replace("\n7\n", "\n8\n")
    with pytest.raises(MalformedNote, match="is wrong"):
        SignedCheckpoint.parse(note).signed_at(key_of(keyring))


@pytest.mark.parametrize(
    "change",
    [
        lambda note: "",
        lambda note: note[:-1],
        lambda note: note.replace("\n7\n", "\n07\n"),
        lambda note: note.replace("\n7\n", "\n-7\n"),
        lambda note: note.replace("\n7\n", "\n٧\n"),
        lambda note: note.replace("\n7\n", "\n" + "9" * 30 + "\n"),
        lambda note: note.replace("AAAA", "AA", 1),
        lambda note: note.replace("—", "-"),
        lambda note: note.replace("\n7\n", "\n7\n\n"),
        lambda note: note.replace("\n7\n", "\n7\r\n"),
        lambda note: note.replace(ORIGIN, "\ud800"),
        lambda note: note + "— x AAAA\n",
        lambda note: note + f"{note.splitlines()[-1]}\n" * 101,
        lambda note: "x" * MAX_NOTE + note,
        lambda note: note.replace("\n\n", "\n"),
    ],
)
def test_malformed_notes(keyring: Keyring, change: Callable[[str], str]) -> None:
    with pytest.raises(MalformedNote):
        SignedCheckpoint.parse(change(signed(keyring)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        "a+00000000+",
        "a+00000000+!!",
        "a b+00000000+AQ==",
        GO_KEY.replace("c74f", "c74e"),
        GO_KEY[:-4],
        GO_KEY.replace("+ARpc", "+Bxpc"),
    ],
)
def test_malformed_keys(text: str) -> None:
    with pytest.raises(MalformedNote):
        TrustedKey.parse(text)


@given(st.text(alphabet="a\n1=—+ \x00A/\ud800", max_size=60), st.booleans())
def test_what_one_reader_takes_the_other_takes(text: str, with_signature: bool) -> None:
    """Two readers of one format that disagree would be a way in between them."""
    keyring = KEYRING
    note = signed(keyring)
    note = text + note[note.index("\n\n") :] if with_signature else text
    key = key_of(keyring)
    try:
        theirs = open_checkpoint(note, [NoteKey(ORIGIN, key.raw)], origin=ORIGIN)
    except LogInvalid:
        theirs = None
    try:
        ours = SignedCheckpoint.parse(note)
        good = ours.signed_at(key) is not None and ours.origin == ORIGIN
    except MalformedNote:
        good = False
    assert good == (theirs is not None)


KEYRING = Keyring.generate()
