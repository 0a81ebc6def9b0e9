"""E-mail addresses."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern
from presidio_analyzer.predefined_recognizers import EmailRecognizer

from gateway.pii.domains import Domains
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import EMAIL

# Presidio's pattern, with the lengths of RFC 5321 (4.5.3.1) as bounds: linear in the text.
_LOCAL = r"[!#$%&'*+\-/=?^_`{|}~.\w]{0,63}[!#$%&'*+\-/=?^_`{|}~\w]"
_LABEL = r"\w{1,63}(?:-+\w{1,63}){0,8}"
_ADDRESS = rf"(?<![\w.+\-]){_LOCAL}@{_LABEL}(?:\.{_LABEL}){{1,8}}"
_CREDENTIALS = re.compile(r"://[^\s:/@]{1,64}:$")
_QUICK = re.compile(r"@(?<=\S@)\w")
_UNKNOWN_SUFFIX = 0.6  # score of an address whose domain ends in no public suffix


class OfflineEmailRecognizer(EmailRecognizer):
    """Presidio's recognizer, with a public suffix list that never comes from the network."""

    def __init__(self, domains: Domains) -> None:
        super().__init__(patterns=[Pattern("address", _ADDRESS, _UNKNOWN_SUFFIX)])
        self._domains = domains

    def validate_result(self, pattern_text: str) -> bool | None:
        domain = pattern_text.rpartition("@")[2]
        if self._domains.is_public(domain):
            return True
        return None if domain.rpartition(".")[2].isalpha() else False


def _is_no_credential(message: ScannedText, start: int, _: int) -> bool:
    """Whether the match is not the password and host of a link, which are a secret."""
    return _CREDENTIALS.search(message.text[max(0, start - 90) : start]) is None


def rule(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=OfflineEmailRecognizer(domains),
        placeholder=EMAIL,
        about="An address with @; certain when its domain ends in a public suffix.",
        accepts=_is_no_credential,
        gate=Prefilter(groups=(("@",), (".",)), quick=_QUICK),
    )
