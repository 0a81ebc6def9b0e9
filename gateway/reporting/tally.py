"""Counts entries, by a pure function of their bodies. model/tally.py defines the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from gateway.errors import LogInvalid
from gateway.model.disclosure import ReplacementTemplate
from gateway.model.record import Entry, EntryKind, ReviewAction
from gateway.model.tally import Measure, TallyKey
from gateway.model.verdict import State

CRISIS = ReplacementTemplate.CRISIS.value
"""The template that answers somebody who speaks of suicide or self-harm."""

_HOUR_S, _DAY_S = 3_600, 86_400  # seconds


def closes(entry: Entry) -> bool:
    """Whether the entry ends a hold. The length of that hold is then counted."""
    return entry.kind in {EntryKind.REVIEW, EntryKind.EXPIRY}


def tally(entries: Iterable[Entry], held_at: Mapping[int, datetime | None]) -> Counter[TallyKey]:
    """Count `entries`.

    `held_at` gives, by the number of each entry that `closes` a hold, when the message was put on
    hold. Raises LogInvalid for a body that is not in the format of an entry.
    """
    counts: Counter[TallyKey] = Counter()
    for entry in entries:
        try:
            _count(counts, entry, held_at)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LogInvalid(
                f"cannot be counted ({type(error).__name__})", index=entry.seq
            ) from None
    return counts


def _count(counts: Counter[TallyKey], entry: Entry, held_at: Mapping[int, datetime | None]) -> None:
    place = (entry.tenant, int(entry.at.timestamp() // _DAY_S))
    counts[TallyKey(*place, Measure.ENTRIES.value, outcome=entry.kind.value)] += 1
    if entry.kind in {EntryKind.DECISION, EntryKind.DRY_RUN}:
        _count_judged(counts, entry, place)
    elif entry.kind is EntryKind.DELIVERY:
        document = orjson.loads(entry.body)
        labels = document["labels"]
        key = TallyKey(
            *place,
            Measure.DELIVERY.value,
            channel=labels["channel"],
            route=labels["route"],
            outcome=document["state"],
        )
        counts[key] += 1
    elif closes(entry):
        _count_closed(counts, entry, place, held_at.get(entry.seq))


def _count_judged(counts: Counter[TallyKey], entry: Entry, place: tuple[str, int]) -> None:
    document = orjson.loads(entry.body)
    dry = entry.kind is EntryKind.DRY_RUN
    measure = Measure.DRY_RUN if dry else Measure.JUDGED
    counts[TallyKey(*place, measure.value, *_labels(document), outcome=document["verdict"])] += 1
    if dry:
        return
    channel = document["labels"]["channel"]
    for rule, verdict in {(reason["rule"], reason["verdict"]) for reason in document["reasons"]}:
        key = TallyKey(*place, Measure.RULE.value, channel=channel, rule=rule, outcome=verdict)
        counts[key] += 1
    _count_sent(counts, document, place, "generated")


def _count_closed(
    counts: Counter[TallyKey], entry: Entry, place: tuple[str, int], held_at: datetime | None
) -> None:
    document = orjson.loads(entry.body)
    waited = max(0, int((entry.at - held_at).total_seconds())) if held_at else 0
    waited = waited if waited < _HOUR_S else waited // 60 * 60
    outcome, how = State.EXPIRED.value, "generated"
    if entry.kind is EntryKind.REVIEW:
        outcome = document["review"]["action"]
        how = "edited" if outcome == ReviewAction.EDIT else how
    counts[TallyKey(*place, Measure.CLOSED.value, outcome=outcome, seconds=waited)] += 1
    _count_sent(counts, document, place, how)


def _count_sent(
    counts: Counter[TallyKey], document: dict[str, Any], place: tuple[str, int], how: str
) -> None:
    if document["state"] != State.QUEUED:
        return
    channel, route, _ = _labels(document)
    counts[TallyKey(*place, Measure.SENT.value, channel, route, outcome=how)] += 1
    if (document["disclosure"] or {}).get("replaced_by") == CRISIS:
        counts[TallyKey(*place, Measure.CRISIS.value, channel, route)] += 1


def _labels(document: dict[str, Any]) -> tuple[str, str, str]:
    """Channel, route, language."""
    labels = document["labels"]
    return labels["channel"], labels["route"], labels["language"]
