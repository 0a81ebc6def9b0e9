"""Encodes events as bodies of log entries: docs/reference/log-format.md, entry.schema.json.

Names follow those of OPA's decision log where it has the same thing. A body never holds the text of
a message, a redacted value, a salt or a whole receipt.
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
"""Of the format of bodies: the member `v`."""
_RAW_TEXTS = ("submitted", "normalised", "folded")


def encode(event: LogEvent, seq: int) -> bytes:
    """Encode the body of entry `seq`, which records `event`: JSON, UTF-8, sorted keys.

    Raises TypeError for what JSON cannot express.
    """
    match event:
        case Record():
            document = _record_json(event)
        case Settlement():
            document = _settlement_json(event)
        case Expiry():
            document = _expiry_json(event)
        case Change():
            document = _change_json(event)
        case Erasure():
            document = _erasure_json(event)
    marked = stamp(event)
    document |= {
        "v": VERSION,
        "seq": seq,
        "kind": marked.kind,
        "timestamp": moment(marked.at),
        "tenant": marked.tenant,
        "message_id": marked.message_id,
    }
    return orjson.dumps(document, default=_json_default, option=orjson.OPT_SORT_KEYS)


def moment(at: datetime) -> str:
    """Format a time as RFC 3339 in UTC, always with microseconds, so that it sorts as text.
    Raises TypeError for a time without a time zone."""
    if at.tzinfo is None:
        raise TypeError("a time in the log needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _record_json(record: Record) -> dict[str, Any]:
    submission, judgement, grounds = record.submission, record.judgement, record.grounds
    return (
        _stream_json(submission.stream)
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
            "reasons": _reasons_json(judgement.reasons),
            "obligations": _obligations_json(judgement.obligations),
            "unavailable": _unavailable_json(judgement.unavailable),
            "models": [
                {"id": model.id, "sha256": model.sha256}
                for detection in grounds.detections
                for model in detection.models
            ],
            "redacted": _redacted_json(grounds.redaction),
            "disclosure": _disclosure_json(judgement.disclosure),
            "receipt": _receipt_json(judgement.receipt),
            "review": _review_json(record.review),
            "expires_at": moment(record.expires_at) if record.expires_at else None,
            "timings_ms": {stage: round(ms, 3) for stage, ms in judgement.timings_ms.items()},
        }
        | (
            _decided_json(judgement, grounds.decision)
            if grounds.decision
            else _undecided_json(grounds.detections)
        )
    )


def _stream_json(part: StreamPart | None) -> dict[str, Any]:
    """The member `stream` of an entry about a part of a stream; other entries have none."""
    if part is None:
        return {}
    part_json = {"id": part.id, "number": part.number, "fresh": part.fresh, "whole": part.whole}
    return {"stream": part_json}


def _decided_json(judgement: Judgement, decision: Decision) -> dict[str, Any]:
    result: dict[str, Any] = {"verdict": decision.verdict}
    if decision.reasons != judgement.reasons:  # else they would stand in the entry twice
        result["reasons"] = _reasons_json(decision.reasons)
    if decision.obligations != judgement.obligations:
        result["obligations"] = _obligations_json(decision.obligations)
    return {
        "bundles": {
            name: {"revision": revision} for name, revision in decision.bundle.revisions.items()
        },
        "policy": {"digest": decision.bundle.digest, "engine": decision.engine},
        "path": decision.path,
        "input": _without_texts(decision.masked),
        "result": result,
    }


def _undecided_json(detections: tuple[Detection, ...]) -> dict[str, Any]:
    """The members of an entry without a decision: there is no `input`, so that the findings get a
    member of their own."""
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
    """The masked document, which has no texts; any that it has by mistake are removed."""
    document = dict(masked)
    if isinstance(text := document.get("text"), Mapping):
        document["text"] = {**text, **dict.fromkeys(_RAW_TEXTS)}
    if isinstance(human := document.get("human"), Mapping):
        document["human"] = {**human, "text": None}
    return document


def _reasons_json(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [
        {"rule": reason.rule, "text": reason.text, "verdict": reason.verdict} for reason in reasons
    ]


def _obligations_json(obligations: tuple[Obligation, ...]) -> list[dict[str, Any]]:
    return [
        {"kind": obligation.kind, "rules": obligation.rules, "params": obligation.params}
        for obligation in obligations
    ]


def _unavailable_json(unavailable: tuple[Unavailable, ...]) -> list[dict[str, str]]:
    return [{"stage": failed.stage, "reason": failed.reason} for failed in unavailable]


def _redacted_json(redaction: Redaction | None) -> list[dict[str, Any]]:
    """What was redacted: kinds, and offsets in code points; `start` and `end` in the submitted
    text, `at` in the published one."""
    return [
        {
            "kind": replaced.finding.kind,
            "start": replaced.start,
            "end": replaced.end,
            "at": replaced.at,
        }
        for replaced in (redaction.replacements if redaction else ())
    ]


def _disclosure_json(disclosure: Disclosure | None) -> dict[str, Any] | None:
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


def _receipt_json(receipt: Receipt | None) -> dict[str, str] | None:
    if receipt is None:
        return None
    return {
        "id": receipt.id,
        "kid": receipt.kid,
        "sha256": sha256(receipt.jws.encode()).hexdigest(),
    }


def _review_json(review: Review | None) -> dict[str, str] | None:
    if review is None:
        return None
    return {
        "action": review.action,
        "reviewer": review.reviewer,
        "reason": review.reason,
        "at": moment(review.at),
    }


def _settlement_json(settlement: Settlement) -> dict[str, Any]:
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
        "receipt": _receipt_json(delivery.receipt),
    }


def _expiry_json(expiry: Expiry) -> dict[str, Any]:
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


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "actor": change.actor,
        "what": change.what,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
        "detail": change.detail,
    }


def _erasure_json(erasure: Erasure) -> dict[str, Any]:
    counts = erasure.counts
    return {
        "erasure_id": erasure.id,
        "what": erasure.scope,
        "subject": erasure.target,
        "actor": erasure.actor,
        "reason": erasure.reason,
        "ordered_at": moment(erasure.ordered_at),
        "before": erasure.before,
        "counts": {count.name: getattr(counts, count.name) for count in fields(counts)},
    }


def _json_default(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"an entry cannot hold a {type(value).__name__}")
