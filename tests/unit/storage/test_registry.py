"""tests/contracts/test_registry.py has what every registry keeps to; here, what is this one's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.storage.store import Store


async def test_a_creator_that_did_not_change_is_the_same_object(store: Store) -> None:
    await store.registry.put_creator("acme", "zoe", {"a": 1}, actor="ann")
    first = await store.registry.creator("acme", "zoe")
    assert await store.registry.creator("acme", "zoe") is first
    await store.registry.put_creator("acme", "zoe", {"a": 1}, actor="ann")
    assert await store.registry.creator("acme", "zoe") is not first


async def test_old_versions_are_kept(store: Store, path: Path) -> None:
    for number in range(3):
        await store.registry.put_creator("acme", "zoe", {"n": number}, actor="ann")
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT version, settings FROM creator ORDER BY 1").fetchall()
    assert found == [(1, '{"n":0}'), (2, '{"n":1}'), (3, '{"n":2}')]
