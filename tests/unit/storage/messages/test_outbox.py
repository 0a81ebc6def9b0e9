"""tests/contracts/test_outbox.py has what every outbox keeps to; here, what is this one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.errors import NotRecorded
from gateway.model.verdict import State
from gateway.storage.store import Store
from gateway.storage.vault.key_file import KeyFile
from tests.stores import Place, Samples


async def test_what_was_just_recorded_is_taken_without_a_write(
    store: Store, samples: Samples
) -> None:
    await store.ledger.record(samples.record())
    untidy = store._writer._untidied_jobs
    (delivery,) = await store.outbox.lease(
        message_id="msg_1", until=samples.clock.at + timedelta(seconds=30)
    )
    assert delivery.attempt == 1
    assert store._writer._untidied_jobs == untidy


async def test_a_handover_that_came_too_late_is_a_second_attempt(
    store: Store, samples: Samples
) -> None:
    await store.ledger.record(samples.record())
    until = samples.clock.move(seconds=121) + timedelta(seconds=30)
    (delivery,) = await store.outbox.lease(message_id="msg_1", until=until)
    assert delivery.attempt == 2


async def test_what_cannot_be_read_does_not_hold_up_the_rest(
    place: Place, samples: Samples
) -> None:
    store = await place.open(first_lease_s=0)
    await store.ledger.record(samples.record())
    store.ledger._fresh._waiting.clear()
    store._keys._known.clear()
    keys = store._keys.store
    assert isinstance(keys, KeyFile)
    assert keys._reads is not None
    keys._reads.close()
    await store.close()
    place.keys_path.unlink()
    store = await place.open(first_lease_s=0)
    await store.ledger.record(samples.record())
    store.ledger._fresh._waiting.clear()
    until = samples.clock.move(seconds=1)
    assert [one.message_id for one in await store.outbox.lease(limit=5, until=until)] == ["msg_2"]
    outcome = await store.ledger.outcome("acme", "msg_1")
    assert outcome is not None
    assert outcome.state is State.QUEUED


async def test_recovery_counts_the_dead(place: Place, samples: Samples) -> None:
    one = await place.open()
    await one.ledger.record(samples.record())
    other = await place.open()
    assert await other.outbox.recover() == 0
    await one.close()
    assert await other.outbox.recover() == 1
    assert await other.outbox.recover() == 0


async def test_what_dead_processes_had_is_taken_over_at_the_second_look(
    place: Place, samples: Samples
) -> None:
    """A living one that lost its connection makes another meanwhile."""
    one = await place.open()
    await one.ledger.record(samples.record())
    other = await place.open()
    await one.close()
    assert await other.outbox.recover(patient=True) == 0
    assert await other.outbox.lease(limit=5, until=samples.clock.move(seconds=1)) == []
    assert await other.outbox.recover(patient=True) == 1
    (delivery,) = await other.outbox.lease(limit=5, until=samples.clock.move(seconds=1))
    assert delivery.uncertain


async def test_what_was_recorded_although_nobody_learnt_it_is_sent_soon(
    place: Place, samples: Samples
) -> None:
    """As when the connection breaks during the commit itself."""
    store = await place.open()
    await store.ledger.record(samples.record())
    fresh = store.ledger._fresh
    fresh._waiting.clear()
    fresh.doubt("msg_1")
    fresh.doubt("msg_that_was_never_recorded")
    until = samples.clock.move(seconds=1)
    assert await store.outbox.lease(limit=5, until=until) == []
    await store.reclaim_from_dead()
    assert fresh.doubtful() == []
    (delivery,) = await store.outbox.lease(limit=5, until=until)
    assert not delivery.uncertain


async def test_a_record_that_failed_is_in_doubt(store: Store, samples: Samples) -> None:
    record = samples.record()
    await store.ledger.record(record)
    with pytest.raises(NotRecorded):
        await store.ledger.record(record)
    assert store.ledger._fresh.doubtful() == ["msg_1"]
