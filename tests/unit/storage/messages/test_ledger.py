"""tests/contracts/test_ledger.py has what every ledger keeps to; here, what is this one's own."""

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
        await store.ledger.note(change)
    found = await store.log.find(EntryQuery(tenant="acme", creator="zoe"))
    assert [entry.seq for entry in found] == [0]


async def test_only_what_is_to_be_sent_is_handed_over(store: Store, samples: Samples) -> None:
    sent = samples.record()
    await store.ledger.record(sent)
    dry = samples.record(submission=samples.submission(dry_run=True))
    await store.ledger.record(dry)
    assert list(store.ledger._handover._waiting) == [sent.submission.message_id]
