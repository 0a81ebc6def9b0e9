from __future__ import annotations

from typing import Any

import pytest

from gateway.model.record import outcome_of
from gateway.model.submission import Channel
from gateway.model.verdict import State, Verdict
from gateway.storage.messages.outcomes import WIDTH, outcome_from, select_outcomes
from gateway.storage.store import Store
from gateway.storage.vault.payload import payload_of
from tests.stores import RAW, Samples


def _row(samples: Samples, **changes: Any) -> tuple[Any, ...]:
    values = {
        "id": "m",
        "tenant": "t",
        "state": "queued",
        "decision_id": "d",
        "entry_seq": 4,
        "channel": "dm",
        "creator": "c",
        "avatar": "a",
        "conversation": "v",
        "route": "r",
        "verdict": "publish",
        "language": "en",
        "decided_at": 1_000_000,
        "expires_at": None,
        "dry_run": 0,
        "attempts": 2,
        "delivery_detail": "503",
        "erased_at": None,
        "kid": "k",
        "nonce": b"n",
        "ciphertext": b"c",
    }
    return tuple({**values, **changes}.values())


def test_the_columns_are_those_that_are_read(samples: Samples) -> None:
    names = [column.name for column in select_outcomes().selected_columns]
    assert len(names) == len(_row(samples)) == WIDTH


def test_without_a_payload_the_columns_remain(samples: Samples) -> None:
    outcome = outcome_from(_row(samples), None)
    assert (outcome.message_id, outcome.state, outcome.judgement.verdict) == (
        "m",
        State.QUEUED,
        Verdict.PUBLISH,
    )
    assert (outcome.channel, outcome.attempts, outcome.delivery_detail) == (Channel.DM, 2, "503")
    judgement = outcome.judgement
    assert (judgement.text, judgement.receipt, judgement.reasons) == (None, None, ())


def test_the_payload_gives_the_texts(samples: Samples) -> None:
    record = samples.record()
    outcome = outcome_from(_row(samples), payload_of(record))
    assert outcome.judgement.text == f"[AI] {RAW}" == record.judgement.text
    assert outcome.judgement.redacted_kinds == ("PHONE_NUMBER",)


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_it_is_what_the_pipeline_made_of_it(
    store: Store, samples: Samples, verdict: Verdict
) -> None:
    record = samples.record(verdict)
    entry = await store.ledger.record(record)
    found = await store.ledger.outcome("acme", record.submission.message_id)
    assert found == outcome_of(record, entry.seq)
