from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from gateway.model.decision import Reason
from gateway.model.tally import TalliedDays
from gateway.model.verdict import Verdict
from gateway.reporting.html import as_html
from gateway.reporting.report import build
from gateway.reporting.tally import tally
from tests.stores import START
from tests.unit.reporting.conftest import Story

_VOID = {"meta", "link", "br"}


class _Strict(HTMLParser):
    """Every element is closed in turn, no id comes twice, nothing is loaded or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.seen: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert name not in {"src", "href", "style"}
            assert not name.startswith("on")
            if name == "id":
                self.ids.append(value or "")
            if name == "aria-labelledby":
                self.references += (value or "").split()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(story: Story, tenant: str | None = None, entries: int | None = None) -> str:
    counts = tally(story.entries, {})
    days = [key.day for key in counts] or [0]
    counted = TalliedDays(size=len(story.entries), first=min(days), last=max(days), tally=counts)
    size = len(story.entries) if entries is None else entries
    return as_html(
        build(counted, tenant=tenant, origin="log", entries=size, made_at=START)
    ).decode()


def read(page: str) -> _Strict:
    parser = _Strict()
    parser.feed(page.removeprefix("<!doctype html>"))
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("days", [0, 1, 40])
def test_the_page_is_whole(story: Story, days: int) -> None:
    for number in range(days):
        story.settled(story.judged())
        story.judged(list(Verdict)[1 + number % 2])
        story.clock.move(days=1)
    found = read(page_of(story))
    assert len(found.ids) == len(set(found.ids))
    assert set(found.references) <= set(found.ids)
    assert "script" not in found.seen
    assert found.seen.count("svg") == 7
    assert found.seen.count("table") >= 8  # one beside each plot, and the crisis referrals


def test_nothing_from_an_entry_is_markup(story: Story) -> None:
    reason = Reason(rule="<script>alert(1)</script>", text="x", verdict=Verdict.BLOCK)
    story.judged(Verdict.BLOCK, reasons=(reason,), language="<b>")
    page = page_of(story, tenant="<i>acme</i>")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<i>acme" not in page
    read(page)


def test_it_loads_nothing_and_knows_dark_and_paper(story: Story) -> None:
    page = page_of(story)
    assert not re.search(r"url\(|@import|https?://", page)
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page


def test_it_says_what_is_missing(story: Story) -> None:
    story.judged()
    assert "4 entries of the log are not counted yet" in page_of(story, entries=5)
    assert "not counted yet" not in page_of(story)
