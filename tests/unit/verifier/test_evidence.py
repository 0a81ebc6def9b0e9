from __future__ import annotations

import gzip
import io
import json
from hashlib import sha256

import pytest

from gateway.verifier import evidence as room
from gateway.verifier.evidence import DamagedFile, Evidence, UnusableInput, parse_object
from tests.evidence import ORIGIN, Book


def opened(data: bytes) -> Evidence:
    return Evidence(io.BytesIO(data), "file")


@pytest.mark.parametrize("compressed", [False, True])
def test_lines_and_digest(book: Book, compressed: bool) -> None:
    plain = book.file()
    data = gzip.compress(plain) if compressed else plain
    evidence = opened(data)
    assert evidence.header.origin == ORIGIN
    assert evidence.header.entries == 36
    assert [str(key) for key in evidence.header.keys] == [str(book.keys[0])]
    assert b"".join(evidence.lines()) == plain[plain.index(b"\n") + 1 :]
    assert evidence.read == len(data)
    assert evidence.digest == sha256(data).hexdigest()


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\n",
        b"PK\x03\x04",
        b"\x1f\x8bnonsense",
        b"[]\n",
        b'{"format":"other"}\n',
        b'{"format":"avatar-gateway-evidence","version":2}\n',
        b'{"format":"avatar-gateway-evidence","version":1}\n',
        b'{"format":"avatar-gateway-evidence","version":1,"origin":3,"created_at":"","tenant":null,'
        b'"entries":1,"keys":[]}\n',
        b'{"format":"avatar-gateway-evidence","version":1,"origin":"","created_at":"",'
        b'"tenant":null,"entries":1,"keys":[3]}\n',
        b'{"format":"avatar-gateway-evidence","version":1,"origin":"","created_at":"",'
        b'"tenant":null,"entries":1,"keys":{}}\n',
        b"[" * 200_000,
    ],
)
def test_other_files_are_unusable(header: bytes) -> None:
    with pytest.raises(UnusableInput, match="file: "):
        opened(header)


def test_long_lines_and_damage(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(book.file())
    read: list[bytes] = []
    with pytest.raises(DamagedFile, match="cannot be read further"):
        _read_into(read, opened(data[: len(data) // 2]))
    assert len(read) > 5
    monkeypatch.setattr(room, "MAX_LINE_BYTES", 1_000)
    with pytest.raises(DamagedFile, match="longer than 1000 bytes"):
        list(opened(book.file()).lines())


def _read_into(read: list[bytes], evidence: Evidence) -> None:
    for line in evidence.lines():
        read.append(line)  # noqa: PERF402 - one by one: what came before the damage stays


def test_keys_of_unknown_kinds_are_counted(book: Book) -> None:
    said = json.loads(book.file().partition(b"\n")[0])
    said["keys"].append({"key": "new+00000000+/w=="})
    header = opened(json.dumps(said).encode() + b"\n").header
    assert (len(header.keys), header.strange_keys) == (1, 1)


@pytest.mark.parametrize("text", ["", "3", "[]", "{", '{"a":NaN}', "[" * 100_000, b"\xff"])
def test_no_objects(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_object(text)
