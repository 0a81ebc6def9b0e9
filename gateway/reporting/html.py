"""The transparency report as one HTML page, without scripts and without anything to load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.pages.parts import PageSection, PageTable
from gateway.pages.render import render
from gateway.reporting.charts import Rows, bars, columns
from gateway.reporting.report import FEW, HIDDEN, SMALL, Report

_VERDICTS = ("publish", "hold", "block")
_OUTCOMES = ("delivered", "refused", "unknown", "dead")

_MAX_RULE_BARS = 20
"""Bars in the plot of rules, the busiest rules first. The table has all rules."""

_MAX_BARS = 40
"""Bars in the other plots, as many as fit on one screen. Their tables have all rows."""


def as_html(report: Report) -> bytes:
    """The page in UTF-8."""
    return render(
        "transparency.html",
        package="gateway.reporting",
        report=report,
        tiles=_tiles(report),
        sections=_sections(report),
        entries_by_kind=", ".join(
            f"{n:,} {_label(kind)}" for kind, n in report["entries_by_kind"].items()
        ),
    ).encode()


def _tiles(report: Report) -> list[tuple[str, str]]:
    by_verdict = report["judged"]["by_verdict"]
    return [
        ("messages judged", f"{report['judged']['messages']:,}"),
        *((f"first verdict: {verdict}", f"{by_verdict[verdict]:,}") for verdict in _VERDICTS),
        ("delivered", f"{report['deliveries']['by_outcome']['delivered']:,}"),
        ("median time to review", _duration(report["holds"]["median_seconds_to_review"])),
    ]


def _sections(report: Report) -> tuple[PageSection, ...]:
    """The sections of the page, from top to bottom."""
    judged = report["judged"]
    return (
        _counts_section(
            "channels",
            title="Channels and verdicts",
            about="What the policies first decided, by channel.",
            counts=judged["by_channel"],
            series=_VERDICTS,
            head="Channel",
        ),
        _days(report),
        _rules(report),
        _counts_section(
            "languages",
            title="Languages and verdicts",
            about="What the policies first decided, by the language of the text as read.",
            counts=judged["by_language"],
            series=_VERDICTS,
            head="Language",
        ),
        _ai_authored(report),
        _counts_section(
            "deliveries",
            title="Delivery outcomes",
            about="How sending ended, by channel. Unknown: the platform never answered.",
            counts=report["deliveries"]["by_channel"],
            series=_OUTCOMES,
            head="Channel",
        ),
        _holds(report),
        _crisis_referrals(report),
    )


def _days(report: Report) -> PageSection:
    days = _verdict_rows(report["by_day"], "day")
    return PageSection(
        title="Messages by day",
        about="Days without messages are left out.",
        plot=columns(
            "days",
            title="Messages by day and verdict",
            about=f"{len(days)} days with messages; each column is one of them.",
            rows=days,
            series=_VERDICTS,
        ),
        legend=_legend(_VERDICTS),
        table=_counts_table("Day", days, _VERDICTS),
    )


def _rules(report: Report) -> PageSection:
    rules = _verdict_rows(report["rules"], "rule")
    return PageSection(
        title="Rules",
        about="Messages whose first judgement names the rule, by the verdict that this rule asked "
        "for. A message can name several.",
        plot=bars(
            "rules",
            title="Rules by how often they gave a reason",
            about=f"The {min(len(rules), _MAX_RULE_BARS)} busiest of {len(rules)} rules.",
            rows=rules[:_MAX_RULE_BARS],
            series=_VERDICTS,
        ),
        legend=_legend(_VERDICTS),
        table=_counts_table("Rule", rules, _VERDICTS),
    )


def _ai_authored(report: Report) -> PageSection:
    routes = report["ai_authored"]["by_route"]
    series = ("generated", "edited")
    rows = [
        (
            route,
            {
                "generated": row["messages"] - row["edited_by_a_person"],
                "edited": row["edited_by_a_person"],
            },
        )
        for route, row in routes.items()
    ]
    table = PageTable(
        head=("Route", "To be sent", "Edited by a person", "Delivered", "Share AI-authored"),
        rows=tuple(
            (
                route,
                f"{row['messages']:,}",
                f"{row['edited_by_a_person']:,}",
                f"{row['delivered']:,}",
                "–" if row["share_ai_authored"] is None else f"{row['share_ai_authored']:.0%}",
            )
            for route, row in routes.items()
        ),
    )
    return PageSection(
        title="AI-authored messages",
        about="Whatever passes this gateway was written by AI. A platform takes these numbers off "
        "its own to keep them apart from what people wrote.",
        plot=bars(
            "routes",
            title="Messages recorded to be sent, by platform route",
            about="All of them were written by AI; some were edited by a person.",
            rows=rows[:_MAX_BARS],
            series=series,
        ),
        legend=_legend(series),
        table=table,
    )


def _holds(report: Report) -> PageSection:
    holds = report["holds"]
    closed = holds["closed"]
    table = PageTable(
        head=("Ended by", "Holds", "Median wait"),
        rows=tuple(
            (_label(how), f"{n:,}", _duration(holds["median_seconds_by_outcome"][how]))
            for how, n in closed.items()
        ),
    )
    return PageSection(
        title="Holds",
        about="Median time until a person decided: "
        f"{_duration(holds['median_seconds_to_review'])}. What still waits is not in it.",
        plot=bars(
            "holds",
            title="How holds ended",
            about="Holds that a person released, edited or rejected, and those that expired "
            "unseen.",
            rows=[(_label(how), {"hold": n}) for how, n in closed.items()],
            series=("hold",),
        ),
        table=table,
    )


def _crisis_referrals(report: Report) -> PageSection:
    crisis = report["crisis_referrals"]
    return PageSection(
        title="Crisis referrals",
        about="Messages that were replaced by the crisis text with its helplines. Counts alone; "
        f"those from 1 to {SMALL - 1} are shown as {FEW}, and a larger one is hidden where it "
        "would give a smaller one away.",
        table=PageTable(
            head=("Channel", "Referrals"),
            rows=(
                *((channel, _shown_count(n)) for channel, n in crisis["by_channel"].items()),
                ("All", _shown_count(crisis["total"])),
            ),
        ),
    )


def _counts_section(
    name: str,
    *,
    title: str,
    about: str,
    counts: Mapping[str, Mapping[str, int]],
    series: Sequence[str],
    head: str,
) -> PageSection:
    """A section with bars and a table of `counts` (label → series → count), the largest sums
    first."""
    ordered = sorted(counts.items(), key=lambda item: -sum(item[1].values()))
    rows = [
        (label, {name: by_series.get(name, 0) for name in series}) for label, by_series in ordered
    ]
    return PageSection(
        title=title,
        about=about,
        plot=bars(name, title=title, about=about, rows=rows[:_MAX_BARS], series=series),
        legend=_legend(series),
        table=_counts_table(head, rows, series),
    )


def _verdict_rows(rows: Sequence[Mapping[str, Any]], label: str) -> Rows:
    """The rows of a list in the report: the field `label`, and the counts of each verdict."""
    return [(row[label], {verdict: row[verdict] for verdict in _VERDICTS}) for row in rows]


def _counts_table(head: str, rows: Rows, series: Sequence[str]) -> PageTable:
    return PageTable(
        head=(head, *map(_label, series)),
        rows=tuple((label, *(f"{counts[name]:,}" for name in series)) for label, counts in rows),
    )


def _legend(series: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, _label(name)) for name in series)


def _label(word: str) -> str:
    """The words on the page for a state, a reviewer's action or a kind of entry."""
    return {"dead": "given up", "release": "released", "edit": "edited", "reject": "rejected"}.get(
        word, word.replace("_", " ")
    )


def _shown_count(count: Any) -> str:
    """A count as the page shows it: FEW and HIDDEN stand for counts that are kept secret."""
    return {FEW: FEW, HIDDEN: "hidden"}.get(count, f"{count:,}" if type(count) is int else "")


def _duration(seconds: float | None) -> str:
    """A duration in its two largest units, such as "6 h 6 min"; below a minute in seconds."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 172_800:
        return f"{whole // 3_600} h {whole % 3_600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"
