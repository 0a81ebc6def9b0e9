"""The input document: everything that policies may look at, and its masked form.

The fields are those of policies/schemas/input.schema.json. `masked` is the same without any
words of the avatar or the human, fit for an audit entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.errors import InvalidField, StageFailure, StageUndefined
from gateway.model.creator import Creator
from gateway.model.decision import Contact, Facts
from gateway.model.finding import Detection, Stage
from gateway.model.submission import Submission
from gateway.policy.engine import terms
from gateway.policy.packs import circumstances
from gateway.policy.packs.circumstances import elapsed
from gateway.policy.packs.quiet_hours import is_quiet

MAX_SOURCE = 200
"""Most code points of a finding's source that policies see."""
MAX_REASON = 500
"""Most code points that policies see of the reason why a stage is unavailable."""

_DIGITS = 4  # decimal places of a score: both engines read such numbers alike
_CREATORS = 1_000  # creators whose prepared terms are kept; at one more, all are dropped


@dataclass(slots=True)
class InputBuilder:
    """Builds input documents, and keeps the prepared terms of creators between them."""

    _terms: dict[tuple[str, str, int], tuple[terms.Term, ...]] = field(default_factory=dict)

    def build(self, facts: Facts) -> dict[str, Any]:
        """The document of `facts`. Raises StageFailure when a fact is not usable."""
        submission = facts.submission
        commercial = submission.commercial
        brand = commercial.brand if commercial.brand and commercial.brand.strip() else None
        text = _text_section(facts)
        terms_found = terms.find(
            self._prepared_terms(facts.creator),
            forms=(text["normalised"], text["folded"]),
            brand=brand,
        )
        findings = _findings_section(facts.detections)
        return {
            "now": rfc3339(facts.now),
            "message": _message_section(facts),
            "occasions": circumstances.occasions(submission, findings["signals"]),
            "text": text,
            **_submission_fields(submission),
            "creator": _creator_section(facts.creator, facts.now),
            "commercial": {"paid_partnership": commercial.paid_partnership, "brand": brand},
            "generator": _generator_section(facts),
            "findings": {
                **findings,
                "changes": [
                    {"kind": change.kind, "count": change.count} for change in facts.read.changes
                ],
                "terms": terms_found,
            },
            "contact": _contact_section(
                facts.contact,
                facts.now,
                facts.contact.human_spoke_at(facts.now, submission.human_spoke_at),
            ),
            "human_turn": circumstances.human_turn(submission, facts.contact),
            "route": {
                "max_length": facts.route.max_length,
                "unit": facts.route.unit.value,
                "c2pa": facts.route.c2pa,
            },
            "unavailable": [
                {"stage": outage.stage.value, "reason": outage.reason[:MAX_REASON]}
                for outage in facts.unavailable
            ],
        }

    def _prepared_terms(self, creator: Creator) -> tuple[terms.Term, ...]:
        key = (creator.tenant, creator.id, creator.version)
        known = self._terms.get(key)
        if known is None:
            if len(self._terms) >= _CREATORS:
                self._terms.clear()
            known = self._terms[key] = terms.prepare(creator.settings)
        return known


def _submission_fields(submission: Submission) -> dict[str, Any]:
    """The fields that the avatar service submits besides the text."""
    return {
        "human": {
            "present": submission.human_text is not None,
            "text": submission.human_text,
        },
        "audience": {
            "known": submission.audience.id is not None,
            "minor": circumstances.minor(submission.audience).value,
            "jurisdictions": list(submission.audience.jurisdictions),
            "places": circumstances.places(submission.audience.jurisdictions),
        },
        "editorial": {
            "public_interest": submission.editorial.public_interest,
            "reviewed_by": submission.editorial.reviewed_by,
            "editor": submission.editorial.editor,
        },
        "media": [
            {"sha256": media.sha256, "content_type": media.content_type}
            for media in submission.media
        ],
    }


def mask(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document` without words. The rest is shared, not copied."""
    return {
        **document,
        "text": {
            **document["text"],
            "submitted": None,
            "normalised": None,
            "folded": None,
            "lower": None,
        },
        "human": {**document["human"], "text": None},
    }


def serialise(document: Mapping[str, Any]) -> str:
    """JSON. Raises StageFailure for what JSON cannot hold, such as half a surrogate pair."""
    try:
        return orjson.dumps(document).decode("utf-8")
    except TypeError:
        raise StageFailure(Stage.POLICY, "the document cannot be written as JSON") from None


def rfc3339(moment: datetime) -> str:
    """`moment` in UTC with microseconds, always 27 characters, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _message_section(facts: Facts) -> dict[str, Any]:
    submission = facts.submission
    return {
        "id": submission.message_id,
        "tenant": submission.tenant,
        "channel": submission.channel.value,
        "route": facts.route.name,
        "language": facts.read.language,
        "dry_run": submission.dry_run,
        "conversation": submission.conversation,
        "avatar": submission.avatar,
        "author": "avatar" if submission.human_author is None else "human",
    }


def _text_section(facts: Facts) -> dict[str, Any]:
    normalised = facts.read.normalised.text
    return {
        "submitted": facts.submission.text,
        "normalised": normalised,
        "folded": facts.read.folded.text,
        "lower": normalised.lower(),
        "shouted": normalised.isupper(),
        "length": len(facts.read.clean.text),
    }


def _creator_section(creator: Creator, now: datetime) -> dict[str, Any]:
    try:
        quiet = is_quiet(creator.settings.get("quiet_hours") or (), now)
    except (InvalidField, KeyError, TypeError, AttributeError):
        raise StageFailure(Stage.POLICY, "the creator's quiet hours cannot be read") from None
    known = {
        **creator.settings,
        "id": creator.id,
        "display_name": creator.display_name,
        "companion": creator.settings.get("companion") is not False,
        "quiet": quiet,
    }
    known.pop("rego", None)  # the creator's own rules are judged separately, see creator_rules
    return known


def _generator_section(facts: Facts) -> dict[str, Any]:
    generator = facts.submission.generator
    mark = generator.upstream_marking
    return {
        "model": generator.model,
        "provider": generator.provider,
        "upstream_marking": None
        if mark is None
        else {"type": mark.type, "verifier": mark.verifier, "result": mark.result},
    }


def _findings_section(detections: Iterable[Detection]) -> dict[str, Any]:
    pii: list[dict[str, Any]] = []
    signals: list[dict[str, Any]] = []
    scores: dict[str, float | None] = {}
    for detection in detections:
        if detection.stage is Stage.TOXICITY:
            for category, score in detection.scores.items():
                known = scores.get(category)
                given = None if score is None else _rounded_score(score)
                scores[category] = known if given is None else max(given, known or 0.0)
        for finding in detection.findings:
            if finding.stage is Stage.PII and not finding.in_human_text:
                pii.append(
                    {
                        "kind": finding.kind,
                        "score": _rounded_score(finding.score),
                        "start": finding.start,
                        "end": finding.end,
                        "checked": finding.checked,
                        "advisory": finding.advisory,
                    }
                )
            elif finding.stage is Stage.SIGNALS:
                signals.append(
                    {
                        "list": finding.kind,
                        "source": finding.source[:MAX_SOURCE],
                        "start": finding.start,
                        "end": finding.end,
                        "in": "human" if finding.in_human_text else "text",
                    }
                )
    return {"pii": pii, "toxicity": {"scores": scores}, "signals": signals}


def _rounded_score(score: float) -> float:
    if not 0.0 <= score <= 1.0:  # NaN too
        raise StageUndefined(Stage.POLICY, "a detector's score is not between 0 and 1")
    return round(float(score), _DIGITS)


def _contact_section(
    contact: Contact, now: datetime, human_spoke_at: datetime | None
) -> dict[str, Any]:
    return {
        "first": contact.is_first,
        "since_first_s": _seconds_since(contact.first_at, now),
        "gap_s": _seconds_since(contact.last_message_at, now),
        "disclosed_s": {notice: elapsed(at, now) for notice, at in contact.disclosed_at.items()},
        "since_s": circumstances.since(contact, now, human_spoke_at),
    }


def _seconds_since(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else elapsed(since, now)
