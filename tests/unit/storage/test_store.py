from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from gateway.errors import DatabaseUnusable, KeysInvalid
from gateway.model.record import Review, ReviewAction, leaf_hash
from gateway.model.submission import Audience
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store
from tests.paths import ROOT
from tests.stores import HUMAN, PERSON, RAW, Place, Samples

CHILD = """
import asyncio, resource, signal, sys
from pathlib import Path
from tests.stores import Clock, Place, Samples
from gateway.errors import NotRecorded

async def main(folder, most):
    clock = Clock()
    keys_path = Path(folder, "keys.db")
    place = Place(url=f"sqlite:///{folder}/gateway.db", keys_path=keys_path, clock=clock)
    store = await place.open()
    samples = Samples(clock, count=int(sys.argv[3]))
    if most:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    async def one():
        for _ in range(100_000):
            record = samples.record()
            try:
                entry = await store.ledger.record(record)
            except NotRecorded:
                print("no", record.submission.message_id, flush=True)
                return
            print("yes", record.submission.message_id, entry.seq, flush=True)

    await asyncio.gather(*[one() for _ in range(8)])
    if most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        entry = await store.ledger.record(samples.record())
        print("again", entry.seq, bool(store._writer.problem), flush=True)
        await store.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def _child(folder: Path, most: int = 0, first: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(most), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def _check_whole(place: Place, path: Path, said: list[tuple[str, int]]) -> Store:
    """Contiguous, hashed as stored, and everything that was acknowledged is there."""
    store = await place.open(keys_path=path.parent / "keys.db")
    size = await store.log.size()
    entries = await store.log.entries(0, size)
    assert [entry.seq for entry in entries] == list(range(size))
    assert all(entry.leaf == leaf_hash(entry.body) for entry in entries)
    by_message = {entry.message_id: entry.seq for entry in entries}
    for message_id, seq in said:
        assert by_message[message_id] == seq
        outcome = await store.ledger.outcome("acme", message_id)
        assert outcome is not None
        assert outcome.judgement.text is not None
        assert RAW in outcome.judgement.text
    return store


@pytest.mark.programs
@pytest.mark.parametrize("acknowledged", [1, 40, 333])
async def test_a_kill_loses_nothing_that_was_acknowledged(
    place: Place, path: Path, acknowledged: int
) -> None:
    said = []
    for first in (0, 100_000):  # and once more on top of what the first kill left
        with _child(path.parent, first=first) as child:
            assert child.stdout is not None
            said += [_said(child.stdout.readline()) for _ in range(acknowledged)]
            os.kill(child.pid, signal.SIGKILL)
            said += [_said(line) for line in child.stdout if line.endswith("\n")]
    store = await _check_whole(place, path, said)
    due = await store.outbox.lease(limit=100_000, until=place.clock.move(seconds=1))
    assert {one.message_id for one in due} >= {message_id for message_id, _ in said}
    assert len(due) == await store.log.size()


def _said(line: str) -> tuple[str, int]:
    _, message_id, seq = line.split()
    return message_id, int(seq)


@pytest.mark.programs
async def test_a_full_disk_records_nothing_by_halves_and_is_survived(
    place: Place, path: Path
) -> None:
    with _child(path.parent, most=600_000) as child:
        assert child.stdout is not None
        lines = [line.split() for line in child.stdout]
    assert child.returncode == 0
    assert [line[0] for line in lines].count("no") == 8
    assert lines[-1][0::2] == ["again", "False"]
    said = [(line[1], int(line[2])) for line in lines if line[0] == "yes"]
    assert len(said) > 8
    store = await _check_whole(place, path, said)
    assert await store.log.size() == len(said) + 1


async def test_no_text_and_no_person_stands_in_the_database(
    place: Place, samples: Samples, path: Path
) -> None:
    store = await place.open()
    secret_notice = samples.disclosure()
    for verdict in Verdict:
        submission = samples.submission(idempotency_key=f"{verdict} {PERSON}")
        await store.ledger.claim(submission)
        await store.ledger.record(samples.record(verdict, submission))
    for held in await store.reviews.waiting("acme"):
        review = Review(
            action=ReviewAction.RELEASE, reviewer="ann", reason="fine", at=samples.clock.at
        )
        await store.ledger.record(
            samples.record(submission=held.submission, review=review, decision_id="dec_r")
        )
    for delivery in await store.outbox.lease(limit=9, until=samples.clock.move(hours=1)):
        await store.outbox.settle(samples.settlement(delivery, State.DELIVERED))
    await store.ledger.contact(samples.submission())
    written = b"".join(found.read_bytes() for found in path.parent.glob("gateway.db*"))
    assert b"msg_1" in written
    salt = secret_notice.salt
    for secret in (RAW, HUMAN, PERSON, "06 12 34 56 78", "ćhild", salt):
        for encoding in ("utf-8", "utf-16-le"):
            assert secret.encode(encoding) not in written
        assert orjson.dumps(secret)[1:-1] not in written
        assert secret.encode("ascii", "backslashreplace") not in written
    await store.close()


async def test_the_keys_open_only_with_their_master_key(place: Place, samples: Samples) -> None:
    store = await place.open()
    await store.ledger.record(samples.record())
    await store.close()
    with pytest.raises(KeysInvalid):
        await place.open(master_key=b"x" * 32)


async def test_without_its_key_an_outcome_has_no_text(
    place: Place, samples: Samples, tmp_path: Path
) -> None:
    store = await place.open()
    held, sent = samples.record(Verdict.HOLD), samples.record()
    other = samples.record(submission=samples.submission(audience=Audience(id="other")))
    for record in (held, sent, other):
        await store.ledger.record(record)
    await store.close()
    with closing(sqlite3.connect(place.keys_path)) as keys:
        keys.execute("DELETE FROM subject_key")
        keys.commit()
    store = await place.open()
    outcome = await store.ledger.outcome("acme", sent.submission.message_id)
    assert outcome is not None
    assert outcome.state is State.QUEUED
    assert (outcome.judgement.text, outcome.judgement.reasons) == (None, ())
    assert await store.ledger.held("acme", held.submission.message_id) is None
    assert await store.reviews.waiting("acme") == []
    until = samples.clock.move(seconds=30)
    assert await store.outbox.lease(limit=9, until=until) == []
    assert (await store.ledger.record(samples.record())).seq == 3
    assert await store.reviews.expire(samples.clock.move(days=2)) == 1


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense", "postgresql://x/y"]
)
async def test_other_databases_are_refused(place: Place, url: str) -> None:
    with pytest.raises(DatabaseUnusable):
        await place.open(url=url)


async def test_a_file_that_is_no_database_is_refused(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("only text\n" * 999)
    with pytest.raises(DatabaseUnusable, match="cannot be opened"):
        await place.open(url=f"sqlite:///{path}")


async def test_a_new_file_is_made(place: Place, samples: Samples, tmp_path: Path) -> None:
    store = await place.open(url=f"sqlite:///{tmp_path / 'deep' / 'er' / 'new.db'}")
    assert (await store.ledger.record(samples.record())).seq == 0
    await store.ready()


async def test_it_is_not_ready_while_it_cannot_write(
    store: Store, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.ready()
    store._writer.problem = "OperationalError SQLITE_FULL"
    await store.ready()
    assert store._writer.problem == ""
    monkeypatch.setattr("gateway.storage.engine.sqlite._MIN_FREE_BYTES", 1 << 60)
    with pytest.raises(DatabaseUnusable, match="MiB left"):
        await store.ready()


async def test_closing_twice_is_harmless(place: Place) -> None:
    store = await place.open()
    await store.close()
    await store.close()


async def test_opening_many_at_once(place: Place, samples: Samples) -> None:
    stores = await asyncio.gather(*[place.open() for _ in range(4)])
    entries = await asyncio.gather(*[one.ledger.record(samples.record()) for one in stores])
    assert sorted(entry.seq for entry in entries) == [0, 1, 2, 3]
