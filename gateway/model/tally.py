"""Counts over the audit log: data derived only from its entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Measure(StrEnum):
    """What is counted, and which fields of its key are used (the others are empty):

    ENTRIES: entries of the log. `outcome` is their kind.
    JUDGED: messages, as first judged. channel, route, language; `outcome` is the verdict.
    DRY_RUN: the same for dry runs.
    RULE: messages whose first judgement names `rule` among its reasons; `outcome` is the verdict
        that the rule asked for. channel.
    SENT: messages recorded to be sent. channel, route; `outcome` is "edited" where a person
        edited the text during review, else "generated".
    DELIVERY: ends of sending. channel, route; `outcome` is the message's state.
    CLOSED: holds that ended. `outcome` is what the reviewer did, or "expired"; `seconds` is how
        long it had waited: whole seconds, above an hour whole minutes.
    CRISIS: messages recorded to be sent whose text is the crisis text. channel, route.
    """

    ENTRIES = "entries"
    JUDGED = "judged"
    DRY_RUN = "dry_run"
    RULE = "rule"
    SENT = "sent"
    DELIVERY = "delivery"
    CLOSED = "closed"
    CRISIS = "crisis"


class TallyKey(NamedTuple):
    """What one count is for.

    `day` counts from 1970-01-01, UTC.
    """

    tenant: str
    day: int
    measure: str
    channel: str = ""
    route: str = ""
    language: str = ""
    rule: str = ""
    outcome: str = ""
    seconds: int = 0


Tally = Mapping[TallyKey, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalliedDays:
    """Counts of the days from `first` to `last` (included; since 1970-01-01), over the first `size`
    entries of the log. Where counts are summed up, tenants are "", and only those of JUDGED keep
    their day; the others have 0."""

    size: int
    first: int
    last: int
    tally: Tally
