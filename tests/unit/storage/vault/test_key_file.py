"""test_subject_keys.py tests the file through those who use it."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import DatabaseUnusable, NotRecorded
from gateway.storage.vault.key_file import KeyFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


def test_keys_are_kept_found_listed_and_destroyed(path: Path) -> None:
    rows = [(f"k{number:04}", bytes([number % 251]) * 40) for number in range(2_500)]
    with closing(KeyFile(path)) as keys:
        assert keys.open(lambda: b"proof") == b"proof"
        keys.insert(rows)
        assert keys.find("k0007") == b"\x07" * 40
        assert list(keys.all()) == rows
        assert list(keys.all(after="k2497")) == rows[2498:]
        assert keys.destroy(["k0007", "k0008", "never"]) == 2
        assert keys.find("k0007") is None


def test_its_proof_is_made_once(path: Path) -> None:
    for proof in (b"first", b"second"):
        with closing(KeyFile(path)) as keys:
            assert keys.open(partial(bytes, proof)) == b"first"


def test_no_byte_of_a_destroyed_key_stays(path: Path) -> None:
    secret = b"wrapped and gone" * 3
    with closing(KeyFile(path)) as keys:
        keys.open(lambda: b"proof")
        keys.insert([("k", secret), ("other", b"o" * 48)])
        assert secret in path.read_bytes()
        keys.destroy(["k"])
    assert not [one for one in path.parent.iterdir() if secret in one.read_bytes()]


def test_all_or_none_is_inserted(path: Path) -> None:
    with closing(KeyFile(path)) as keys:
        keys.open(lambda: b"proof")
        keys.insert([("k", b"one")])
        with pytest.raises(NotRecorded):
            keys.insert([("new", b"two"), ("k", b"again")])
        assert keys.find("new") is None


def test_what_is_not_open_or_only_read_is_not_written(path: Path) -> None:
    keys = KeyFile(path)
    with pytest.raises(NotRecorded):
        keys.insert([("k", b"one")])
    with pytest.raises(DatabaseUnusable):
        keys.find("k")
    keys.open(lambda: b"proof")
    keys.close()
    with closing(KeyFile(path, read_only=True)) as reading:
        reading.open(lambda: b"other")
        with pytest.raises(NotRecorded):
            reading.destroy(["k"])
