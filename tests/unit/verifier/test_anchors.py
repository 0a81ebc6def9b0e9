from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from gateway.verifier.anchors import AuditorInput, KeyTrust
from gateway.verifier.evidence import EvidenceHeader
from gateway.verifier.note import MalformedNote, SignedCheckpoint
from gateway.verifier.report import FROM_FILE
from tests.evidence import ORIGIN, Book


def header(*opened: Book) -> EvidenceHeader:
    return EvidenceHeader(
        origin=ORIGIN,
        created_at="",
        tenant=None,
        entries=0,
        keys=tuple(book.key for book in opened),
        strange_keys=0,
    )


def test_where_keys_come_from(book: Book) -> None:
    other = Book()
    checkpoint = SignedCheckpoint.parse(book.signed[0][2])
    alone = KeyTrust(header(book, other), AuditorInput())
    assert (alone.trusted, alone.others) == ({}, [book.key, other.key])
    assert not alone.trusts(checkpoint)
    kept = KeyTrust(header(book, other), AuditorInput(kept=[("a.txt", checkpoint)]))
    assert kept.trusted == {book.key: "signed a.txt, which you kept"}
    assert kept.trusts(checkpoint)
    trusting = KeyTrust(header(book, other), AuditorInput(keys=[other.key], trust_file=True))
    assert trusting.trusted == {other.key: "from you", book.key: FROM_FILE}


def test_strangers_and_wrong_signatures(book: Book) -> None:
    checkpoint = SignedCheckpoint.parse(book.signed[0][2])
    with pytest.raises(MalformedNote, match="no known key"):
        KeyTrust(header(), AuditorInput()).trusts(checkpoint)
    wrong = replace(checkpoint, text=checkpoint.text.replace("12", "13"))
    with pytest.raises(MalformedNote, match="is wrong"):
        KeyTrust(header(book), AuditorInput()).trusts(wrong)


def test_announced_keys(book: Book) -> None:
    anchors = KeyTrust(header(book), AuditorInput())
    announced = {sha256(book.key.raw).hexdigest(): 5}
    anchors.trust_announced(announced, 5)
    assert anchors.trusted == {}
    anchors.trust_announced(announced, 6)
    assert anchors.trusted == {book.key: "announced in entry 5, signed by an earlier key"}
    assert anchors.others == []
