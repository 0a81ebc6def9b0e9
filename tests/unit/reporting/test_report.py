from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from statistics import median as true_median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.record import ReviewAction
from gateway.model.submission import Channel
from gateway.model.tally import TalliedDays
from gateway.model.verdict import State, Verdict
from gateway.reporting.report import (
    FEW,
    HIDDEN,
    SMALL,
    as_csv,
    as_json,
    build,
    day_number,
    median,
    suppressed,
)
from gateway.reporting.tally import closes, tally
from tests.stores import START
from tests.unit.reporting.conftest import Story


def report_of(story: Story) -> dict[str, Any]:
    held: dict[str | None, datetime] = {}
    waits = {}
    for entry in story.entries:
        if closes(entry):
            waits[entry.seq] = held[entry.message_id]
        held[entry.message_id] = entry.at
    counts = tally(story.entries, waits)
    days = [key.day for key in counts] or [0]
    counted = TalliedDays(size=len(story.entries), first=min(days), last=max(days), tally=counts)
    return build(
        counted,
        tenant=None,
        origin="gateway.example/log",
        entries=len(story.entries),
        made_at=START,
    )


@pytest.fixture
def told(story: Story) -> Story:
    """Two published and delivered or refused, a hold that is edited after 10 minutes, one that
    is rejected after 30, one that expires, two blocks, a dry run."""
    for channel, state in ((Channel.DM, State.DELIVERED), (Channel.LIVE, State.REFUSED)):
        story.settled(story.judged(channel=channel, language="fr"), state)
    for action, minutes in ((ReviewAction.EDIT, 10), (ReviewAction.REJECT, 30)):
        held = story.judged(Verdict.HOLD, decided_at=story.clock.at)
        story.reviewed(held, action, minutes=minutes)
    held = story.judged(Verdict.HOLD, decided_at=story.clock.at)
    story.expired(held, 0, days=1)
    story.judged(Verdict.BLOCK)
    story.judged(Verdict.BLOCK, channel=Channel.LIVE)
    story.judged(dry_run=True)
    return story


def test_the_numbers(told: Story) -> None:
    found = report_of(told)
    assert found["judged"]["messages"] == 7
    assert found["judged"]["by_verdict"] == {"publish": 2, "hold": 3, "block": 2}
    assert found["judged"]["by_channel"] == {
        "dm": {"publish": 1, "hold": 3, "block": 1},
        "live": {"publish": 1, "hold": 0, "block": 1},
    }
    assert found["judged"]["by_language"]["fr"] == {"publish": 2, "hold": 0, "block": 0}
    assert found["rules"] == [
        {"rule": "eu.aia.50.1", "messages": 7, "publish": 2, "hold": 3, "block": 2}
    ]
    assert found["deliveries"]["by_outcome"] == {
        "delivered": 1,
        "refused": 1,
        "unknown": 0,
        "dead": 0,
    }
    assert found["ai_authored"]["by_route"] == {
        "sandbox": {
            "messages": 3,
            "edited_by_a_person": 1,
            "delivered": 1,
            "share_ai_authored": 1.0,
        }
    }
    assert found["holds"]["closed"] == {"release": 0, "edit": 1, "reject": 1, "expired": 1}
    assert found["holds"]["median_seconds_to_review"] == 20 * 60
    assert found["holds"]["median_seconds_by_outcome"]["expired"] == 86_400
    assert found["dry_runs"] == 1
    assert sum(found["entries_by_kind"].values()) == len(told.entries)
    assert [row["day"] for row in found["by_day"]] == ["2026-11-22", "2026-11-23"]
    assert found["log"]["complete"]


def test_an_empty_log_has_a_report(story: Story) -> None:
    found = report_of(story)
    assert found["judged"]["messages"] == 0
    assert found["holds"]["median_seconds_to_review"] is None
    assert found["crisis_referrals"]["total"] == 0
    assert as_csv(found)


def test_what_is_not_counted_yet_is_told() -> None:
    counted = TalliedDays(size=3, first=0, last=0, tally={})
    found = build(counted, tenant="acme", origin="o", entries=5, made_at=START)
    assert not found["log"]["complete"]


def test_json_and_csv_say_the_same(told: Story) -> None:
    found = report_of(told)
    assert json.loads(as_json(found)) == found
    head, *rows = csv.reader(io.StringIO(as_csv(found).decode(), newline=""))
    assert head == ["table", "of", "value"]
    said = {(table, of): value for table, of, value in rows}
    assert said["judged.by_channel.dm", "hold"] == "3"
    assert said["rules.hold", "eu.aia.50.1"] == "3"
    assert said["by_day.block", "2026-11-23"] == "2"
    assert said["deliveries.by_outcome", "refused"] == "1"


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({}, {}),
        ({"dm": 0}, {"dm": 0}),
        ({"dm": 1}, {"dm": FEW}),
        ({"dm": 4, "live": 0}, {"dm": FEW, "live": 0}),
        ({"dm": 5, "live": 70}, {"dm": 5, "live": 70}),
        ({"dm": 3, "live": 70, "group": 9}, {"dm": FEW, "group": HIDDEN, "live": 70}),
        ({"dm": 1, "live": 1, "group": 9}, {"dm": FEW, "live": FEW, "group": HIDDEN}),
        ({"dm": 4, "live": 4, "group": 9}, {"dm": FEW, "live": FEW, "group": 9}),
    ],
)
def test_small_numbers_are_not_shown(counts: dict[str, int], shown: dict[str, Any]) -> None:
    assert suppressed(counts) == shown


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12)))
def test_no_small_number_can_be_worked_out(counts: dict[str, int]) -> None:
    """From the total and the numbers that are shown."""
    shown = suppressed(counts)
    total = suppressed({"all": sum(counts.values())})["all"]
    secret = [name for name, value in shown.items() if not isinstance(value, int)]
    assert all(value == 0 or value >= SMALL for value in shown.values() if isinstance(value, int))
    if secret and isinstance(total, int):
        assert len(secret) > 1
        assert sum(counts[name] for name in secret) >= SMALL


@given(st.lists(st.integers(0, 50), min_size=1))
def test_medians(values: list[int]) -> None:
    counts = {value: values.count(value) for value in values}
    assert median(counts) == true_median(values)
    assert median({}) is None


def test_days_count_from_1970() -> None:
    from datetime import date

    assert day_number(date(1970, 1, 2)) == 1
