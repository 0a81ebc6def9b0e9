from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import NotRecorded
from gateway.model.verdict import State, Verdict
from gateway.storage.store import Store
from tests.stores import PERSON, Samples


def _rows(path: Path) -> dict[str, int]:
    names = ("message", "audit_entry", "audit_rule", "payload", "subject", "outbox", "review")
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in (*names, "escalation", "contact", "contact_notice")
        }


@pytest.mark.parametrize(
    ("verdict", "rows"),
    [
        (Verdict.PUBLISH, {"outbox": 1, "review": 0, "contact": 1, "contact_notice": 1}),
        (Verdict.HOLD, {"outbox": 0, "review": 1, "contact": 0, "contact_notice": 0}),
        (Verdict.BLOCK, {"outbox": 0, "review": 0, "contact": 0, "contact_notice": 0}),
    ],
)
async def test_what_a_verdict_writes(
    store: Store, samples: Samples, path: Path, verdict: Verdict, rows: dict[str, int]
) -> None:
    await store.ledger.record(samples.record(verdict))
    always = {"message": 1, "audit_entry": 1, "audit_rule": 2, "payload": 1, "subject": 1}
    assert _rows(path) == {**always, "escalation": 0, **rows}


async def test_what_calls_a_person_writes_an_escalation(
    store: Store, samples: Samples, path: Path
) -> None:
    await store.ledger.record(samples.escalated())
    assert _rows(path)["escalation"] == 1


async def test_a_record_that_fails_writes_nothing(
    store: Store, samples: Samples, path: Path
) -> None:
    record = samples.record()
    unsaid = replace(samples.decision(Verdict.PUBLISH, record.submission), masked={"x": object()})
    for bad in (
        samples.record(disclosure=None),
        samples.record(decision=unsaid),
        samples.record(decided_at=record.decided_at.replace(tzinfo=None)),
    ):
        with pytest.raises((NotRecorded, TypeError)):
            await store.ledger.record(bad)
    assert set(_rows(path).values()) == {0}


async def test_entries_can_be_found_by_what_they_say(
    store: Store, samples: Samples, path: Path
) -> None:
    await store.ledger.record(samples.record())
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT creator, channel, conversation, decision, policy_digest FROM audit_entry"
        ).fetchone()
        rules = connection.execute("SELECT rule_id FROM audit_rule ORDER BY 1").fetchall()
    assert found == ("zoe", "dm", "c1", "publish", "ab" * 32)
    assert rules == [("eu.aia.50.1",), ("fr.influ",)]


async def test_a_decision_without_policies_is_recorded(store: Store, samples: Samples) -> None:
    entry = await store.ledger.record(samples.record(Verdict.HOLD, decision=None))
    assert entry.seq == 0
    (held,) = await store.reviews.waiting("acme")
    assert held.outcome.state is State.HELD


async def test_people_are_not_named_in_columns(store: Store, samples: Samples, path: Path) -> None:
    await store.ledger.record(samples.record())
    with closing(sqlite3.connect(path)) as connection:
        dump: list[Any] = list(connection.iterdump())
    assert not [line for line in dump if PERSON in line]
