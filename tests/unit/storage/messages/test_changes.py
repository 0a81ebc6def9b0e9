from __future__ import annotations

from gateway.model.record import Change
from gateway.storage.store import EntryQuery, Store
from tests.stores import Samples


async def test_changes_of_creators_are_found_under_them(store: Store, samples: Samples) -> None:
    for what in ("creator", "policy"):
        change = Change(
            actor="ann",
            tenant="acme",
            what=what,
            subject="zoe",
            at=samples.clock.at,
            before=None,
            after=None,
        )
        await store.changes.note(change)
    found = await store.log.find(EntryQuery(tenant="acme", creator="zoe"))
    assert [entry.seq for entry in found] == [0]
