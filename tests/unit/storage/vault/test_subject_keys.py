from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import DatabaseUnusable, KeysInvalid, NotRecorded
from gateway.storage.vault.subject_keys import SubjectKeys

MASTER = b"m" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "subject-keys.db"


@pytest.fixture
def keys(file: Path) -> Iterator[SubjectKeys]:
    with closing(SubjectKeys(file, master_key=MASTER)) as opened:
        yield opened


def test_every_key_is_new(keys: SubjectKeys) -> None:
    taken = [keys.take() for _ in range(700)]
    assert len({key.id for key in taken}) == 700


def test_a_key_is_durable_when_it_is_taken(keys: SubjectKeys, file: Path) -> None:
    key = keys.take()
    sealed = key.cipher.encrypt(b"n" * 12, b"text", b"")
    with closing(SubjectKeys(file, master_key=MASTER)) as again:
        found = again.find(key.id)
        assert found is not None
        assert found.cipher.decrypt(b"n" * 12, sealed, b"") == b"text"


def test_processes_take_keys_of_their_own(keys: SubjectKeys, file: Path) -> None:
    with closing(SubjectKeys(file, master_key=MASTER)) as other:
        mine, theirs = ({one.take().id for _ in range(300)} for one in (keys, other))
    assert not mine & theirs


def test_a_destroyed_key_is_not_found(keys: SubjectKeys, file: Path) -> None:
    kid = keys.take().id
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM subject_key WHERE id = ?", (kid,))
        connection.commit()
    with closing(SubjectKeys(file, master_key=MASTER)) as again:
        assert again.find(kid) is None
        assert again.find("never") is None


def test_many_keys_are_found_whatever_is_cached(keys: SubjectKeys) -> None:
    taken = [keys.take().id for _ in range(4_200)]
    for kid in taken[:20]:
        found = keys.find(kid)
        assert found is not None
        assert found.id == kid


def test_the_wrong_master_key_is_refused(keys: SubjectKeys, file: Path) -> None:
    with pytest.raises(KeysInvalid, match="another master key"):
        SubjectKeys(file, master_key=b"x" * 32)


def test_a_key_of_another_id_is_refused(keys: SubjectKeys, file: Path) -> None:
    one, other = keys.take().id, keys.take().id
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "UPDATE subject_key SET wrapped = (SELECT wrapped FROM subject_key WHERE id = ?)"
            " WHERE id = ?",
            (one, other),
        )
        connection.commit()
    with closing(SubjectKeys(file, master_key=MASTER)) as again, pytest.raises(KeysInvalid):
        again.find(other)


def test_the_file_is_its_owners_alone(keys: SubjectKeys, file: Path) -> None:
    keys.take()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_no_key_stands_in_the_file_in_clear(keys: SubjectKeys, file: Path) -> None:
    assert MASTER not in file.read_bytes()
    assert b"avatar-gateway subject keys" not in file.read_bytes()


def test_reading_only_makes_nothing(keys: SubjectKeys, file: Path, tmp_path: Path) -> None:
    kid = keys.take().id
    with closing(SubjectKeys(file, master_key=MASTER, read_only=True)) as reading:
        assert reading.find(kid) is not None
        with pytest.raises(NotRecorded):
            reading.take()
    with pytest.raises(DatabaseUnusable):
        SubjectKeys(tmp_path / "missing.db", master_key=MASTER, read_only=True)
    assert not (tmp_path / "missing.db").exists()


def test_a_newer_file_is_refused(keys: SubjectKeys, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(DatabaseUnusable, match="newer version"):
        SubjectKeys(file, master_key=MASTER)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("this is no database at all, only text" * 99)
    with pytest.raises(DatabaseUnusable):
        SubjectKeys(path, master_key=MASTER)
