from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.storage.store import Store
from tests.stores import Samples


async def test_what_was_erased_still_waits(store: Store, samples: Samples, path: Path) -> None:
    record = samples.escalated()
    await store.ledger.record(record)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM payload")  # as good as a lost key
        connection.commit()
    (found,) = await store.escalations.waiting("acme")
    assert found.submission is None
    assert (found.outcome.judgement.text, found.outcome.judgement.obligations) == (None, ())
    message_id = record.submission.message_id
    await store.escalations.acknowledge(
        "acme", message_id, reviewer="ann", reason="Erased.", at=samples.clock.at
    )
    assert await store.escalations.waiting("acme") == []


async def test_the_entry_is_found_like_the_message(
    store: Store, samples: Samples, path: Path
) -> None:
    record = samples.escalated()
    await store.ledger.record(record)
    await store.escalations.acknowledge(
        "acme", record.submission.message_id, reviewer="ann", reason="Seen.", at=samples.clock.at
    )
    with closing(sqlite3.connect(path)) as connection:
        marks = connection.execute(
            "SELECT creator, channel, conversation, decision FROM audit_entry WHERE seq = 1"
        ).fetchone()
    assert marks == ("zoe", "dm", "c1", "escalation")
