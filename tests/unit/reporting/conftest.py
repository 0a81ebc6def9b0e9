"""Entries as the log holds them, without a store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bench.records import delivery_of
from gateway.model.record import (
    Dispatch,
    DispatchResult,
    Entry,
    Expiry,
    Record,
    Review,
    ReviewAction,
    Settlement,
    entry_of,
    outcome_of,
)
from gateway.model.verdict import State, Verdict
from gateway.ports import LogEvent
from gateway.trail.leaf import encode
from tests.stores import Clock, Samples


@dataclass
class Story:
    """A log as it grows, and what it is about."""

    clock: Clock = field(default_factory=Clock)
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.samples = Samples(self.clock)

    def add(self, event: LogEvent) -> Entry:
        seq = len(self.entries)
        entry = entry_of(event, seq, encode(event, seq))
        self.entries.append(entry)
        return entry

    def judged(self, verdict: Verdict = Verdict.PUBLISH, **changes: Any) -> Record:
        of_message = {
            name: changes.pop(name)
            for name in (
                "channel",
                "tenant",
                "route",
                "creator",
                "conversation",
                "dry_run",
                "media",
            )
            if name in changes
        }
        record = self.samples.record(verdict, self.samples.submission(**of_message), **changes)
        self.add(record)
        return record

    def reviewed(self, held: Record, action: ReviewAction, **by: float) -> Entry:
        at = self.clock.move(**by)
        review = Review(action=action, reviewer="ann", reason="Call Zoé on 0612345678.", at=at)
        rejected = action is ReviewAction.REJECT
        record = self.samples.record(
            Verdict.BLOCK if rejected else Verdict.PUBLISH,
            held.submission,
            state=State.REJECTED_BY_REVIEW if rejected else State.QUEUED,
            review=review,
            decided_at=at,
            language=held.judgement.language,
        )
        return self.add(record)

    def expired(self, held: Record, seq: int, **by: float) -> Entry:
        return self.add(Expiry(outcome=outcome_of(held, seq), at=self.clock.move(**by)))

    def settled(self, record: Record, state: State = State.DELIVERED, **changes: Any) -> Entry:
        delivery = replace(delivery_of(record, 0), queued_at=self.clock.at)
        result = DispatchResult.DELIVERED if state is State.DELIVERED else DispatchResult.REFUSED
        values: dict[str, Any] = {"result": result, "detail": "201", "platform_id": "p-1"}
        dispatch = Dispatch(**{**values, **changes})
        return self.add(
            Settlement(delivery=delivery, dispatch=dispatch, state=state, at=self.clock.at)
        )


@pytest.fixture
def story() -> Story:
    return Story()
