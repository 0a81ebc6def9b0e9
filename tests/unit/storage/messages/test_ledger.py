"""tests/contracts/test_ledger.py has what every ledger keeps to; here, what is this one's own."""

from __future__ import annotations

from gateway.storage.store import Store
from tests.stores import Samples


async def test_only_what_is_to_be_sent_is_handed_over(store: Store, samples: Samples) -> None:
    sent = samples.record()
    await store.ledger.record(sent)
    dry = samples.record(submission=samples.submission(dry_run=True))
    await store.ledger.record(dry)
    assert list(store.ledger._fresh._waiting) == [sent.submission.message_id]
