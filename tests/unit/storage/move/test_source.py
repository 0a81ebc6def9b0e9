"""What a move sees of a database that others write to; test_move.py tests whole moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import DatabaseUnusable
from gateway.model.verdict import State, Verdict
from gateway.storage.engine.sqlite import SqliteDatabase
from gateway.storage.engine.tables import TABLES, MessageRow, OutboxRow, table
from gateway.storage.move.source import COPIED_TABLES, LOG, STATE, MoveSource
from gateway.storage.store import Store
from tests.stores import Samples

MESSAGES = table(MessageRow)


@pytest.fixture
def source(path: Path) -> Iterator[MoveSource]:
    with (
        closing(SqliteDatabase(path, read_only=False)) as database,
        closing(MoveSource(database)) as opened,
    ):
        yield opened


def test_nothing_is_left_out() -> None:
    assert {*COPIED_TABLES, LOG, STATE} == {table(one) for one in TABLES}


async def test_pages_go_on_where_they_were_safe(
    source: MoveSource, store: Store, samples: Samples
) -> None:
    for _ in range(5):
        await store.ledger.record(samples.record(Verdict.BLOCK))
    source.watch(anew=True)
    pages = source.pages(MESSAGES, 2)
    first, _ = next(pages), next(pages)
    pages.close()
    again = list(source.pages(MESSAGES, 2))
    assert [row[0] for row in first] == ["msg_1", "msg_2"]
    assert [[row[0] for row in page] for page in again] == [["msg_3", "msg_4"], ["msg_5"]]
    assert list(source.pages(MESSAGES, 2)) == []


async def test_every_change_is_noted(source: MoveSource, store: Store, samples: Samples) -> None:
    await store.ledger.record(samples.record())
    source.watch(anew=True)
    assert source.changes(99) == (0, [])
    await store.ledger.record(samples.record())
    (delivery,) = await store.outbox.lease(message_id="msg_1", until=samples.clock.at)
    await store.outbox.settle(samples.settlement(delivery, State.DELIVERED))
    upto, keys = source.changes(99)
    changed = {(one.name, key) for one, key in keys}
    outbox = table(OutboxRow)
    assert {("message", ("msg_1",)), ("outbox", ("msg_1",)), ("payload", (1,))} <= changed
    assert source.row(outbox, ("msg_1",)) is None
    row = source.row(outbox, ("msg_2",))
    assert row is not None
    assert row[0] == "msg_2"
    source.forget_changes(upto)
    assert source.changes(99) == (0, [])
    source.watch(anew=False)
    source.unwatch()
    await store.ledger.record(samples.record())


async def test_only_one_moves_it(source: MoveSource, store: Store, path: Path) -> None:
    source.fence("there")
    with (
        closing(SqliteDatabase(path, read_only=False)) as database,
        closing(MoveSource(database)) as other,
    ):
        steps: tuple[Callable[[], None], ...] = (
            lambda: other.fence("elsewhere"),
            other.lift,
            lambda: other.mark_moved("x"),
        )
        for step in steps:
            with pytest.raises(DatabaseUnusable, match="another process"):
                step()
    assert source.state()[:3] == ("switching", "there", 1)
    source.mark_moved("there")
    assert source.state()[:3] == ("moved", "there", 1)
    assert source.destroyed_keys() == []
