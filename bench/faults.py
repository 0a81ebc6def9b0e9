"""Every system call that touches a file of the store, killed or failed, one after another.

A child process takes messages through the store, says what was acknowledged and "sends" what may
be sent. strace (https://strace.io) makes one system call of it fail, or kills it there; then the
store is opened again and held against what the child had said. This is how Tessera tests its own
(https://github.com/transparency-dev/tessera). A kill leaves the page cache alone, so a missing
sync is looked for in the order of the calls: nothing may be sent while a write is not yet synced.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from bench.figure import DataMissing, Figure
from bench.records import Records
from gateway.errors import GatewayError, NotRecorded
from gateway.model.record import (
    Dispatch,
    DispatchResult,
    EntryKind,
    Review,
    ReviewAction,
    Settlement,
    leaf_hash,
)
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store, open_store
from gateway.trail.leaf import encode

_NOW = datetime(2026, 11, 22, 21, tzinfo=UTC)
_FILES = ("gateway.db", "gateway.db-wal", "subject-keys.db", "subject-keys.db-journal")
_CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate")
_PLATFORM = "platform"
_FAULTS = {
    "pwrite64": ("signal=SIGKILL", "error=EIO", "error=ENOSPC"),
    "fdatasync": ("signal=SIGKILL", "error=EIO"),
    "fsync": ("signal=SIGKILL", "error=EIO"),
    "ftruncate": ("signal=SIGKILL", "error=EIO"),
    "write": ("signal=SIGKILL",),
}
_PLANTED = ("sends first", "acknowledges first", "never syncs")


@dataclass(frozen=True, slots=True)
class Point:
    file: str
    call: str
    fault: str
    number: int  # which call of its thread


def measure() -> Iterator[Figure]:
    if shutil.which("strace") is None:
        raise DataMissing("fault points need strace (apt-get install strace)")
    with tempfile.TemporaryDirectory(prefix="gateway-faults-") as folder:
        yield from _Sweep(Path(folder)).figures()


class _Sweep:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blank = folder / "blank"
        self._blank.mkdir()
        asyncio.run(_with_store(self._blank))
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["bench.faults"])

    def figures(self) -> Iterator[Figure]:
        points, unsynced, sent = self._points("")
        broken = unsynced + [
            f"{point}: {problem}" for point in points for problem in self._try(point, "")
        ]
        found = sum(self._finds(bug) for bug in _PLANTED)
        yield Figure(
            key="audit.fault_points",
            value=len(points),
            unit="points",
            bar=len(points),
            aim=len(points),
            n=len(points),
            lower_is_better=False,
            note="write, sync, truncate × KILL, EIO, ENOSPC; SQLite; "
            f"planted bugs found {found} of {len(_PLANTED)}",
        )
        yield Figure(
            key="audit.violations",
            value=len(broken),
            unit="violations",
            bar=0,
            aim=0,
            n=len(points),
            note="; ".join(broken[:3]) or f"sent while a write was not synced: 0 of {sent}",
        )

    def _finds(self, bug: str) -> bool:
        points, unsynced, _ = self._points(bug)
        kills = (point for point in points if point.fault == "signal=SIGKILL")
        return bool(unsynced) or any(self._try(point, bug) for point in kills)

    def _points(self, bug: str) -> tuple[list[Point], list[str], int]:
        """What a run without faults does: its calls, what it sends too early, what it sends."""
        place = self._place()
        log = self._run(place, bug, [f"-P{place / name}" for name in (*_FILES, _PLATFORM)])
        main = log.split(maxsplit=1)[0]
        counts: Counter[tuple[str, str, str]] = Counter()
        unsynced: set[str] = set()
        early, sent = [], 0
        for thread, call, file in _calls(log, place):
            if file == _PLATFORM:
                sent += 1
                early += [f"sent before {name} was synced" for name in sorted(unsynced)]
            elif call == "pwrite64" and (file.endswith("-wal") or thread == main):
                # Checkpoints write gateway.db, and another thread makes keys for later.
                unsynced.add(file)
            elif call in ("fdatasync", "fsync"):
                unsynced.discard(file)
            counts[thread, call, file] += 1
        most: Counter[tuple[str, str]] = Counter()
        for (_, call, file), count in counts.items():
            most[call, file] = max(most[call, file], count)
        points = [
            Point(file, call, fault, number)
            for (call, file), count in sorted(most.items())
            for fault in _FAULTS[call]
            for number in range(1, count + 1)
        ]
        return points, early, sent

    def _try(self, point: Point, bug: str) -> list[str]:
        place = self._place()
        inject = f"inject={point.call}:{point.fault}:when={point.number}"
        killed = "KILL" in point.fault
        self._run(place, bug, [f"-P{place / point.file}", "-e", inject])
        try:
            return asyncio.run(_broken(place, killed=killed))
        except GatewayError as error:
            return [f"cannot be opened again: {error}"]

    def _place(self) -> Path:
        place = self._folder / "run"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self._blank, place)
        return place

    def _run(self, place: Path, bug: str, options: list[str]) -> str:
        """One child under strace; what strace wrote."""
        mine, theirs = self._context.Pipe()
        child = self._context.Process(target=_child, args=(place, bug, theirs))
        child.start()
        assert mine.recv() == "ready"
        log = place.with_suffix(".strace")
        trace = f"trace={','.join((*_CALLS, 'write'))}"
        command = ["strace", "-f", "-y", "-p", str(child.pid), "-e", trace, "-o", str(log)]
        with subprocess.Popen([*command, *options], stderr=subprocess.PIPE) as strace:
            assert strace.stderr is not None
            strace.stderr.readline()  # "attached"
            with suppress(OSError):
                mine.send("go")
            child.join()
            strace.stderr.read()
        mine.close()
        theirs.close()
        return log.read_text(errors="replace")


def _calls(log: str, place: Path) -> Iterator[tuple[str, str, str]]:
    """Thread, call and file, in the order in which the calls ended."""
    begun: dict[str, tuple[str, str]] = {}
    for line in log.splitlines():
        if match := re.match(rf"(\d+) +(\w+)\(\d+<{re.escape(str(place))}/([^>]+)>", line):
            thread, call, file = match.groups()
            if "<unfinished" in line:
                begun[thread] = (call, file)
            else:
                yield thread, call, file
        elif (match := re.match(r"(\d+) +<\.\.\. (\w+) resumed>", line)) and match[1] in begun:
            yield (match[1], *begun.pop(match[1]))


def _child(place: Path, bug: str, pipe: Connection) -> None:
    pipe.send("ready")
    pipe.recv()
    said = os.open(place / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    platform = os.open(place / _PLATFORM, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    asyncio.run(_with_store(place, _Story(said, platform, bug)))


async def _with_store(place: Path, story: _Story | None = None) -> None:
    """Make the database; with a story, tell it."""
    store = await _open(place)
    try:
        if story is not None:
            await story.tell(store)
    finally:
        await store.close()


async def _open(place: Path) -> Store:
    return await open_store(
        url=f"sqlite:///{place / 'gateway.db'}",
        keys_path=place / "subject-keys.db",
        encode=encode,
        now=lambda: _NOW,
        master_key=b"m" * 32,
        fingerprint_key=b"f" * 32,
        first_lease_s=3_600,
    )


class _Story:
    """A message that is sent, one that is held and released, a creator, a last message. Where
    the store refuses, the message is given up, as the pipeline does."""

    def __init__(self, said: int, platform: int, bug: str) -> None:
        self._said = said
        self._platform = platform
        self._bug = bug
        self._records = Records()

    async def tell(self, store: Store) -> None:
        if self._bug == "never syncs":
            (store._writer._cursor or store._writer._connect()).execute("PRAGMA synchronous=OFF")
        with suppress(GatewayError):
            await self._publish(store, "first")
        with suppress(GatewayError):
            await self._hold_and_release(store)
        with suppress(GatewayError):
            await store.registry.put_creator("bench", "bench", {"x": 1}, actor="ann")
        with suppress(sqlite3.Error):
            store._database.tidy(store._writer._cursor or store._writer._connect())
        for turn in range(2):  # the fault passes: at the latest the second one is recorded
            with suppress(NotRecorded):
                await self._publish(store, f"last-{turn}")

    async def _publish(self, store: Store, name: str) -> None:
        record = self._records.make()
        submission = replace(record.submission, idempotency_key=name)
        if await store.ledger.claim(submission) is not None:
            return
        record = replace(record, submission=submission)
        message_id = submission.message_id
        if self._bug == "sends first":
            os.write(self._platform, f"{message_id}\n".encode())
        if self._bug == "acknowledges first":
            os.write(self._said, f"{name} {message_id} 0\n".encode())
        try:
            entry = await store.ledger.record(record)
        except NotRecorded:
            await store.ledger.abandon(submission)
            raise
        os.write(self._said, f"{name} {message_id} {entry.seq}\n".encode())
        until = _NOW + timedelta(minutes=1)
        for delivery in await store.outbox.lease(message_id=message_id, until=until):
            os.write(self._platform, f"{message_id}\n".encode())
            dispatch = Dispatch(result=DispatchResult.DELIVERED)
            done = Settlement(delivery=delivery, dispatch=dispatch, state=State.DELIVERED, at=_NOW)
            settled = await store.outbox.settle(done)
            assert settled is not None
            os.write(self._said, f"settled {message_id} {settled.seq}\n".encode())

    async def _hold_and_release(self, store: Store) -> None:
        published = self._records.make()
        held = replace(
            published,
            verdict=Verdict.HOLD,
            state=State.HELD,
            disclosure=None,
            receipt=None,
            expires_at=_NOW + timedelta(hours=1),
        )
        message_id = held.submission.message_id
        entry = await store.ledger.record(held)
        os.write(self._said, f"held {message_id} {entry.seq}\n".encode())
        review = Review(action=ReviewAction.RELEASE, reviewer="ann", reason="fine", at=_NOW)
        entry = await store.ledger.record(replace(published, review=review, decision_id="dec_r"))
        os.write(self._said, f"released {message_id} {entry.seq}\n".encode())


async def _broken(place: Path, *, killed: bool) -> list[str]:
    """The promises that were not kept."""
    said = _lines(place / "said")
    sent = {line[0] for line in _lines(place / _PLATFORM)}
    store = await _open(place)
    try:
        return [problem async for problem in _problems(store, said, sent, killed=killed)] + [
            f"integrity: {row}" for row in _integrity(place) if row != "ok"
        ]
    finally:
        await store.close()


async def _problems(
    store: Store, said: list[list[str]], sent: set[str], *, killed: bool
) -> AsyncIterator[str]:
    size = await store.log.size()
    entries = await store.log.entries(0, size)
    if [entry.seq for entry in entries] != list(range(size)):
        yield "the numbers have gaps"
    if any(entry.leaf != leaf_hash(entry.body) for entry in entries):
        yield "a body is not what its leaf says"
    by_seq = {entry.seq: entry for entry in entries}
    for name, message_id, seq in said:
        found = by_seq.get(int(seq))
        if found is None or found.message_id != message_id:
            yield f"{name}: acknowledged, but not recorded"
    judged = {entry.message_id for entry in entries if entry.kind is not EntryKind.DELIVERY}
    delivered = {entry.message_id for entry in entries if entry.kind is EntryKind.DELIVERY}
    for message_id in sent - judged:
        yield f"{message_id}: sent, but not recorded"
    due = {one.message_id for one in await store.outbox.lease(limit=99, until=_NOW)}
    for message_id in judged - delivered - {None}:
        outcome = await store.ledger.outcome("bench", message_id)
        if outcome is None or outcome.reasons == ():
            yield f"{message_id}: recorded, but cannot be read"
        elif outcome.state is State.QUEUED and message_id not in due:
            yield f"{message_id}: queued, but never due"
    if not killed and not {"last-0", "last-1"} & {name for name, _, _ in said}:
        yield "it did not recover from a passing failure"


def _integrity(place: Path) -> list[str]:
    with closing(sqlite3.connect(place / "gateway.db")) as connection:
        return [row for (row,) in connection.execute("PRAGMA integrity_check")]


def _lines(path: Path) -> list[list[str]]:
    """Whole lines only: what was cut off was not said."""
    if not path.exists():
        return []
    return [line.split() for line in path.read_text().splitlines(keepends=True) if line[-1] == "\n"]
