from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from gateway.verifier.anchors import Anchors, Given
from gateway.verifier.evidence import Header
from gateway.verifier.note import Checkpoint, Malformed
from gateway.verifier.report import FROM_FILE
from tests.evidence import ORIGIN, Book


def header(*books: Book) -> Header:
    return Header(
        origin=ORIGIN,
        created_at="",
        tenant=None,
        entries=0,
        keys=tuple(book.key for book in books),
        strange_keys=0,
    )


def test_where_keys_come_from(book: Book) -> None:
    other = Book()
    checkpoint = Checkpoint.parse(book.signed[0][2])
    alone = Anchors(header(book, other), Given())
    assert (alone.trusted, alone.others) == ({}, [book.key, other.key])
    assert not alone.trusts(checkpoint)
    kept = Anchors(header(book, other), Given(kept=[("a.txt", checkpoint)]))
    assert kept.trusted == {book.key: "signed a.txt, which you kept"}
    assert kept.trusts(checkpoint)
    trusting = Anchors(header(book, other), Given(keys=[other.key], trust_file=True))
    assert trusting.trusted == {other.key: "from you", book.key: FROM_FILE}


def test_strangers_and_wrong_signatures(book: Book) -> None:
    checkpoint = Checkpoint.parse(book.signed[0][2])
    with pytest.raises(Malformed, match="no known key"):
        Anchors(header(), Given()).trusts(checkpoint)
    wrong = replace(checkpoint, text=checkpoint.text.replace("12", "13"))
    with pytest.raises(Malformed, match="is wrong"):
        Anchors(header(book), Given()).trusts(wrong)


def test_announced_keys(book: Book) -> None:
    anchors = Anchors(header(book), Given())
    announced = {sha256(book.key.raw).hexdigest(): 5}
    anchors.announced(announced, 5)
    assert anchors.trusted == {}
    anchors.announced(announced, 6)
    assert anchors.trusted == {book.key: "announced in entry 5, signed by an earlier key"}
    assert anchors.others == []
