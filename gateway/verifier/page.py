"""The report as one HTML page: no scripts, nothing loaded, readable by screen readers, on a dark
screen and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from gateway.verifier.report import VerificationReport

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --line: #c8ced6;
  --good: #10632c; --bad: #a4121c; --soft: #f3f5f7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --paper: #14171b; --line: #434a54;
  --good: #6fd08c; --bad: #ff8a8a; --soft: #1e2329; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.1rem; font-weight: 500; margin: 0 0 .75rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.verdict { border: 3px solid var(--bad); padding: 1rem; overflow-wrap: anywhere; }
.verdict.holds { border-color: var(--good); }
.verdict p { margin: .25rem 0; }
.verdict strong { font-size: 1.35rem; }
strong.holds { color: var(--good); } strong.failed { color: var(--bad); }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid var(--line); padding: .35rem .75rem .35rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 400; width: 34%; }
.checks th { width: 68%; }
thead th { background: var(--soft); font-weight: 600; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
li { overflow-wrap: anywhere; margin: .25rem 0; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); font-size: .9rem; }
@media print { :root { --ink: #000; --paper: #fff; --line: #888; --good: #000; --bad: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; } tr, li { break-inside: avoid; }
  h2 { break-after: avoid; } }
"""


def as_page(report: VerificationReport) -> str:
    """The page; everything from the file is escaped."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: VerificationReport) -> Iterator[str]:
    end = "holds" if report.verified else "failed"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield (
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    verdict = _text(report.headline)
    yield f"<title>{verdict}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>"
    yield "<h1>Verification of an audit log</h1>"
    yield f'<div class="verdict {end}"><p><strong class="{end}">{verdict}</strong></p>'
    if report.first:
        yield f"<p>First: {_text(str(report.first))}</p>"
    yield "</div>"
    yield from _told({"Findings": report.listed, "Warnings": report.warnings})
    yield '<h2>Checks</h2>\n<table class="checks">'
    yield '<thead><tr><th scope="col">check</th><th scope="col">outcome</th></tr></thead>\n<tbody>'
    for name, ended in report.checks():
        style = "holds" if ended == "holds" else "failed"
        plain = ended == "not asked for"
        yield _row(name, ended if plain else f'<strong class="{style}">{_text(ended)}</strong>')
    yield "</tbody>\n</table>"
    yield from _told({"What this does not show": report.limits})
    for title, rows in report.sections():
        yield f"<h2>{_text(title)}</h2>\n<table>\n<tbody>"
        yield from (_row(label, _text(value)) for label, value in rows)
        yield "</tbody>\n</table>"
    yield "</main>"
    yield "<footer><p>Made by the stand-alone verifier of avatar-gateway.</p></footer>"
    yield "</body>\n</html>"


def _told(lists: dict[str, list[str]]) -> Iterator[str]:
    for title, listed in lists.items():
        if listed:
            yield f"<h2>{_text(title)}</h2>\n<ul>"
            yield from (f"<li>{_text(one)}</li>" for one in listed)
            yield "</ul>"


def _row(label: str, cell: str) -> str:
    return f'<tr><th scope="row">{_text(label)}</th><td>{cell}</td></tr>'


def _text(text: str) -> str:
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))
