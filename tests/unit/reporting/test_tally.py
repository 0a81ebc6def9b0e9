from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import LogInvalid
from gateway.model.decision import Reason
from gateway.model.record import Entry, ReviewAction
from gateway.model.submission import Channel
from gateway.model.tally import Measure, TallyKey
from gateway.model.verdict import State, Verdict
from gateway.reporting.tally import closes, tally
from tests.stores import START
from tests.unit.reporting.conftest import Story

DAY = (START.date() - START.date().replace(year=1970, month=1, day=1)).days


def key(measure: Measure, **more: Any) -> TallyKey:
    return TallyKey("acme", DAY, measure.value, **more)


def test_a_published_message(story: Story) -> None:
    record = story.judged(channel=Channel.LIVE)
    story.settled(record)
    place = {"channel": "live", "route": "sandbox"}
    assert tally(story.entries, {}) == {
        key(Measure.ENTRIES, outcome="decision"): 1,
        key(Measure.ENTRIES, outcome="delivery"): 1,
        key(Measure.JUDGED, **place, language="en", outcome="publish"): 1,
        key(Measure.RULE, channel="live", rule="eu.aia.50.1", outcome="publish"): 1,
        key(Measure.SENT, **place, outcome="generated"): 1,
        key(Measure.DELIVERY, **place, outcome="delivered"): 1,
    }


def test_a_dry_run_is_apart(story: Story) -> None:
    story.judged(dry_run=True)
    counts = tally(story.entries, {})
    assert {one.measure for one in counts} == {"entries", "dry_run"}


@pytest.mark.parametrize(
    ("action", "how"),
    [(ReviewAction.RELEASE, "generated"), (ReviewAction.EDIT, "edited"), (ReviewAction.REJECT, "")],
)
def test_a_review_closes_a_hold(story: Story, action: ReviewAction, how: str) -> None:
    held = story.judged(Verdict.HOLD)
    entry = story.reviewed(held, action, minutes=7, milliseconds=300)
    counts = tally([entry], {entry.seq: START})
    assert counts[key(Measure.CLOSED, outcome=action.value, seconds=420)] == 1
    sent = {one.outcome: n for one, n in counts.items() if one.measure == Measure.SENT}
    assert sent == ({how: 1} if how else {})
    assert closes(entry)


def test_an_expiry_closes_one_too(story: Story) -> None:
    held = story.judged(Verdict.HOLD)
    entry = story.expired(held, 0, days=1)
    (closed,) = (one for one in tally([entry], {1: START}) if one.measure == Measure.CLOSED)
    assert (closed.outcome, closed.seconds) == ("expired", 86_400)


def test_a_crisis_text_counts_where_it_is_sent(story: Story) -> None:
    crisis = replace(story.samples.disclosure(), replaced_by="crisis")
    story.judged(disclosure=crisis)
    story.judged(disclosure=replace(crisis, replaced_by="honest_answer"))
    story.judged(Verdict.BLOCK)
    counts = tally(story.entries, {})
    assert counts[key(Measure.CRISIS, channel="dm", route="sandbox")] == 1


def test_a_rule_counts_once_for_each_verdict_it_asks_for(story: Story) -> None:
    reasons = tuple(
        Reason(rule="a.b", text=text, verdict=verdict)
        for text in ("one", "two")
        for verdict in (Verdict.HOLD, Verdict.PUBLISH)
    )
    story.judged(Verdict.HOLD, reasons=reasons)
    rules = {one.outcome: n for one, n in tally(story.entries, {}).items() if one.rule == "a.b"}
    assert rules == {"hold": 1, "publish": 1}


def test_days_are_those_of_utc(story: Story) -> None:
    story.clock.move(hours=14, minutes=29)
    story.judged(Verdict.BLOCK)
    story.clock.move(minutes=1)
    story.judged(Verdict.BLOCK)
    days = [one.day for one in tally(story.entries, {}) if one.measure == Measure.JUDGED]
    assert days == [DAY, DAY + 1]


def test_changes_count_as_entries_alone(story: Story) -> None:
    from gateway.model.record import Change

    story.add(
        Change(
            actor="ann",
            tenant="acme",
            what="creator",
            subject="zoe",
            at=START,
            before=None,
            after=None,
        )
    )
    assert tally(story.entries, {}) == {key(Measure.ENTRIES, outcome="change"): 1}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"labels": 3}', b"\xff"])
def test_a_body_that_is_none_of_ours_is_named(story: Story, body: bytes) -> None:
    story.judged()
    entry: Entry = replace(story.entries[0], body=body, seq=41)
    with pytest.raises(LogInvalid, match="entry 41: cannot be counted"):
        tally([entry], {})


@pytest.mark.parametrize(
    ("waited", "counted"), [(3_599, 3_599), (3_600, 3_600), (3_719, 3_660), (-5, 0)]
)
def test_long_waits_are_counted_in_minutes(story: Story, waited: int, counted: int) -> None:
    held = story.judged(Verdict.HOLD)
    entry = story.reviewed(held, ReviewAction.REJECT, seconds=waited)
    assert counted in {one.seconds for one in tally([entry], {entry.seq: START})}


def test_a_message_that_was_held_and_lost_has_waited_for_nothing(story: Story) -> None:
    held = story.judged(Verdict.HOLD)
    entry = story.reviewed(held, ReviewAction.RELEASE, hours=1)
    (closed,) = (one for one in tally([entry], {1: None}) if one.measure == Measure.CLOSED)
    assert closed.seconds == 0
    assert State.QUEUED in entry.body.decode()
