"""Audit logs in memory, as the gateway writes them, and the evidence files made of them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson

from bench.records import delivery_of
from gateway.keyring import Keyring
from gateway.model.record import (
    Change,
    Entry,
    Expiry,
    Record,
    Review,
    ReviewAction,
    entry_of,
    leaf_hash,
    outcome_of,
)
from gateway.model.verdict import State, Verdict
from gateway.ports import LogEvent
from gateway.trail.checkpoint import note_keys, sign_checkpoint
from gateway.trail.evidence import evidence
from gateway.trail.leaf import encode
from gateway.trail.merkle import Frontier
from gateway.trail.note import NoteKey
from gateway.verifier.anchors import AuditorInput
from gateway.verifier.evidence import Evidence
from gateway.verifier.examine import examine
from gateway.verifier.note import SignedCheckpoint, TrustedKey
from gateway.verifier.report import VerificationReport
from tests.stores import START, Clock, Samples, changed

ORIGIN = "gateway.example/log"


def one_keyring() -> Keyring:
    return Keyring.generate()


@dataclass
class Book:
    """A log: its entries and its checkpoints (size, root, note), as stored."""

    keyring: Keyring = field(default_factory=one_keyring)
    samples: Samples = field(default_factory=lambda: Samples(Clock()))
    entries: list[Entry] = field(default_factory=list)
    signed: list[tuple[int, bytes, str]] = field(default_factory=list)
    stamped: list[tuple[int, str, bytes]] = field(default_factory=list)

    def copy(self) -> Book:
        return replace(self, entries=list(self.entries), signed=list(self.signed))

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        return note_keys(ORIGIN, self.keyring)

    @property
    def key(self) -> TrustedKey:
        return TrustedKey.parse(str(self.keys[0]))

    def append(self, event: LogEvent) -> int:
        seq = len(self.entries)
        self.entries.append(entry_of(event, seq, encode(event, seq)))
        self.samples.clock.move(milliseconds=70)
        return seq

    def sign(self) -> str:
        """A checkpoint of what there is."""
        size = len(self.entries)
        note = self.note_of(size)
        self.signed.append((size, self.root(size), note))
        return note

    def root(self, size: int) -> bytes:
        frontier = Frontier()
        frontier.extend([entry.leaf for entry in self.entries[:size]])
        return frontier.root()

    def note_of(self, size: int) -> str:
        root = self.root(size)
        return sign_checkpoint(origin=ORIGIN, size=size, root=root, keyring=self.keyring).note

    def sign_anew(self) -> None:
        """As the holder of the key can: every checkpoint over what is stored now."""
        sizes = [size for size, _, _ in self.signed if size <= len(self.entries)]
        self.signed = [(size, self.root(size), self.note_of(size)) for size in sizes]

    # What happens to messages

    def published(self, state: State = State.DELIVERED, **changes: Any) -> int:
        """A decision and its delivery; the number of the decision."""
        record = self.samples.record(**changes)
        seq = self.append(record)
        self.deliver(record, seq, state)
        return seq

    def deliver(self, record: Record, seq: int, state: State = State.DELIVERED) -> int:
        return self.append(self.samples.settlement(delivery_of(record, seq), state))

    def held(self) -> tuple[Record, int]:
        record = self.samples.record(Verdict.HOLD)
        return record, self.append(record)

    def reviewed(self, held: Record, action: ReviewAction = ReviewAction.RELEASE) -> Record:
        """What a review of it came to; not appended."""
        verdict = Verdict.BLOCK if action is ReviewAction.REJECT else Verdict.PUBLISH
        record = self.samples.record(verdict, held.submission)
        review = Review(action=action, reviewer="ann", reason="seen", at=self.samples.clock.at)
        state = State.REJECTED_BY_REVIEW if verdict is Verdict.BLOCK else State.QUEUED
        decided = f"{record.judgement.decision_id}-again"
        return changed(record, decision_id=decided, review=review, state=state)

    def expire(self, held: Record, seq: int) -> int:
        outcome = replace(outcome_of(held, seq), state=State.EXPIRED)
        return self.append(Expiry(outcome=outcome, at=self.samples.clock.at))

    def change(self, **changes: Any) -> int:
        values: dict[str, Any] = {
            "actor": "ann",
            "tenant": "acme",
            "what": "creator",
            "subject": "zoe",
            "at": self.samples.clock.at,
            "before": None,
            "after": "ab" * 32,
        }
        return self.append(Change(**{**values, **changes}))

    def story(self) -> None:
        """Twelve entries: one of each kind of course that a message can take."""
        self.published()
        self.published(State.UNKNOWN)
        held, _ = self.held()
        released = self.reviewed(held)
        self.deliver(released, self.append(released))
        held, _ = self.held()
        self.append(self.reviewed(held, ReviewAction.REJECT))
        self.expire(*self.held())
        self.change()

    # What an auditor gets

    async def checkpoints(self, start: int, stop: int) -> Sequence[tuple[int, bytes, str]]:
        return [one for one in self.signed if start <= one[0] < stop]

    async def stamps(self, start: int, stop: int) -> Sequence[tuple[int, str, bytes]]:
        return [one for one in self.stamped if start <= one[0] < stop]

    def file(self, *, tenant: str | None = None) -> bytes:
        """As `audit evidence` writes it."""
        store = _Stored(self)

        async def whole() -> bytes:
            pieces = evidence(
                store,
                origin=ORIGIN,
                keys=self.keys,
                at=START + timedelta(days=1),
                size=len(self.entries),
                tenant=tenant,
                beyond=True,
            )
            return b"".join([piece async for piece in pieces])

        return asyncio.run(whole())

    def examined(self, kept: Sequence[str] = (), **given: Any) -> VerificationReport:
        return examined(self.file(), kept=kept, **{"keys": [self.key], **given})


@dataclass
class _Stored:
    book: Book

    async def size(self) -> int:
        return len(self.book.entries)

    async def entries(self, start: int, stop: int) -> Sequence[Entry]:
        return self.book.entries[start:stop]

    async def checkpoints(self, start: int, stop: int) -> Sequence[tuple[int, bytes, str]]:
        return await self.book.checkpoints(start, stop)

    async def stamps(self, start: int, stop: int) -> Sequence[tuple[int, str, bytes]]:
        return await self.book.stamps(start, stop)


def examined(file: bytes, *, kept: Sequence[str] = (), **given: Any) -> VerificationReport:
    """`kept` are the notes of checkpoints that the auditor kept."""
    named = [(f"kept-{n}.txt", SignedCheckpoint.parse(note)) for n, note in enumerate(kept)]
    return examine(Evidence(io.BytesIO(file), "evidence.jsonl"), AuditorInput(kept=named, **given))


def said_otherwise(entry: Entry, **changes: Any) -> Entry:
    """As a careful forger changes it, hash and all."""
    body = orjson.dumps({**orjson.loads(entry.body), **changes}, option=orjson.OPT_SORT_KEYS)
    return replace(entry, body=body, leaf=leaf_hash(body))
