"""A small log in memory, and events to write into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bench.records import delivery_of
from gateway.keyring import Keyring
from gateway.model.decision import Bundle, Decision, Reason
from gateway.model.disclosure import Disclosure, Notice, Redaction, Replacement
from gateway.model.finding import Detection, Finding, ModelIdentity, Stage
from gateway.model.judgement import Grounds, Judgement
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.receipt import Receipt
from gateway.model.record import (
    Change,
    Dispatch,
    DispatchResult,
    Entry,
    Expiry,
    Outcome,
    Record,
    Settlement,
    entry_of,
    leaf_hash,
)
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State, Verdict
from gateway.ports import LogEvent
from gateway.trail.leaf import encode
from gateway.trail.log import Log

ORIGIN = "gateway.example/log"
START = datetime(2026, 11, 22, 20, 0, 0, 125, tzinfo=UTC)


class Events:
    """Events as the pipeline makes them. `raw` stands wherever a text of a message stands."""

    def __init__(self, raw: str = "call me on 06 12 34 56 78") -> None:
        self.raw = raw
        self._at = START

    def tick(self) -> datetime:
        self._at += timedelta(milliseconds=70)
        return self._at

    def submission(self, number: int) -> Submission:
        return Submission(
            message_id=f"msg_{number}",
            tenant="acme",
            channel=Channel.DM,
            creator="zoe",
            avatar="zoe-ai",
            conversation="c1",
            text=self.raw,
            human_text=self.raw,
            received_at=self.tick(),
        )

    def disclosure(self) -> Disclosure:
        return Disclosure(
            text=self.raw,
            language="en",
            notices=(Notice(notice="ai", text="[AI]", position="start", rules=("eu.aia.50.1",)),),
            marks={"iptc": {"text": self.raw}, "c2pa": self.raw},
            content_hash="ab" * 32,
            salt=self.raw,
        )

    def decision(self, verdict: Verdict) -> Decision:
        reason = Reason(rule="eu.aia.50.1", text="Label it as AI.", verdict=verdict)
        obligation = Obligation(
            kind=ObligationKind.DISCLOSE, rules=("eu.aia.50.1",), params={"notice": "ai"}
        )
        text = {"submitted": self.raw, "normalised": self.raw, "folded": self.raw, "length": 25}
        document = {
            "message": {"id": "m", "channel": "dm"},
            "text": text,
            "human": {"present": True, "text": self.raw},
            "findings": {"changes": [{"kind": "zero_width", "count": 2}]},
        }
        masked = {
            **document,
            "text": {**text, **dict.fromkeys(("submitted", "normalised", "folded"))},
            "human": {"present": True, "text": None},
        }
        return Decision(
            verdict=verdict,
            reasons=(reason,),
            obligations=(obligation,),
            bundle=Bundle(digest="cd" * 32, revisions={"baseline": "3", "legal": "7"}),
            engine="embedded",
            path="gateway/decision",
            document=document,
            masked=masked,
        )

    def record(self, number: int, verdict: Verdict = Verdict.PUBLISH) -> Record:
        state = {
            Verdict.PUBLISH: State.QUEUED,
            Verdict.HOLD: State.HELD,
            Verdict.BLOCK: State.BLOCKED,
        }[verdict]
        published = verdict is Verdict.PUBLISH
        decision = self.decision(verdict)
        finding = Finding(
            stage=Stage.PII, kind="PHONE_NUMBER", score=0.9, start=11, end=25, source="fr"
        )
        redaction = Redaction(
            text=self.raw,
            replacements=(
                Replacement(finding=finding, start=11, end=25, at=11, replacement=f"[{self.raw}]"),
            ),
        )
        detections = (
            Detection(
                stage=Stage.TOXICITY,
                scores={"toxicity": 0.02},
                models=(ModelIdentity(id="tox-1", sha256="ef" * 32),),
            ),
            Detection(stage=Stage.PII, findings=(finding,)),
        )
        return Record(
            submission=self.submission(number),
            judgement=Judgement(
                decision_id=f"dec_{number}",
                verdict=verdict,
                language="en",
                reasons=decision.reasons,
                obligations=decision.obligations,
                disclosure=self.disclosure() if published else None,
                redacted_kinds=redaction.kinds,
                receipt=self.receipt(number) if published else None,
                timings_ms={"pii": 0.41234, "policy": 0.3},
            ),
            grounds=Grounds(detections=detections, decision=decision, redaction=redaction),
            state=state,
            decided_at=self.tick(),
            expires_at=self.tick() if verdict is Verdict.HOLD else None,
        )

    def receipt(self, number: int) -> Receipt:
        return Receipt(
            id=f"rcp_{number}", kid="k1", jws=f"{self.raw}.{number}", claims={"text": self.raw}
        )

    def settlement(self, record: Record, seq: int) -> Settlement:
        dispatch = Dispatch(result=DispatchResult.DELIVERED, detail="201", platform_id="p1")
        return Settlement(
            delivery=delivery_of(record, seq),
            dispatch=dispatch,
            state=State.DELIVERED,
            at=self.tick(),
        )

    def expiry(self, record: Record, seq: int) -> Expiry:
        submission = record.submission
        outcome = Outcome(
            message_id=submission.message_id,
            tenant=submission.tenant,
            channel=submission.channel,
            creator=submission.creator,
            avatar=submission.avatar,
            conversation=submission.conversation,
            route=submission.route,
            judgement=replace(record.judgement, disclosure=self.disclosure()),
            state=State.EXPIRED,
            decided_at=record.decided_at,
            entry_seq=seq,
        )
        return Expiry(outcome=outcome, at=self.tick())

    def change(self) -> Change:
        return Change(
            actor="root",
            tenant="acme",
            what="creator",
            subject="zoe",
            at=self.tick(),
            before=None,
            after="ab" * 32,
            detail={"version": 1},
        )


@dataclass
class MemoryStore:
    """What trail.log.LogStore asks for."""

    rows: list[Entry] = field(default_factory=list)
    signed: list[tuple[int, bytes, str]] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    cosigned: list[tuple[int, str]] = field(default_factory=list)
    stamped: list[tuple[int, str, bytes, datetime]] = field(default_factory=list)

    async def size(self) -> int:
        return len(self.rows)

    async def leaves(self, start: int, stop: int) -> list[bytes]:
        self.asked.append((start, stop))
        return [entry.leaf for entry in self.rows[start:stop]]

    async def entries(self, start: int, stop: int) -> list[Entry]:
        return self.rows[start:stop]

    async def put_checkpoint(
        self, *, size: int, root: bytes, leaf: bytes, at: datetime, sign: Callable[[], str]
    ) -> str | None:
        for had, _, note in self.signed:
            if had >= size:
                return note if had == size else None
        assert not size or self.rows[size - 1].leaf == leaf
        self.signed.append((size, root, sign()))
        return self.signed[-1][2]

    async def latest_checkpoint(self) -> tuple[int, bytes, str] | None:
        return max(self.signed, default=None)

    async def checkpoints(self, start: int, stop: int) -> list[tuple[int, bytes, str]]:
        return sorted(row for row in self.signed if start <= row[0] < stop)

    async def put_cosignature(self, *, size: int, key: str, line: str, at: datetime) -> None:
        self.cosigned.append((size, key))
        self.signed = [
            (have, root, note + line if have == size and line not in note else note)
            for have, root, note in self.signed
        ]

    async def cosigned_size(self, key: str) -> int:
        return max((size for size, by in self.cosigned if by == key), default=0)

    async def cosigned_before(self, stop: int) -> list[int]:
        return sorted({size for size, _ in self.cosigned if size < stop}, reverse=True)

    async def put_stamp(self, *, size: int, tsa: str, response: bytes, at: datetime) -> None:
        self.stamped.append((size, tsa, response, at))

    async def latest_stamp(self, tsa: str) -> tuple[int, datetime] | None:
        return max(((size, at) for size, by, _, at in self.stamped if by == tsa), default=None)

    async def stamps(self, start: int, stop: int) -> list[tuple[int, str, bytes]]:
        return [(size, tsa, data) for size, tsa, data, _ in self.stamped if start <= size < stop]

    def append(self, event: LogEvent) -> Entry:
        seq = len(self.rows)
        entry = entry_of(event, seq, encode(event, seq))
        self.rows.append(entry)
        return entry

    def fill(self, count: int) -> None:
        """Entries without a story, quickly."""
        template = self.append(Events().change())
        for seq in range(len(self.rows), len(self.rows) + count - 1):
            body = template.body.replace(
                f'"seq":{template.seq},'.encode(), f'"seq":{seq},'.encode()
            )
            self.rows.append(replace(template, seq=seq, body=body, leaf=leaf_hash(body)))

    def story(self, events: Events, numbers: Sequence[int]) -> None:
        """For each number a message that is delivered, one that expires, and one blocked."""
        for number in numbers:
            record = events.record(3 * number)
            seq = self.append(record).seq
            held = events.record(3 * number + 1, Verdict.HOLD)
            held_seq = self.append(held).seq
            self.append(events.settlement(record, seq))
            self.append(events.record(3 * number + 2, Verdict.BLOCK))
            self.append(events.expiry(held, held_seq))


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def events_of() -> type[Events]:
    return Events


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring.generate()


@pytest.fixture
def log(store: MemoryStore, keyring: Keyring) -> Log:
    return Log(store=store, keyring=keyring, origin=ORIGIN, now=lambda: START, interval_s=0.01)
