"""The audit log: the cost of verification, and the tampering that it finds."""

from __future__ import annotations

import asyncio
import io
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import median

import orjson

from bench.figure import Figure
from bench.records import delivery_of
from gateway.errors import LogInvalid
from gateway.keyring import Keyring
from gateway.model.decision import Bundle, Decision, Reason
from gateway.model.disclosure import Disclosure, Notice, Redaction
from gateway.model.finding import Detection, ModelIdentity, Stage
from gateway.model.judgement import Grounds, Judgement
from gateway.model.obligation import Obligation, ObligationKind
from gateway.model.receipt import Receipt
from gateway.model.record import (
    Dispatch,
    DispatchResult,
    Entry,
    EntryKind,
    Record,
    Settlement,
    entry_of,
    leaf_hash,
)
from gateway.model.submission import Channel, Submission
from gateway.model.verdict import State, Verdict
from gateway.ports import LogEvent
from gateway.trail.checkpoint import note_keys, sign_checkpoint
from gateway.trail.evidence import evidence
from gateway.trail.leaf import encode
from gateway.trail.merkle import Frontier
from gateway.trail.note import NoteKey
from gateway.trail.verify import StoredCheckpoint, verify
from gateway.verifier.anchors import AuditorInput
from gateway.verifier.evidence import Evidence
from gateway.verifier.examine import examine
from gateway.verifier.note import TrustedKey

_ORIGIN = "gateway.example/log"
_ENTRIES = 40_000
_EVERY = 200  # entries under one checkpoint: 100/s, one every 2 s
_START = datetime(2026, 11, 22, 20, tzinfo=UTC)


@dataclass
class _Written:
    """A log as stored, and what its auditor has."""

    entries: list[Entry]
    checkpoints: list[StoredCheckpoint] = field(default_factory=list)

    def copy(self) -> _Written:
        return _Written(list(self.entries), list(self.checkpoints))


def measure() -> Iterator[Figure]:
    keyring = Keyring.generate()
    keys = note_keys(_ORIGIN, keyring)
    log = _write(_ENTRIES // 2)
    _sign(log, keyring)
    yield _verify_us(log, keys)
    yield _verifier_us(log, keys)
    small = _Written(log.entries[:600])
    _sign(small, keyring)
    yield from _tamper_found(small, keyring, keys)


def _verify_us(log: _Written, keys: tuple[NoteKey, ...]) -> Figure:
    taken = []
    for _ in range(6):
        before = time.process_time()
        verify(log.entries, checkpoints=log.checkpoints, keys=keys, origin=_ORIGIN)
        taken.append((time.process_time() - before) / len(log.entries) * 1e6)
    del taken[0]
    size = sum(len(entry.body) for entry in log.entries) / len(log.entries)
    return Figure(
        key="audit.verify_us",
        value=median(taken),
        unit="µs CPU/entry",
        bar=20,
        aim=8,
        n=len(log.entries),
        spread=(min(taken), max(taken)),
        note=f"{size:.0f} bytes an entry, {len(log.checkpoints)} checkpoints",
    )


def _verifier_us(log: _Written, keys: tuple[NoteKey, ...]) -> Figure:
    """Microseconds for each entry of the stand-alone verifier, which uses the standard library and
    cryptography alone, from the file's bytes."""
    file = asyncio.run(_evidence(log, keys))
    given = AuditorInput(keys=[TrustedKey.parse(str(key)) for key in keys])
    taken = []
    for _ in range(4):
        before = time.process_time()
        report = examine(Evidence(io.BytesIO(file), "bench"), given)
        taken.append((time.process_time() - before) / len(log.entries) * 1e6)
        assert report.verified
    del taken[0]
    return Figure(
        key="audit.verifier_us",
        value=median(taken),
        unit="µs CPU/entry",
        bar=150,
        aim=60,
        n=len(log.entries),
        spread=(min(taken), max(taken)),
        note=f"{len(file) / len(log.entries):.0f} bytes of evidence an entry, not compressed",
    )


async def _evidence(log: _Written, keys: tuple[NoteKey, ...]) -> bytes:
    pieces = evidence(_Stored(log), origin=_ORIGIN, keys=keys, at=_START, size=len(log.entries))
    return b"".join([piece async for piece in pieces])


@dataclass
class _Stored:
    """The log as the export reads it."""

    log: _Written

    async def size(self) -> int:
        return len(self.log.entries)

    async def entries(self, start: int, stop: int) -> list[Entry]:
        return self.log.entries[start:stop]

    async def checkpoints(self, start: int, stop: int) -> list[StoredCheckpoint]:
        return [checkpoint for checkpoint in self.log.checkpoints if start <= checkpoint[0] < stop]

    async def stamps(self, start: int, stop: int) -> list[tuple[int, str, bytes]]:
        return []


def _tamper_found(
    log: _Written, keyring: Keyring, keys: tuple[NoteKey, ...], rounds: int = 25
) -> Iterator[Figure]:
    """Tamper in each way at random places. Half of the time the forger has only the database, half
    of the time the signing key as well, and signs every checkpoint anew."""
    chance = random.Random(6962)  # noqa: S311 - places, not secrets
    kept = [log.checkpoints[-1][2]]
    found: list[bool] = []
    needing: dict[str, list[str]] = {"the database": [], "the signing key": []}
    for name, tamper in _TAMPERING.items():
        for thief, names in needing.items():
            alone = []
            for _ in range(rounds):
                bad = log.copy()
                tamper(bad, chance)
                if thief == "the signing key":
                    _sign(bad, keyring)
                found.append(_is_found(bad, keys, kept))
                alone.append(_is_found(bad, keys, []))
            if not all(alone):
                names.append(name)
    yield Figure(
        key="audit.tamper_found",
        value=sum(found) / len(found),
        unit="share",
        bar=1.0,
        aim=1.0,
        n=len(found),
        lower_is_better=False,
        note="; ".join(
            f"by who has {thief}, found only with a kept checkpoint: {', '.join(names) or 'none'}"
            for thief, names in needing.items()
        ),
    )


def _is_found(log: _Written, keys: tuple[NoteKey, ...], kept: list[str]) -> bool:
    try:
        verify(log.entries, checkpoints=log.checkpoints, keys=keys, origin=_ORIGIN, kept=kept)
    except LogInvalid:
        return True
    return False


def _flip(log: _Written, chance: random.Random) -> None:
    """Flip one bit of a body; its hash is left, or made to fit."""
    at = chance.randrange(len(log.entries))
    body = bytearray(log.entries[at].body)
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    fits = chance.random() < 0.5
    leaf = leaf_hash(bytes(body)) if fits else log.entries[at].leaf
    log.entries[at] = replace(log.entries[at], body=bytes(body), leaf=leaf)


def _edit(log: _Written, chance: random.Random) -> None:
    """Replace an entry by a well-formed one that says something else."""
    at = chance.randrange(len(log.entries))
    log.entries[at] = _said_otherwise(log.entries[at], tenant_note="edited")


def _delete(log: _Written, chance: random.Random) -> None:
    """Delete one entry; or a message with its delivery, and renumber the rest."""
    at = chance.randrange(len(log.entries) - 2)
    if chance.random() < 0.5:
        del log.entries[at]
    else:
        del log.entries[at - at % 2 : at - at % 2 + 2]
        _renumber(log)


def _insert(log: _Written, chance: random.Random) -> None:
    """Insert an entry; or a whole message with its delivery, and renumber the rest."""
    at = chance.randrange(0, len(log.entries), 2)
    forged = [
        replace(_said_otherwise(entry, message_id="forged"), message_id="forged")
        for entry in log.entries[at : at + 2]
    ]
    if chance.random() < 0.5:
        log.entries.insert(at, forged[0])
    else:
        log.entries[at:at] = forged
        _renumber(log)


def _reorder(log: _Written, chance: random.Random) -> None:
    """Swap two entries; or two messages with their deliveries, renumbered."""
    at = chance.randrange(0, len(log.entries) - 4, 2)
    width = chance.choice((1, 2))
    first, second = log.entries[at : at + width], log.entries[at + width : at + 2 * width]
    log.entries[at : at + 2 * width] = second + first
    if width == 2:
        _renumber(log)


def _truncate(log: _Written, chance: random.Random) -> None:
    del log.entries[chance.randrange(len(log.entries)) :]


def _roll_back(log: _Written, chance: random.Random) -> None:
    """Roll entries and checkpoints back to an earlier checkpoint."""
    kept = chance.randrange(len(log.checkpoints))
    del log.checkpoints[kept:]
    size = log.checkpoints[-1][0] if log.checkpoints else 0
    del log.entries[size:]


def _fork(log: _Written, chance: random.Random) -> None:
    """Replace the history from some entry on by another."""
    at = chance.randrange(len(log.entries) - 2)
    for seq in range(at, len(log.entries)):
        log.entries[seq] = _said_otherwise(log.entries[seq], fork=True)


def _replay(log: _Written, chance: random.Random) -> None:
    """Repeat an earlier entry: renumbered in the place of a later one, or inserted before it."""
    old = log.entries[chance.randrange(len(log.entries) // 2)]
    at = chance.randrange(len(log.entries) // 2, len(log.entries))
    again = replace(_said_otherwise(old, seq=at), seq=at)
    log.entries[at : at + 1] = [again] if chance.random() < 0.5 else [old, log.entries[at]]


_TAMPERING: dict[str, Callable[[_Written, random.Random], None]] = {
    "flip": _flip,
    "edit": _edit,
    "delete": _delete,
    "insert": _insert,
    "reorder": _reorder,
    "truncate": _truncate,
    "roll back": _roll_back,
    "fork": _fork,
    "replay": _replay,
}


def _said_otherwise(entry: Entry, **changes: object) -> Entry:
    body = orjson.dumps({**orjson.loads(entry.body), **changes}, option=orjson.OPT_SORT_KEYS)
    return replace(entry, body=body, leaf=leaf_hash(body))


def _renumber(log: _Written) -> None:
    """Renumber entries and the references to them, as a careful forger does."""
    allowed_by = 0
    for seq, entry in enumerate(log.entries):
        delivery = entry.kind is EntryKind.DELIVERY
        allowed_by = allowed_by if delivery else seq
        if entry.seq != seq or delivery:
            refers = {"allowed_by": allowed_by} if delivery else {}
            log.entries[seq] = replace(_said_otherwise(entry, seq=seq, **refers), seq=seq)


def _sign(log: _Written, keyring: Keyring) -> None:
    frontier = Frontier()
    log.checkpoints = []
    for start in range(0, len(log.entries), _EVERY):
        frontier.extend([entry.leaf for entry in log.entries[start : start + _EVERY]])
        size, root = frontier.size, frontier.root()
        signed = sign_checkpoint(origin=_ORIGIN, size=size, root=root, keyring=keyring)
        log.checkpoints.append((size, root, signed.note))


def _write(messages: int) -> _Written:
    """Write messages, each of them judged and delivered."""
    log = _Written([])
    for number in range(messages):
        record = _record(number)
        _append(log, record)
        _append(log, _settlement(record, len(log.entries) - 1))
    return log


def _append(log: _Written, event: LogEvent) -> None:
    seq = len(log.entries)
    log.entries.append(entry_of(event, seq, encode(event, seq)))


def _record(number: int) -> Record:
    at = _START + timedelta(milliseconds=10 * number)
    submission = Submission(
        message_id=f"01JDA{number:021d}",
        tenant="default",
        channel=Channel.DM,
        creator="zoe",
        avatar="zoe-ai",
        conversation=f"conversation-{number % 97}",
        text="",
        received_at=at,
    )
    decision = _decision(submission)
    disclosure = Disclosure(
        text="",
        language="en",
        notices=(Notice(notice="ai", text="[AI]", position="start", rules=("eu.aia.50.1",)),),
        marks={"iptc": {}, "schema_org": {}},
        content_hash=f"{number:064x}",
        salt="",
    )
    return Record(
        submission=submission,
        judgement=Judgement(
            decision_id=f"01JDB{number:021d}",
            verdict=Verdict.PUBLISH,
            language="en",
            reasons=decision.reasons,
            obligations=decision.obligations,
            disclosure=disclosure,
            receipt=Receipt(id=f"01JDC{number:021d}", kid="k" * 43, jws=str(number), claims={}),
            timings_ms={
                "read": 0.1,
                "pii": 0.41,
                "toxicity": 1.31,
                "policy": 0.37,
                "disclose": 0.2,
            },
        ),
        grounds=Grounds(
            detections=(
                Detection(
                    stage=Stage.TOXICITY, models=(ModelIdentity(id="embedded-1", sha256="ef" * 32),)
                ),
            ),
            decision=decision,
            redaction=Redaction(text=""),
        ),
        state=State.QUEUED,
        decided_at=at + timedelta(milliseconds=3),
    )


def _decision(submission: Submission) -> Decision:
    """A decision of the size that the shipped packs give: a notice, a mark, three reasons."""
    reasons = tuple(
        Reason(rule=rule, text="A person who talks with an AI is told so.", verdict=Verdict.PUBLISH)
        for rule in ("eu.aia.50.1", "eu.aia.50.2", "us.me")
    )
    obligations = (
        Obligation(
            kind=ObligationKind.DISCLOSE,
            rules=("eu.aia.50.1", "us.me"),
            params={"notice": "ai", "position": "start"},
        ),
        Obligation(
            kind=ObligationKind.MARK,
            rules=("eu.aia.50.2",),
            params={"formats": ["iptc", "schema_org"]},
        ),
    )
    scores = {
        "toxicity": 0.0132,
        "severe_toxicity": 0.0003,
        "obscene": 0.0021,
        "threat": 0.0004,
        "insult": 0.0077,
        "identity_attack": 0.0011,
        "sexual_explicit": None,
    }
    masked = {
        "now": "2026-11-22T20:00:00.000000Z",
        "message": {
            "id": submission.message_id,
            "tenant": submission.tenant,
            "channel": submission.channel.value,
            "route": "sandbox",
            "language": "en",
            "dry_run": False,
            "conversation": submission.conversation,
            "avatar": submission.avatar,
        },
        "text": {"submitted": None, "normalised": None, "folded": None, "length": 61},
        "human": {"present": True, "text": None},
        "audience": {"known": True, "minor": "no", "jurisdictions": ["FR", "EU"]},
        "creator": {"id": "zoe", "display_name": "Zoé", "languages": ["fr", "en"], "quiet": False},
        "commercial": {"paid_partnership": False, "brand": None},
        "generator": {"model": None, "provider": None, "upstream_marking": None},
        "editorial": {"public_interest": False, "reviewed_by": None, "editor": None},
        "media": [],
        "findings": {"pii": [], "toxicity": {"scores": scores}, "signals": [], "changes": []},
        "contact": {"first": True, "since_first_s": None, "gap_s": None, "disclosed_s": {}},
        "route": {"max_length": 10000, "unit": "characters", "c2pa": False},
        "unavailable": [],
    }
    return Decision(
        verdict=Verdict.PUBLISH,
        reasons=reasons,
        obligations=obligations,
        bundle=Bundle(digest="cd" * 32, revisions={"baseline": "1", "creator": "1", "legal": "1"}),
        engine="embedded",
        path="gateway/decision",
        document=masked,
        masked=masked,
    )


def _settlement(record: Record, seq: int) -> Settlement:
    return Settlement(
        delivery=delivery_of(record, seq),
        dispatch=Dispatch(result=DispatchResult.DELIVERED, detail="201", platform_id="p"),
        state=State.DELIVERED,
        at=record.decided_at + timedelta(milliseconds=20),
    )
