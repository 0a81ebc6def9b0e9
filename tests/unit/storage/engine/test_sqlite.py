from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.store import Store
from tests.stores import Place, Samples

TAMPERING = [
    "UPDATE audit_entry SET body = x'00'",
    "UPDATE audit_entry SET decision = 'publish'",
    "DELETE FROM audit_entry",
    "REPLACE INTO audit_entry (seq, ts, kind, tenant, leaf, body)"
    " VALUES (0, 0, 'decision', 'acme', x'00', x'00')",
]


@pytest.mark.parametrize("statement", TAMPERING)
async def test_the_log_is_append_only(
    store: Store, samples: Samples, path: Path, statement: str
) -> None:
    entry = await store.ledger.record(samples.record())
    database = SqliteDatabase(path, read_only=False)
    with (
        closing(database.connect_writer()) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.cursor().execute(statement)
    database.close()
    assert await store.log.entries(0, 9) == [entry]


def test_every_commit_is_synced_and_no_checkpoint_comes_by_surprise(url: str, path: Path) -> None:
    with (
        closing(SqliteDatabase(path, read_only=False)) as database,
        closing(database.connect_writer()) as connection,
    ):
        cursor = connection.cursor()
        settings = {}
        for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "recursive_triggers"):
            cursor.execute(f"PRAGMA {name}")
            settings[name] = cursor.fetchone()
    assert settings == {
        "journal_mode": ("wal",),
        "synchronous": (2,),
        "wal_autocheckpoint": (0,),
        "recursive_triggers": (1,),
    }


def test_a_reader_cannot_write(url: str, path: Path) -> None:
    with (
        closing(SqliteDatabase(path, read_only=False)) as database,
        closing(database.connect_reader()) as connection,
        pytest.raises(sqlite3.OperationalError),
    ):
        connection.cursor().execute("DELETE FROM creator")


def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "new.db"
    with (
        closing(SqliteDatabase(path, read_only=False)) as database,
        closing(database.connect_writer()) as connection,
    ):
        connection.cursor().execute("CREATE TABLE t (x)")
        modes = {stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnusable, match="cannot be made"):
        SqliteDatabase(tmp_path / "file" / "new.db", read_only=False)


def test_nothing_is_made_for_reading(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="is missing"):
        SqliteDatabase(tmp_path / "new.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.programs
def test_a_process_lives_until_it_closes_or_dies(url: str, path: Path) -> None:
    watching = SqliteDatabase(path, read_only=False)
    cursor = watching.connect_writer().cursor()
    assert watching.is_alive(cursor, watching.instance_id)
    other = SqliteDatabase(path, read_only=False)
    connection = other.connect_writer()
    assert watching.is_alive(cursor, other.instance_id)
    connection.close()
    other.close()
    assert not watching.is_alive(cursor, other.instance_id)
    program = (
        "import sys; from pathlib import Path\n"
        "from gateway.storage.engine.sqlite import SqliteDatabase\n"
        "database = SqliteDatabase(Path(sys.argv[1]), read_only=False)\n"
        "connection = database.connect_writer()\n"
        "print(database.instance_id, flush=True); sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        boot = child.stdout.readline().decode().strip()
        assert watching.is_alive(cursor, boot)
        child.kill()
    assert not watching.is_alive(cursor, boot)
    assert len(list(path.parent.glob("*-boot-*"))) == 2
    with closing(SqliteDatabase(path, read_only=False)) as third:
        third.connect_writer().close()
        assert len(list(path.parent.glob("*-boot-*"))) == 2
    watching.close()


async def test_writers_take_turns(place: Place, samples: Samples) -> None:
    one, other = await place.open(), await place.open()
    one._database.take_turn()
    task = asyncio.ensure_future(other.ledger.record(samples.record()))
    await asyncio.sleep(0.05)
    assert not task.done()
    one._database.end_turn()
    assert (await task).seq == 0


async def test_an_audit_leaves_the_file_as_it_is(
    place: Place, samples: Samples, path: Path
) -> None:
    server = await place.open()
    await server.ledger.record(samples.record())
    await server.close()
    before = path.read_bytes()  # noqa: ASYNC240
    auditor = await place.open(read_only=True)
    await auditor.log.entries(0, 9)
    await auditor.close()
    assert path.read_bytes() == before  # noqa: ASYNC240
