"""The transparency report as one HTML page: no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from gateway.reporting.charts import bars, columns
from gateway.reporting.report import FEW, HIDDEN, SMALL, Report

CONTENT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""For the page's Content-Security-Policy header."""

_VERDICTS = ("publish", "hold", "block")
_OUTCOMES = ("delivered", "refused", "unknown", "dead")
_RULES_SHOWN = 20
_ROWS_SHOWN = 40


def as_html(report: Report) -> bytes:
    sections = (
        _summary(report),
        _channels(report),
        _days(report),
        _rules(report),
        _languages(report),
        _ai(report),
        _deliveries(report),
        _holds(report),
        _crisis(report),
        _notes(report),
    )
    title = f"Transparency report, {report['first_day']} to {report['last_day']}"
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + _head(report)
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )
    return page.encode()


def _head(report: Report) -> str:
    log = report["log"]
    tenant = f"Tenant {report['tenant']}." if report["tenant"] else "All tenants."
    missing = (
        ""
        if log["complete"]
        else f'<p class="warning">{log["entries"] - log["counted"]:,} entries of the log are not '
        "counted yet: these numbers are too small.</p>"
    )
    return (
        "<header><h1>Transparency report</h1>"
        f"<p>{escape(report['first_day'])} to {escape(report['last_day'])}, days in UTC. "
        f"{escape(tenant)}</p>"
        f'<p class="fine">Counted over the first {log["counted"]:,} entries of the audit log '
        f"{escape(log['origin'])}; made {escape(report['made_at'])}.</p>{missing}</header>\n"
    )


def _summary(report: Report) -> str:
    by = report["judged"]["by_verdict"]
    tiles = [
        ("messages judged", f"{report['judged']['messages']:,}"),
        *((f"first verdict: {name}", f"{by[name]:,}") for name in _VERDICTS),
        ("delivered", f"{report['deliveries']['by_outcome']['delivered']:,}"),
        ("median time to review", _duration(report["holds"]["median_seconds_to_review"])),
    ]
    inside = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in tiles
    )
    return f'<section aria-label="Summary"><dl class="tiles">{inside}</dl></section>'


def _channels(report: Report) -> str:
    return _pair(
        "channels",
        title="Channels and verdicts",
        about="What the policies first decided, by channel.",
        data=report["judged"]["by_channel"],
        series=_VERDICTS,
        head="Channel",
    )


def _languages(report: Report) -> str:
    return _pair(
        "languages",
        title="Languages and verdicts",
        about="What the policies first decided, by the language of the text as read.",
        data=report["judged"]["by_language"],
        series=_VERDICTS,
        head="Language",
    )


def _deliveries(report: Report) -> str:
    return _pair(
        "deliveries",
        title="Delivery outcomes",
        about="How sending ended, by channel. Unknown: the platform never answered.",
        data=report["deliveries"]["by_channel"],
        series=_OUTCOMES,
        head="Channel",
    )


def _days(report: Report) -> str:
    days = [(row["day"], {name: row[name] for name in _VERDICTS}) for row in report["by_day"]]
    about = f"{len(days)} days with messages; each column is one of them."
    plot = columns(
        "days", title="Messages by day and verdict", about=about, rows=days, series=_VERDICTS
    )
    table = _table(
        ("Day", *map(_name, _VERDICTS)),
        ((day, *(f"{counts[name]:,}" for name in _VERDICTS)) for day, counts in days),
    )
    return _section(
        "Messages by day",
        "Days without messages are left out.",
        plot + _legend(_VERDICTS),
        _folded(table, len(days)),
    )


def _rules(report: Report) -> str:
    rows = report["rules"]
    shown = [(row["rule"], {name: row[name] for name in _VERDICTS}) for row in rows]
    plot = bars(
        "rules",
        title="Rules by how often they gave a reason",
        about=f"The {min(len(shown), _RULES_SHOWN)} busiest of {len(shown)} rules.",
        rows=shown[:_RULES_SHOWN],
        series=_VERDICTS,
    )
    table = _table(
        ("Rule", *map(_name, _VERDICTS)),
        ((rule, *(f"{counts[name]:,}" for name in _VERDICTS)) for rule, counts in shown),
    )
    return _section(
        "Rules",
        "Messages whose first judgement names the rule, by the verdict that this rule asked for. "
        "A message can name several.",
        plot + _legend(_VERDICTS),
        _folded(table, len(shown)),
    )


def _ai(report: Report) -> str:
    routes = report["ai_authored"]["by_route"]
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
    plot = bars(
        "routes",
        title="Messages recorded to be sent, by platform route",
        about="All of them were written by AI; some were edited by a person.",
        rows=rows[:_ROWS_SHOWN],
        series=("generated", "edited"),
    )
    table = _table(
        ("Route", "To be sent", "Edited by a person", "Delivered", "Share AI-authored"),
        (
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
    return _section(
        "AI-authored messages",
        "Whatever passes this gateway was written by AI. A platform takes these numbers off its "
        "own to keep them apart from what people wrote.",
        plot + _legend(("generated", "edited")),
        table,
    )


def _holds(report: Report) -> str:
    holds = report["holds"]
    closed = holds["closed"]
    plot = bars(
        "holds",
        title="How holds ended",
        about="Holds that a person released, edited or rejected, and those that expired unseen.",
        rows=[(_name(how), {"hold": n}) for how, n in closed.items()],
        series=("hold",),
    )
    table = _table(
        ("Ended by", "Holds", "Median wait"),
        (
            (_name(how), f"{n:,}", _duration(holds["median_seconds_by_outcome"][how]))
            for how, n in closed.items()
        ),
    )
    return _section(
        "Holds",
        f"Median time until a person decided: {_duration(holds['median_seconds_to_review'])}. "
        "What still waits is not in it.",
        plot,
        table,
    )


def _crisis(report: Report) -> str:
    crisis = report["crisis_referrals"]
    table = _table(
        ("Channel", "Referrals"),
        [
            *((channel, _count(n)) for channel, n in crisis["by_channel"].items()),
            ("All", _count(crisis["total"])),
        ],
    )
    return _section(
        "Crisis referrals",
        "Messages that were replaced by the crisis text with its helplines. Counts alone; those "
        f"from 1 to {SMALL - 1} are shown as {FEW}, and a larger one is hidden where it would give "
        "a smaller one away.",
        "",
        table,
    )


def _notes(report: Report) -> str:
    kinds = ", ".join(f"{n:,} {_name(kind)}" for kind, n in report["entries_by_kind"].items())
    return (
        '<section class="fine"><h2>Notes</h2>'
        "<p>Verdicts are those of the policies when a message came in; what a person decided later "
        "is under holds. Dry runs are not in these numbers "
        f"({report['dry_runs']:,} of them).</p>"
        f"<p>Entries: {escape(kinds or 'none')}.</p>"
        "<p>Every number is made of entries of the audit log, which an auditor can verify; "
        "<code>avatar-gateway audit recount</code> counts them again.</p></section>"
    )


def _pair(
    name: str,
    *,
    title: str,
    about: str,
    data: Mapping[str, Mapping[str, int]],
    series: Sequence[str],
    head: str,
) -> str:
    ordered = sorted(data.items(), key=lambda row: -sum(row[1].values()))
    rows = [(label, {one: counts.get(one, 0) for one in series}) for label, counts in ordered]
    plot = bars(name, title=title, about=about, rows=rows[:_ROWS_SHOWN], series=series)
    table = _table(
        (head, *map(_name, series)),
        ((label, *(f"{counts[one]:,}" for one in series)) for label, counts in rows),
    )
    return _section(title, about, plot + _legend(series), _folded(table, len(rows)))


def _section(title: str, about: str, plot: str, table: str) -> str:
    figure = f"<figure>{plot}</figure>" if plot else ""
    return (
        f"<section><h2>{escape(title)}</h2><p>{escape(about)}</p>"
        f'<div class="pair">{figure}<div class="table">{table}</div></div></section>'
    )


def _folded(table: str, rows: int) -> str:
    """Long tables are folded on a screen, never away: they open without a script."""
    if rows <= _RULES_SHOWN:
        return table
    return f"<details><summary>Table of {rows} rows</summary>{table}</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    first = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(value)}</td>" for value in row[1:])
        + "</tr>"
        for row in rows
    )
    empty = f'<tr><td colspan="{len(head)}">none</td></tr>'
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body or empty}</tbody></table>"


def _legend(series: Sequence[str]) -> str:
    inside = "".join(
        f'<li><i class="{escape(name)}" aria-hidden="true"></i>{escape(_name(name))}</li>'
        for name in series
    )
    return f'<ul class="legend">{inside}</ul>'


def _name(word: str) -> str:
    return {"dead": "given up", "release": "released", "edit": "edited", "reject": "rejected"}.get(
        word, word.replace("_", " ")
    )


def _count(value: Any) -> str:
    return {FEW: FEW, HIDDEN: "hidden"}.get(value, f"{value:,}" if type(value) is int else "")


def _duration(seconds: float | None) -> str:
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


_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;
--publish:#0b8a67;--hold:#d98e04;--block:#c4460b;--generated:#2f6fbd;--edited:#8a5cc2;
--warn:#fff4d6}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa6b2;--paper:#0f1419;
--line:#30363d;--publish:#2fbf95;--hold:#e9b23c;--block:#ee7a45;--generated:#6ea8f0;
--edited:#b493e6;--warn:#3a2f12}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
h1{font-size:1.8rem;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.2rem 0 .25rem}
p{margin:.25rem 0 .75rem;max-width:46rem}.fine,.fine p{color:var(--soft);font-size:.9rem}
.warning{background:var(--warn);border-left:4px solid var(--hold);padding:.5rem .75rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;
margin:1.25rem 0 0}
.tiles div{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.35rem;font-weight:600;
font-variant-numeric:tabular-nums}
.pair{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1.5rem;align-items:start}
figure{margin:0}svg{display:block;width:100%;height:auto}
svg text{fill:var(--ink);font-size:14px;font-family:inherit;font-variant-numeric:tabular-nums}
.axis{stroke:var(--ink)}.grid{stroke:var(--line)}
.publish,.delivered{fill:var(--publish);background:var(--publish)}
.hold,.unknown{fill:var(--hold);background:var(--hold)}
.block,.refused{fill:var(--block);background:var(--block)}
.dead,.edited{fill:var(--edited);background:var(--edited)}
.generated{fill:var(--generated);background:var(--generated)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:.5rem 0 0;padding:0;
font-size:.9rem}
.legend i{display:inline-block;width:.8rem;height:.8rem;margin-right:.4rem;vertical-align:-.05rem}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:right}
tr>:first-child{text-align:left;font-weight:500;min-width:5.5rem;overflow-wrap:break-word}
thead th{color:var(--soft);font-weight:500}
summary{cursor:pointer}
@media (max-width:52rem){.pair{grid-template-columns:1fr}}
@media print{:root{--ink:#000;--soft:#444;--paper:#fff;--line:#bbb;--publish:#0b8a67;
--hold:#d98e04;--block:#c4460b;--generated:#2f6fbd;--edited:#8a5cc2;--warn:#fff}
body{font-size:10pt}main{padding:0;max-width:none}
figure,tr,.tiles{break-inside:avoid}h2{break-after:avoid}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
details>*{display:block}details::details-content{content-visibility:visible}}
"""
