"""Texts with markup: which words of them are judged, and how published words are put back. Pure.

Every character of a text is judged: first the text that people see, then the text inside tags.
Where the words come back unchanged, the markup is kept; otherwise the published words are written
without markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from gateway.platforms.declaration import TextFormat

_BREAKS = frozenset(
    {"br", "p", "div", "li", "ul", "ol", "tr", "blockquote", "pre", "hr"}
    | {f"h{level}" for level in range(1, 7)}
)
_TAG_NAME = re.compile(r"/?\s*([A-Za-z][A-Za-z0-9]*)")
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_ESCAPED = re.compile(rf"\\([{re.escape(_PUNCTUATION)}])")
_MARKS = re.compile(r"\*+|~+|`+|\|\||__+")
_MARKS_AND_UNDERSCORES = re.compile(r"\*+|~+|`+|\|\||_+")


def views(text: str, format: TextFormat, escape: str = "") -> tuple[str, ...]:  # noqa: A002 - its name
    """The views of `text` that are judged: the text that people see, then any other text in it."""
    if format is TextFormat.PLAIN:
        return (text,)
    if format is TextFormat.MARKDOWN:
        seen = _seen_markdown(text, escape)
        return (seen,) if seen == text else (seen, text)
    seen, beside = _seen_html(text)
    return (seen, beside) if beside.strip() else (seen,)


def restored(
    original: str,
    format: TextFormat,  # noqa: A002
    judged: Sequence[str],
    published: Sequence[str],
    escape: str = "",
) -> tuple[str, bool]:
    """The words to publish in place of `original`, and whether they are the same. `published` has
    the published words of each view in `judged`."""
    same = all(a.strip() == b.strip() for a, b in zip(judged, published, strict=True))
    return (original, True) if same else (plain(published[0], format, escape), False)


def plain(text: str, format: TextFormat, escape: str = "") -> str:  # noqa: A002
    """`text` written in `format` so that its readers see exactly `text`."""
    if format in (TextFormat.HTML, TextFormat.HTML_LINES):
        escaped = html.escape(text, quote=False)
        return escaped.replace("\n", "<br>") if format is TextFormat.HTML else escaped
    if format is TextFormat.MARKDOWN and escape:
        return "".join("\\" + char if char in escape or char == "\\" else char for char in text)
    return text


def _seen_markdown(text: str, escape: str) -> str:
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group(1))
        return "\x00"

    if "\x00" in text:  # no place holder then; control characters are judged as they are
        return text
    held = _ESCAPED.sub(keep, text)
    marks = _MARKS_AND_UNDERSCORES if "_" in escape else _MARKS
    bare = marks.sub("", held)
    back = iter(kept)
    return "".join(next(back) if char == "\x00" else char for char in bare)


def _seen_html(text: str) -> tuple[str, str]:
    """The text that people see, and the text inside tags. One pass, linear; where a tag ends
    earlier here than in a browser, more counts as seen."""
    seen: list[str] = []
    beside: list[str] = []
    at = 0
    while (start := text.find("<", at)) >= 0:
        end = text.find(">", start)
        if end < 0:
            break
        seen.append(text[at:start])
        inside = text[start + 1 : end]
        name = _TAG_NAME.match(inside)
        if name is None:
            beside.append(inside)
        else:
            if name.group(1).lower() in _BREAKS:
                seen.append("\n")
            beside.append(inside[name.end() :])
        at = end + 1
    seen.append(text[at:])
    hidden = "\n".join(part for part in beside if part.strip(" /"))
    return html.unescape("".join(seen)).strip("\n"), html.unescape(hidden)
