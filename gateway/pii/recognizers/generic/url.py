"""Links."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.domains import Domains
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import LINK

_END = r"[^\s<>\"'`.,;:!?)\]}\u2026\u00bb]"
_REST = rf"[^\s<>\"`]{{0,2000}}{_END}"
_ALNUM = r"A-Za-z0-9\u00a1-\uffff"
_NAME = rf"(?:[{_ALNUM}][{_ALNUM}\-]{{0,62}}\.){{1,8}}[A-Za-z\u00a1-\uffff]{{2,24}}"

SCHEMES = (Pattern("scheme", rf"(?<![A-Za-z0-9])(?i:h(?:tt|xx)ps?|ftp)://{_REST}", 0.6),)
WWW = (Pattern("www", rf"(?<![A-Za-z0-9@.\-])[Ww]{{3}}\d?\.{_NAME}(?:[:/?#]{_REST})?", 0.6),)
PATHS = (Pattern("path", rf"(?<![A-Za-z0-9@./:\-]){_NAME}(?::\d{{2,5}})?/(?:{_REST})?", 0.55),)
_PATH_QUICK = re.compile(r"(?<![\w@./:\-])[^\W_][\w\-]{0,62}\.[\w.\-]{0,300}[:/]")


class LinkRecognizer(PatternRecognizer):
    """Finds links with a scheme, www or a path; without a scheme, with a public suffix. Presidio's
    recognizer takes every "lol.so" for a link."""

    def __init__(self, domains: Domains, name: str, patterns: tuple[Pattern, ...]) -> None:
        super().__init__(
            supported_entity="URL", name=name, patterns=list(patterns), global_regex_flags=0
        )
        self._domains = domains

    def invalidate_result(self, pattern_text: str) -> bool:
        if "://" in pattern_text[:8]:
            return False
        host = pattern_text.partition("/")[0].partition(":")[0]
        return not self._domains.is_public(host)


def link(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=LinkRecognizer(domains, "LinkRecognizer", SCHEMES),
        placeholder=LINK,
        about="Links with a scheme, also hxxp.",
        gate=Prefilter(groups=(("://",),)),
        timed=False,
    )


def www(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=LinkRecognizer(domains, "WwwRecognizer", WWW),
        placeholder=LINK,
        about="Links with www and a public suffix.",
        gate=Prefilter(groups=(("www",),)),
    )


def path(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=LinkRecognizer(domains, "PathRecognizer", PATHS),
        placeholder=LINK,
        about="A domain below a public suffix, with a path: t.me/someone. Not a bare domain: "
        "“lol.so” is no link.",
        gate=Prefilter(groups=(("/",),), quick=_PATH_QUICK),
    )
