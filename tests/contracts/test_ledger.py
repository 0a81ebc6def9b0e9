"""What every ledger keeps to (ports.Ledger), on both engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from gateway.errors import (
    IdempotencyBusy,
    IdempotencyReused,
    NotRecorded,
)
from gateway.model.decision import Contact
from gateway.model.record import (
    Change,
    EntryKind,
    PassedWrite,
    leaf_hash,
    outcome_of,
)
from gateway.model.submission import Audience, Channel
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store
from tests.present import present
from tests.stores import Place, Samples


async def test_a_record_becomes_an_entry_and_an_outcome(store: Store, samples: Samples) -> None:
    record = samples.record()
    entry = await store.ledger.record(record)
    assert (entry.seq, entry.kind, entry.at) == (0, EntryKind.DECISION, record.decided_at)
    assert entry.leaf == leaf_hash(entry.body)
    assert await store.log.entries(0, 10) == [entry]
    outcome = await store.ledger.outcome("acme", record.submission.message_id)
    assert outcome == outcome_of(record, 0)


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_every_verdict_reads_back_whole(
    store: Store, samples: Samples, verdict: Verdict
) -> None:
    record = samples.record(verdict)
    entry = await store.ledger.record(record)
    found = await store.ledger.outcome("acme", record.submission.message_id)
    assert found == outcome_of(record, entry.seq)


async def test_another_tenant_sees_nothing(store: Store, samples: Samples) -> None:
    held = samples.record(Verdict.HOLD)
    await store.ledger.record(held)
    assert await store.ledger.outcome("other", held.submission.message_id) is None
    assert await store.ledger.held("other", held.submission.message_id) is None
    assert await store.reviews.waiting("other") == []
    assert await store.ledger.outcome("acme", "msg_unknown") is None


async def test_entries_are_numbered_without_gaps(store: Store, samples: Samples) -> None:
    records = [samples.record(list(Verdict)[number % 3]) for number in range(60)]
    entries = await asyncio.gather(*map(store.ledger.record, records))
    assert sorted(entry.seq for entry in entries) == list(range(60))
    assert await store.log.size() == 60
    stored = await store.log.entries(0, 60)
    assert {entry.seq: entry for entry in entries} == {entry.seq: entry for entry in stored}
    assert await store.log.leaves(10, 20) == [entry.leaf for entry in stored[10:20]]


async def test_one_that_cannot_be_written_leaves_its_neighbours_alone(
    store: Store, samples: Samples
) -> None:
    good = [samples.record() for _ in range(20)]
    bad = samples.record(
        decision=replace(present(good[0].grounds.decision), masked={"x": object()})
    )
    twice = samples.record(submission=good[3].submission)
    results = await asyncio.gather(
        *map(store.ledger.record, [*good[:10], bad, twice, *good[10:]]), return_exceptions=True
    )
    failed = [one for one in results if isinstance(one, BaseException)]
    assert [type(one) for one in failed] == [NotRecorded, NotRecorded]
    assert await store.log.size() == 20
    for record in good:
        assert await store.ledger.outcome("acme", record.submission.message_id) is not None


async def test_a_message_is_recorded_once(store: Store, samples: Samples) -> None:
    record = samples.record()
    await store.ledger.record(record)
    with pytest.raises(NotRecorded):
        await store.ledger.record(record)
    assert await store.log.size() == 1


async def test_what_cannot_be_sent_is_not_queued(store: Store, samples: Samples) -> None:
    with pytest.raises(NotRecorded):
        await store.ledger.record(samples.record(receipt=None))
    assert await store.log.size() == 0


async def test_a_dry_run_moves_nothing(store: Store, samples: Samples) -> None:
    submission = samples.submission(dry_run=True)
    entry = await store.ledger.record(samples.record(submission=submission))
    assert entry.kind is EntryKind.DRY_RUN
    assert await store.ledger.contact(submission) == Contact()
    assert not await store.outbox.lease(limit=5, until=samples.clock.move(days=1))
    outcome = await store.ledger.outcome("acme", submission.message_id)
    assert outcome is not None
    assert outcome.state is State.DECIDED
    assert outcome.dry_run


# Idempotency keys


async def test_the_first_request_claims_its_key_and_the_second_gets_its_outcome(
    store: Store, samples: Samples
) -> None:
    first = samples.submission(idempotency_key="k")
    assert await store.ledger.claim(first) is None
    record = samples.record(submission=first)
    entry = await store.ledger.record(record)
    again = samples.submission(idempotency_key="k", received_at=samples.clock.move(hours=1))
    found = await store.ledger.claim(again)
    assert found == replace(outcome_of(record, entry.seq), replayed=True)


async def test_without_a_key_nothing_is_claimed(store: Store, samples: Samples) -> None:
    for _ in range(2):
        assert await store.ledger.claim(samples.submission()) is None


async def test_a_second_request_in_progress_is_busy(store: Store, samples: Samples) -> None:
    claims = [store.ledger.claim(samples.submission(idempotency_key="k")) for _ in range(5)]
    results = await asyncio.gather(*claims, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["IdempotencyBusy"] * 4 + ["NoneType"]


async def test_a_key_is_used_for_one_request_only(store: Store, samples: Samples) -> None:
    await store.ledger.claim(samples.submission(idempotency_key="k"))
    with pytest.raises(IdempotencyReused):
        await store.ledger.claim(samples.submission(idempotency_key="k", text="other"))
    with pytest.raises(IdempotencyReused):
        await store.ledger.claim(
            samples.submission(idempotency_key="k", audience=Audience(id="somebody else"))
        )


async def test_keys_belong_to_their_caller(store: Store, samples: Samples) -> None:
    for caller in ("key_1", "key_2"):
        submission = samples.submission(idempotency_key="k", caller=caller)
        assert await store.ledger.claim(submission) is None
    elsewhere = samples.submission(idempotency_key="k", caller="key_1", tenant="other")
    assert await store.ledger.claim(elsewhere) is None


async def test_an_abandoned_key_may_be_tried_afresh(store: Store, samples: Samples) -> None:
    first = samples.submission(idempotency_key="k")
    await store.ledger.claim(first)
    await store.ledger.abandon(first)
    assert await store.ledger.claim(samples.submission(idempotency_key="k")) is None


async def test_abandoning_what_was_recorded_changes_nothing(store: Store, samples: Samples) -> None:
    first = samples.submission(idempotency_key="k")
    await store.ledger.claim(first)
    await store.ledger.record(samples.record(submission=first))
    await store.ledger.abandon(first)
    found = await store.ledger.claim(samples.submission(idempotency_key="k"))
    assert found is not None
    assert found.message_id == first.message_id


async def test_a_claim_that_takes_too_long_is_lost(store: Store, samples: Samples) -> None:
    slow = samples.submission(idempotency_key="k")
    await store.ledger.claim(slow)
    samples.clock.move(seconds=59)
    with pytest.raises(IdempotencyBusy):
        await store.ledger.claim(samples.submission(idempotency_key="k"))
    samples.clock.move(seconds=2)
    quick = samples.submission(idempotency_key="k")
    assert await store.ledger.claim(quick) is None
    with pytest.raises(NotRecorded):
        await store.ledger.record(samples.record(submission=slow))
    await store.ledger.abandon(slow)
    await store.ledger.record(samples.record(submission=quick))
    assert await store.log.size() == 1


async def test_claims_of_another_living_process_are_busy_and_those_of_a_dead_one_free(
    place: Place, samples: Samples
) -> None:
    one, other = await place.open(), await place.open()
    await one.ledger.claim(samples.submission(idempotency_key="k"))
    with pytest.raises(IdempotencyBusy):
        await other.ledger.claim(samples.submission(idempotency_key="k"))
    await one.close()
    assert await other.ledger.claim(samples.submission(idempotency_key="k")) is None


# The disclosure clock


async def test_a_contact_starts_with_the_first_published_message(
    store: Store, samples: Samples
) -> None:
    submission = samples.submission()
    assert (await store.ledger.contact(submission)).is_first
    for verdict in (Verdict.HOLD, Verdict.BLOCK):
        await store.ledger.record(samples.record(verdict))
    assert (await store.ledger.contact(submission)).is_first
    first = samples.clock.at
    await store.ledger.record(samples.record())
    last = samples.clock.move(hours=3)
    plain = replace(samples.disclosure(), notices=())
    await store.ledger.record(samples.record(disclosure=plain))
    assert await store.ledger.contact(submission) == Contact(
        first_at=first, last_message_at=last, disclosed_at={"ai": first}
    )


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "other"},
        {"creator": "max"},
        {"avatar": "zoe-2"},
        {"channel": Channel.GROUP},
        {"audience": Audience(id="somebody else")},
        {"audience": Audience()},
    ],
)
async def test_a_contact_is_one_person_avatar_and_channel(
    store: Store, samples: Samples, change: dict[str, Any]
) -> None:
    await store.ledger.record(samples.record())
    assert (await store.ledger.contact(samples.submission(**change))).is_first
    assert not (await store.ledger.contact(samples.submission(conversation="c2"))).is_first


async def test_an_unknown_person_is_the_conversation(store: Store, samples: Samples) -> None:
    unknown = {"audience": Audience(), "conversation": "c9"}
    await store.ledger.record(samples.record(submission=samples.submission(**unknown)))
    assert not (await store.ledger.contact(samples.submission(**unknown))).is_first
    other = samples.submission(audience=Audience(), conversation="c10")
    assert (await store.ledger.contact(other)).is_first


# Changes


async def test_changes_are_noted(store: Store, samples: Samples) -> None:
    change = Change(
        actor="ann",
        tenant="acme",
        what="policy",
        subject="legal",
        at=samples.clock.at,
        before=None,
        after="ab" * 32,
    )
    entry = await store.changes.note(change)
    assert (entry.kind, entry.message_id) == (EntryKind.CHANGE, None)
    assert await store.log.entries(0, 1) == [entry]


async def test_a_write_that_passed_is_noted_by_a_keyed_digest_alone(
    store: Store, samples: Samples
) -> None:
    def passed(body: bytes) -> PassedWrite:
        return PassedWrite(
            tenant="acme",
            caller="key-1",
            route="fans",
            operation="upload",
            listed="POST /media/{kind}",
            target="POST /media/a-name?x=1",
            body=body,
            at=samples.clock.at,
        )

    large = b"a secret word " * 40_000
    bodies = (b"", b"a secret word", large, large)
    entries = [await store.changes.note_passed(passed(body)) for body in bodies]
    assert await store.log.entries(0, len(entries)) == entries
    details = [json.loads(entry.body)["detail"] for entry in entries]
    assert {one["request"] for one in details} == {"POST /media/{kind}"}
    assert len({one["digest"] for one in details}) == 3
    assert details[2] == details[3]
    for entry, body in zip(entries, bodies, strict=True):
        assert entry.kind is EntryKind.CHANGE
        assert b"secret" not in entry.body
        assert b"a-name" not in entry.body
        assert sha256(body).hexdigest().encode() not in entry.body
    assert large.decode() not in repr(passed(large))


# Restarts, several processes


async def test_everything_survives_a_restart(
    store: Store, samples: Samples, reopen: Callable[[Store], Awaitable[Store]]
) -> None:
    submission = samples.submission(idempotency_key="k")
    await store.ledger.claim(submission)
    published, held = samples.record(submission=submission), samples.record(Verdict.HOLD)
    for record in (published, held):
        await store.ledger.record(record)
    store = await reopen(store)
    for seq, record in enumerate((published, held)):
        found = await store.ledger.outcome("acme", record.submission.message_id)
        assert found == outcome_of(record, seq)
    assert not (await store.ledger.contact(submission)).is_first
    replayed = await store.ledger.claim(samples.submission(idempotency_key="k"))
    assert replayed is not None
    assert replayed.replayed


async def test_two_writers_share_one_log(place: Place, samples: Samples) -> None:
    stores = [await place.open(), await place.open()]
    records = [samples.record() for _ in range(40)]
    entries = await asyncio.gather(
        *[stores[n % 2].ledger.record(record) for n, record in enumerate(records)]
    )
    assert sorted(entry.seq for entry in entries) == list(range(40))
    for store in stores:
        assert [entry.seq for entry in await store.log.entries(0, 99)] == list(range(40))
        for record in records:
            found = await store.ledger.outcome("acme", record.submission.message_id)
            assert found is not None
            assert found.judgement.text == present(record.judgement.disclosure).text


async def test_an_auditor_reads_while_a_server_writes(place: Place, samples: Samples) -> None:
    server = await place.open()
    await server.ledger.record(samples.record())
    auditor = await place.open(read_only=True)
    await server.ledger.record(samples.record())
    assert await auditor.log.size() == 2
    assert await auditor.ledger.outcome("acme", "msg_1") is not None
    await auditor.ready()
    with pytest.raises(NotRecorded):
        await auditor.ledger.record(samples.record())
    await auditor.close()
    await server.close()
    alone = await place.open(read_only=True)
    assert await alone.log.size() == 2


async def test_a_caller_who_gave_up_leaves_the_log_whole(store: Store, samples: Samples) -> None:
    tasks = [asyncio.ensure_future(store.ledger.record(samples.record())) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.ledger.record(samples.record())
    size = await store.log.size()
    assert [entry.seq for entry in await store.log.entries(0, size)] == list(range(size))
    kept = [task for task in tasks if not task.cancelled()]
    assert size >= len(kept) + 1
