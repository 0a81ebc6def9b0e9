"""Links."""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.domains import Domains
from gateway.pii.message import Gate
from gateway.pii.rule import PatternRule

_END = r"[^\s<>\"'`.,;:!?)\]}\u2026\u00bb]"
_REST = rf"[^\s<>\"`]{{0,2000}}{_END}"
_NAME = r"(?:[a-z0-9\u00a1-\uffff](?:[a-z0-9\-\u00a1-\uffff]{0,62})\.){1,8}[a-z\u00a1-\uffff]{2,24}"

PATTERNS = (
    Pattern("scheme", rf"(?<![a-z0-9])(?:h(?:tt|xx)ps?|ftp)://{_REST}", 0.6),
    Pattern("www", rf"(?<![a-z0-9@.\-])www\d?\.{_NAME}(?:[:/?#]{_REST})?", 0.6),
    Pattern("path", rf"(?<![a-z0-9@./\-]){_NAME}(?::\d{{2,5}})?/(?:{_REST})?", 0.55),
)


class LinkRecognizer(PatternRecognizer):
    """Presidio's takes every "lol.so" for a link: here a scheme, www or a path is needed, and
    without a scheme a public suffix."""

    def __init__(self, domains: Domains) -> None:
        super().__init__(supported_entity="URL", name="LinkRecognizer", patterns=list(PATTERNS))
        self._domains = domains

    def invalidate_result(self, pattern_text: str) -> bool:
        if "://" in pattern_text[:8]:
            return False
        host = pattern_text.partition("/")[0].partition(":")[0]
        return not self._domains.is_public(host)


def rule(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=LinkRecognizer(domains),
        about="A link with a scheme, www or a path; without a scheme its domain must end in a "
        "public suffix.",
        gate=Gate(groups=(("://", "www", "/"),)),
    )
