"""What an entry of the audit log says: docs/reference/log-format.md, entry.schema.json.

Names follow OPA's decision log where it has one. An entry never holds the text of a message, a
value that was redacted, a salt or a whole receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from gateway.model.decision import Decision, Reason
from gateway.model.disclosure import Disclosure, Redaction
from gateway.model.erasure import Erasure
from gateway.model.finding import Detection, Unavailable
from gateway.model.judgement import Judgement
from gateway.model.obligation import Obligation
from gateway.model.receipt import Receipt
from gateway.model.record import Change, Expiry, Record, Review, Settlement, stamp
from gateway.model.submission import StreamPart
from gateway.ports import LogEvent

VERSION = 1
_RAW_TEXTS = ("submitted", "normalised", "folded")


def encode(event: LogEvent, seq: int) -> bytes:
    """The body of the entry that `event` makes as number `seq`: JSON, UTF-8, sorted keys.

    Raises TypeError for what JSON cannot say.
    """
    match event:
        case Record():
            document = _record(event)
        case Settlement():
            document = _settlement(event)
        case Expiry():
            document = _expiry(event)
        case Change():
            document = _change(event)
        case Erasure():
            document = _erasure(event)
    marked = stamp(event)
    document |= {
        "v": VERSION,
        "seq": seq,
        "kind": marked.kind,
        "timestamp": moment(marked.at),
        "tenant": marked.tenant,
        "message_id": marked.message_id,
    }
    return orjson.dumps(document, default=_plain, option=orjson.OPT_SORT_KEYS)


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, always with microseconds, so that it sorts as text."""
    if at.tzinfo is None:
        raise TypeError("a time in the log needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _record(record: Record) -> dict[str, Any]:
    submission, judgement, grounds = record.submission, record.judgement, record.grounds
    return (
        _stream(submission.stream)
        | {
            "decision_id": judgement.decision_id,
            "labels": {
                "avatar": submission.avatar,
                "caller": submission.caller,
                "channel": submission.channel,
                "conversation": submission.conversation,
                "creator": submission.creator,
                "language": judgement.language,
                "route": submission.route,
            },
            "received_at": moment(submission.received_at),
            "submitted_hash": record.commitment.hash if record.commitment else None,
            "verdict": judgement.verdict,
            "state": record.state,
            "reasons": _reasons(judgement.reasons),
            "obligations": _obligations(judgement.obligations),
            "unavailable": _unavailable(judgement.unavailable),
            "models": [
                {"id": model.id, "sha256": model.sha256}
                for detection in grounds.detections
                for model in detection.models
            ],
            "redacted": _redacted(grounds.redaction),
            "disclosure": _disclosure(judgement.disclosure),
            "receipt": _receipt(judgement.receipt),
            "review": _review(record.review),
            "expires_at": moment(record.expires_at) if record.expires_at else None,
            "timings_ms": {stage: round(ms, 3) for stage, ms in judgement.timings_ms.items()},
        }
        | (
            _decided(judgement, grounds.decision)
            if grounds.decision
            else _undecided(grounds.detections)
        )
    )


def _stream(part: StreamPart | None) -> dict[str, Any]:
    """Which part of which stream; entries of whole messages say nothing of streams."""
    if part is None:
        return {}
    said = {"id": part.id, "number": part.number, "fresh": part.fresh, "whole": part.whole}
    return {"stream": said}


def _decided(judgement: Judgement, decision: Decision) -> dict[str, Any]:
    result: dict[str, Any] = {"verdict": decision.verdict}
    if decision.reasons != judgement.reasons:  # else they would stand in the entry twice
        result["reasons"] = _reasons(decision.reasons)
    if decision.obligations != judgement.obligations:
        result["obligations"] = _obligations(decision.obligations)
    return {
        "bundles": {
            name: {"revision": revision} for name, revision in decision.bundle.revisions.items()
        },
        "policy": {"digest": decision.bundle.digest, "engine": decision.engine},
        "path": decision.path,
        "input": _without_texts(decision.masked),
        "result": result,
    }


def _undecided(detections: tuple[Detection, ...]) -> dict[str, Any]:
    """The policies answered nothing: what the detectors found stands here, not in `input`."""
    return {
        "bundles": {},
        "policy": None,
        "path": None,
        "input": None,
        "result": None,
        "findings": [
            {
                "stage": finding.stage,
                "kind": finding.kind,
                "score": round(finding.score, 4),
                "start": finding.start,
                "end": finding.end,
                "checked": finding.checked,
                "advisory": finding.advisory,
                "in_human_text": finding.in_human_text,
            }
            for detection in detections
            for finding in detection.findings
        ],
    }


def _without_texts(masked: Mapping[str, Any]) -> dict[str, Any]:
    """The masked document comes without texts; one that slips through stops here."""
    document = dict(masked)
    if isinstance(text := document.get("text"), Mapping):
        document["text"] = {**text, **dict.fromkeys(_RAW_TEXTS)}
    if isinstance(human := document.get("human"), Mapping):
        document["human"] = {**human, "text": None}
    return document


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [
        {"rule": reason.rule, "text": reason.text, "verdict": reason.verdict} for reason in reasons
    ]


def _obligations(obligations: tuple[Obligation, ...]) -> list[dict[str, Any]]:
    return [
        {"kind": obligation.kind, "rules": obligation.rules, "params": obligation.params}
        for obligation in obligations
    ]


def _unavailable(unavailable: tuple[Unavailable, ...]) -> list[dict[str, str]]:
    return [{"stage": failed.stage, "reason": failed.reason} for failed in unavailable]


def _redacted(redaction: Redaction | None) -> list[dict[str, Any]]:
    """Kinds and places in code points, `start` and `end` as submitted, `at` as published."""
    return [
        {
            "kind": replaced.finding.kind,
            "start": replaced.start,
            "end": replaced.end,
            "at": replaced.at,
        }
        for replaced in (redaction.replacements if redaction else ())
    ]


def _disclosure(disclosure: Disclosure | None) -> dict[str, Any] | None:
    if disclosure is None:
        return None
    return {
        "language": disclosure.language,
        "notices": [
            {
                "notice": notice.notice,
                "position": notice.position,
                "rules": notice.rules,
                "sha256": sha256(notice.text.encode()).hexdigest(),
            }
            for notice in disclosure.notices
        ],
        "marks": sorted(disclosure.marks),
        "content_hash": disclosure.content_hash,
        "replaced_by": disclosure.replaced_by,
        "shortened": disclosure.shortened,
    }


def _receipt(receipt: Receipt | None) -> dict[str, str] | None:
    if receipt is None:
        return None
    return {
        "id": receipt.id,
        "kid": receipt.kid,
        "sha256": sha256(receipt.jws.encode()).hexdigest(),
    }


def _review(review: Review | None) -> dict[str, str] | None:
    if review is None:
        return None
    return {
        "action": review.action,
        "reviewer": review.reviewer,
        "reason": review.reason,
        "at": moment(review.at),
    }


def _settlement(settlement: Settlement) -> dict[str, Any]:
    delivery, dispatch = settlement.delivery, settlement.dispatch
    return {
        "decision_id": delivery.decision_id,
        "allowed_by": delivery.recorded_seq,
        "labels": {
            "avatar": delivery.avatar,
            "channel": delivery.channel,
            "conversation": delivery.conversation,
            "creator": delivery.creator,
            "route": delivery.route,
        },
        "delivery_key": delivery.key,
        "attempt": delivery.attempt,
        "queued_at": moment(delivery.queued_at),
        "state": settlement.state,
        "dispatch": {
            "result": dispatch.result,
            "detail": dispatch.detail,
            "platform_id": dispatch.platform_id,
        },
        "content_hash": delivery.disclosure.content_hash,
        "receipt": _receipt(delivery.receipt),
    }


def _expiry(expiry: Expiry) -> dict[str, Any]:
    outcome, judgement = expiry.outcome, expiry.outcome.judgement
    return {
        "decision_id": judgement.decision_id,
        "held_by": outcome.entry_seq,
        "labels": {
            "avatar": outcome.avatar,
            "channel": outcome.channel,
            "conversation": outcome.conversation,
            "creator": outcome.creator,
            "language": judgement.language,
            "route": outcome.route,
        },
        "state": outcome.state,
        "verdict": judgement.verdict,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "actor": change.actor,
        "what": change.what,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
        "detail": change.detail,
    }


def _erasure(erasure: Erasure) -> dict[str, Any]:
    counts = erasure.counts
    return {
        "erasure_id": erasure.id,
        "what": erasure.scope,
        "subject": erasure.target,
        "actor": erasure.actor,
        "reason": erasure.reason,
        "ordered_at": moment(erasure.ordered_at),
        "before": erasure.before,
        "counts": {one.name: getattr(counts, one.name) for one in fields(counts)},
    }


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"an entry cannot hold a {type(value).__name__}")
