from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.errors import PolicyInvalid
from gateway.model.record import Entry, EntryKind
from gateway.policy.authoring.backtest import MAX_EXAMPLES, BacktestReport, backtest, past_of
from gateway.policy.authoring.charts import page, svg
from gateway.policy.packs.source import load_snapshot, read_folder

Write = Callable[[Mapping[str, str]], Path]
RULE = """\
# METADATA
# title: Late
# custom:
#   id: shop.late
package packs.shop.late

results contains {"rule": "shop.late", "text": "No.", "verdict": "hold", "obligations": []} if {
	input.hour > %d
}
"""


def _entry(seq: int, hour: int | None, *rules: tuple[str, str]) -> Entry:
    reasons = [{"rule": rule, "text": "…", "verdict": verdict} for rule, verdict in rules]
    verdict = "block" if rules else "publish"
    document: dict[str, Any] | None = {"hour": hour, "text": {"folded": None}}
    if hour is None:
        document = None
    body = {
        "decision_id": f"dec_{seq}",
        "labels": {"channel": "dm" if seq % 2 else "live", "creator": "léa <b>"},
        "input": document,
        "result": None if document is None else {"verdict": verdict},
        "reasons": reasons,
        "obligations": [],
    }
    return Entry(
        seq=seq,
        kind=EntryKind.DECISION,
        at=datetime(2026, 11, 22, tzinfo=UTC),
        tenant="studio",
        message_id=f"msg_{seq}",
        body=orjson.dumps(body),
        leaf=b"",
    )


async def _pages(*pages: Sequence[Entry]) -> AsyncIterator[Sequence[Entry]]:
    for one in pages:
        yield one


@pytest.fixture
async def report(write: Write, shop: dict[str, str]) -> BacktestReport:
    files = read_folder(write({**shop, "shop/late/late.rego": RULE % 20}))
    first = [_entry(n, n) for n in range(24)]
    second = [_entry(24, 1, ("shop.word", "block")), _entry(25, None)]
    done: list[int] = []
    found = await backtest(_pages(first, second), files, workers=2, progress=done.append)
    assert sum(done) == 26
    return found


async def test_what_would_have_changed(report: BacktestReport) -> None:
    assert (report.decisions, report.changed, report.skipped, report.failed) == (25, 3, 1, 0)
    assert dict(report.steps) == {"publish → hold": 3}
    assert dict(report.fired) == {"shop.late": 3}
    assert report.channels == {"dm": [2, 12], "live": [1, 13]}
    assert report.creators == {"léa <b>": [3, 25]}
    assert [one.decision_id for one in report.examples["shop.late"]] == [
        "dec_21",
        "dec_22",
        "dec_23",
    ]
    assert report.per_s > 0


async def test_rules_that_read_words_are_named_and_count_as_they_were(
    report: BacktestReport,
) -> None:
    assert report.blind == ("shop.word",)
    assert "shop.word" not in report.gone


async def test_policies_that_give_no_decision_are_counted(
    write: Write, shop: dict[str, str]
) -> None:
    main = shop["main.rego"].replace('default verdict := "publish"\n', "")
    files = read_folder(write({**shop, "main.rego": main}))
    found = await backtest(_pages([_entry(1, 1), _entry(2, 2)]), files)
    assert (found.decisions, found.failed, found.changed) == (2, 2, 0)


async def test_other_phrases_are_said_to_differ(write: Write, shop: dict[str, str]) -> None:
    base = load_snapshot(write(shop))
    shop["shop/word/word.phrases.yaml"] = "list: a\nin: [text]\nlanguages: {en: [hello]}\n"
    files = read_folder(write(shop))
    assert (await backtest(_pages(), files, base=base)).phrases
    assert not (await backtest(_pages(), files)).phrases


async def test_broken_policies_are_refused(write: Write, shop: dict[str, str]) -> None:
    files = read_folder(write(shop | {"main.rego": "package gateway\n\nx {"}))
    with pytest.raises(PolicyInvalid):
        await backtest(_pages([_entry(1, 1)]), files)


async def test_examples_are_few(write: Write, shop: dict[str, str]) -> None:
    files = read_folder(write({**shop, "shop/late/late.rego": RULE % 0}))
    found = await backtest(_pages([_entry(n, 9) for n in range(30)]), files)
    assert len(found.examples["shop.late"]) == MAX_EXAMPLES


def test_an_entry_without_a_document_is_no_past() -> None:
    assert past_of(_entry(1, None)) is None
    past = past_of(_entry(2, 3, ("a", "block")))
    assert past is not None
    assert past.said["reasons"][0]["rule"] == "a"


async def test_pictures_hold_numbers_and_no_markup_of_others(report: BacktestReport) -> None:
    for drawn in (svg(report), page(report)):
        assert "3 of 25 decisions would have changed" in drawn
        assert "léa &lt;b&gt;" in drawn
        assert "<b>" not in drawn
    assert "dec_21" in page(report)
    empty = BacktestReport(digest="d", blind=())
    assert "0 of 0" in svg(empty)
