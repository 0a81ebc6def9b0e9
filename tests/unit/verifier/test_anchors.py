from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from gateway.verifier.anchors import AnchorReview, GivenKey
from gateway.verifier.evidence import Header
from gateway.verifier.note import Malformed, SignedCheckpoint
from gateway.verifier.report import FROM_FILE
from tests.evidence import ORIGIN, Book


def header(*opened: Book) -> Header:
    return Header(
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
    alone = AnchorReview(header(book, other), GivenKey())
    assert (alone.trusted, alone.others) == ({}, [book.key, other.key])
    assert not alone.trusts(checkpoint)
    kept = AnchorReview(header(book, other), GivenKey(kept=[("a.txt", checkpoint)]))
    assert kept.trusted == {book.key: "signed a.txt, which you kept"}
    assert kept.trusts(checkpoint)
    trusting = AnchorReview(header(book, other), GivenKey(keys=[other.key], trust_file=True))
    assert trusting.trusted == {other.key: "from you", book.key: FROM_FILE}


def test_strangers_and_wrong_signatures(book: Book) -> None:
    checkpoint = SignedCheckpoint.parse(book.signed[0][2])
    with pytest.raises(Malformed, match="no known key"):
        AnchorReview(header(), GivenKey()).trusts(checkpoint)
    wrong = replace(checkpoint, text=checkpoint.text.replace("12", "13"))
    with pytest.raises(Malformed, match="is wrong"):
        AnchorReview(header(book), GivenKey()).trusts(wrong)


def test_announced_keys(book: Book) -> None:
    anchors = AnchorReview(header(book), GivenKey())
    announced = {sha256(book.key.raw).hexdigest(): 5}
    anchors.announced(announced, 5)
    assert anchors.trusted == {}
    anchors.announced(announced, 6)
    assert anchors.trusted == {book.key: "announced in entry 5, signed by an earlier key"}
    assert anchors.others == []
