"""The report as one HTML page: no scripts, nothing loaded, readable by screen readers, on a dark
screen and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from gateway.verifier.report import VerificationReport

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff;
  --line: #d0d7de; --good: #10632c; --bad: #a4121c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa6b2; --paper: #0f1419;
  --line: #30363d; --good: #6fd08c; --bad: #ff8a8a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main, footer { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1.25rem 0; }
header { border-bottom: 1px solid var(--line); margin-bottom: 1.25rem; }
.product { margin: 0; color: var(--soft); font-size: .85rem; letter-spacing: .03em; }
h1 { font-size: 1.8rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .25rem; }
.verdict { border: 3px solid var(--bad); border-radius: .5rem; padding: 1rem;
  overflow-wrap: anywhere; }
.verdict.holds { border-color: var(--good); }
.verdict p { margin: .25rem 0; }
.verdict strong { font-size: 1.35rem; }
strong.holds { color: var(--good); } strong.failed { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 500; width: 34%; }
.checks th { width: 68%; }
thead th { color: var(--soft); font-weight: 500; }
li { overflow-wrap: anywhere; margin: .25rem 0; }
footer p { margin: 0; padding: 1rem 0 2rem; border-top: 1px solid var(--line);
  color: var(--soft); font-size: .9rem; }
@media print { :root { --ink: #000; --soft: #444; --paper: #fff; --line: #bbb; --good: #000;
  --bad: #000; }
  main, footer { max-width: none; padding: 0; } body { font-size: 10pt; }
  tr, li, .verdict { break-inside: avoid; } h2 { break-after: avoid; } }
"""
"""The verifier's copy of the shared stylesheet, gateway/pages/templates/style.css, since it stands
alone and cannot read that one. A test compares the colours."""


def as_page(report: VerificationReport) -> str:
    """Lay the report out as HTML; everything from the file is escaped."""
    return "\n".join(_html_lines(report)) + "\n"


def _html_lines(report: VerificationReport) -> Iterator[str]:
    end = "holds" if report.verified else "failed"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield (
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    verdict = _escaped(report.headline)
    yield f"<title>{verdict}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>"
    yield '<header><p class="product">avatar-gateway</p>'
    yield "<h1>Verification of an audit log</h1></header>"
    yield f'<div class="verdict {end}"><p><strong class="{end}">{verdict}</strong></p>'
    if report.first:
        yield f"<p>First: {_escaped(str(report.first))}</p>"
    yield "</div>"
    yield from _html_lists({"Findings": report.listed, "Warnings": report.warnings})
    yield '<h2>Checks</h2>\n<table class="checks">'
    yield '<thead><tr><th scope="col">check</th><th scope="col">outcome</th></tr></thead>\n<tbody>'
    for name, outcome in report.checks():
        style = "holds" if outcome == "holds" else "failed"
        plain = outcome == "not asked for"
        yield _html_row(
            name, outcome if plain else f'<strong class="{style}">{_escaped(outcome)}</strong>'
        )
    yield "</tbody>\n</table>"
    yield from _html_lists({"What this does not show": report.limits})
    for title, rows in report.sections():
        yield f"<h2>{_escaped(title)}</h2>\n<table>\n<tbody>"
        yield from (_html_row(label, _escaped(value)) for label, value in rows)
        yield "</tbody>\n</table>"
    yield "</main>"
    yield "<footer><p>Made by the stand-alone verifier of avatar-gateway.</p></footer>"
    yield "</body>\n</html>"


def _html_lists(lists: dict[str, list[str]]) -> Iterator[str]:
    """A headed list for each title that has items."""
    for title, items in lists.items():
        if items:
            yield f"<h2>{_escaped(title)}</h2>\n<ul>"
            yield from (f"<li>{_escaped(item)}</li>" for item in items)
            yield "</ul>"


def _html_row(label: str, cell: str) -> str:
    return f'<tr><th scope="row">{_escaped(label)}</th><td>{cell}</td></tr>'


def _escaped(text: str) -> str:
    """Escape a text for HTML; characters that cannot be printed become U+FFFD."""
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))
