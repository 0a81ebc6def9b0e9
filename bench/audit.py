"""The durable audit: the time it adds to a message, its throughput, and its size on disk."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

import sqlalchemy as sa
import uvloop
from sqlmodel import Session

from bench import faults
from bench.figure import Figure, ratio
from bench.records import START, Records
from bench.recovery import recovery
from gateway.model.record import Change, Record, leaf_hash
from gateway.storage.engine.tables import EntryRow, table
from gateway.storage.engine.times import micros
from gateway.storage.store import Store, open_store
from gateway.trail.leaf import encode

T = TypeVar("T")

_PER_S = 1_000  # messages that arrive each second
_STRETCH = 1_500  # messages, or commits, measured before the other side has its turn
_ROUNDS = 5  # turns of each side
_AT_ONCE = 128  # concurrent callers


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,  # as the server's
    ):
        yield from runner.run(_measure(Path(folder)))
    yield from faults.measure()


async def _measure(folder: Path) -> list[Figure]:
    records = Records()
    store = await open_store(
        url=f"sqlite:///{folder / 'gateway.db'}",
        keys_path=folder / "subject-keys.db",
        encode=encode,
        now=lambda: START,
        master_key=b"m" * 32,
        fingerprint_key=b"f" * 32,
    )
    try:
        with closing(_Plain(folder / "plain.db")) as plain:
            await _paced(store, records, 200)
            commit = await _commit_ratio(store, records, plain)
            append = await _append_ratio(store, records, folder)
    finally:
        await store.close()
    return [commit, append, _bytes_per_record(folder, records), await recovery(folder)]


async def _commit_ratio(store: Store, records: Records, plain: _Plain) -> Figure:
    """Paced arrivals against plain commits of as many bytes, taken in turn."""
    ours, theirs = [], []
    for _ in range(_ROUNDS):
        ours.append(median(await _paced(store, records, _STRETCH)))
        theirs.append(median(plain.commits(_STRETCH)))
    value, spread = ratio(ours, theirs)
    return Figure(
        key="audit.commit_ratio",
        value=value,
        unit="ratio",
        bar=2.0,
        aim=1.5,
        n=_STRETCH * _ROUNDS,
        baseline="one SQLite commit of as many bytes, alone on one connection",
        spread=spread,
        note=f"added median latency at {_PER_S}/s {median(ours) * 1e3:.2f} ms; "
        f"a plain commit {median(theirs) * 1e3:.2f} ms",
    )


async def _append_ratio(store: Store, records: Records, folder: Path) -> Figure:
    """Appends of equal entries: as many concurrent callers as a busy server has, against one
    session for each append."""
    engine = sa.create_engine(f"sqlite:///{folder / 'sessions.db'}")
    sa.event.listen(engine, "connect", _durable)
    with engine.begin() as connection:
        table(EntryRow).create(connection)
    ours, theirs, whole = [], [], []
    for turn in range(_ROUNDS):
        ours.append(await _rate(store.changes.note, [_change(n) for n in range(_STRETCH)]))
        theirs.append(_session_rate(engine, turn * 200, 200))
        made = [records.make() for _ in range(_STRETCH)]
        whole.append(await _rate(store.ledger.record, made))
    engine.dispose()
    value, spread = ratio(ours, theirs)
    return Figure(
        key="audit.append_per_s_ratio",
        value=value,
        unit="ratio",
        bar=10,
        aim=40,
        n=_STRETCH * _ROUNDS,
        baseline="one SQLModel session for each entry",
        spread=spread,
        lower_is_better=False,
        note=f"entries {median(ours):.0f}/s, {_AT_ONCE} callers; sessions {median(theirs):.0f}/s; "
        f"whole records, encrypted and queued, {median(whole):.0f}/s",
    )


def _bytes_per_record(folder: Path, records: Records) -> Figure:
    """Bytes of the database file for each published message, without the bodies of changes."""
    with closing(sqlite3.connect(folder / "gateway.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (others,) = connection.execute(
            "SELECT sum(length(body)) FROM audit_entry WHERE kind = 'change'"
        ).fetchone()
    size = ((folder / "gateway.db").stat().st_size - others) / records.made
    return Figure(
        key="audit.bytes_per_record",
        value=size,
        unit="bytes",
        bar=10_240,
        aim=6_144,
        n=records.made,
        note=f"of it the entry's body {len(encode(records.sample, 10**6))}",
    )


async def _paced(store: Store, records: Records, count: int) -> list[float]:
    """Seconds from each message's arrival to its durable entry. Messages arrive from another
    thread, as from a network: the event loop's own timers are a millisecond late."""
    made = [records.make() for _ in range(count)]
    loop, clock = asyncio.get_running_loop(), time.perf_counter
    tasks: list[asyncio.Task[float]] = []

    async def one(record: Record, arrived: float) -> float:
        await store.ledger.record(record)
        return clock() - arrived

    def arrive(record: Record, arrived: float) -> None:
        tasks.append(loop.create_task(one(record, arrived)))

    def send() -> None:
        began = clock()
        for number, record in enumerate(made):
            time.sleep(max(0.0, began + number / _PER_S - clock()))
            loop.call_soon_threadsafe(arrive, record, clock())

    await asyncio.to_thread(send)
    await asyncio.sleep(0)  # the last one's arrival
    return await asyncio.gather(*tasks)


async def _rate(write: Callable[[T], Awaitable[object]], events: Sequence[T]) -> float:
    waiting = iter(events)

    async def caller() -> None:
        for event in waiting:
            await write(event)

    began = time.perf_counter()
    await asyncio.gather(*[caller() for _ in range(_AT_ONCE)])
    return len(events) / (time.perf_counter() - began)


def _session_rate(engine: sa.Engine, first: int, count: int) -> float:
    began = time.perf_counter()
    for seq in range(first, first + count):
        change = _change(seq)
        body = encode(change, seq)
        with Session(engine) as session:
            session.add(
                EntryRow(
                    seq=seq,
                    ts=micros(change.at),
                    kind="change",
                    tenant=change.tenant,
                    msg_id=None,
                    creator=None,
                    channel=None,
                    conversation=None,
                    decision=change.what,
                    policy_digest=None,
                    leaf=leaf_hash(body),
                    body=body,
                )
            )
            session.commit()
    return count / (time.perf_counter() - began)


def _change(number: int) -> Change:
    """A change whose entry is as large as that of a decision."""
    return Change(
        actor="bench",
        tenant="bench",
        what="policy",
        subject=f"pack-{number}",
        at=START + timedelta(milliseconds=number),
        before=None,
        after="ab" * 32,
        detail={f"rule_{n}": "ab" * 32 for n in range(30)},
    )


def _durable(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


class _Plain:
    """Plain durable commits: the time that this machine needs for one."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        _durable(self._connection, None)
        self._connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)")

    def commits(self, count: int) -> list[float]:
        taken = []
        for _ in range(count):
            began = time.perf_counter()
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT INTO t (b) VALUES (randomblob(9600))")
            self._connection.execute("COMMIT")
            taken.append(time.perf_counter() - began)
        return taken

    def close(self) -> None:
        self._connection.close()
