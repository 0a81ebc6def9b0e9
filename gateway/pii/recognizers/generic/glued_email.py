"""E-mail addresses with nothing but letters or another sign for the @: "johnATgmailDOTcom",
"john#gmail.com"."""

from __future__ import annotations

import re

import regex
from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.domains import Domains
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import EMAIL
from gateway.pii.recognizers.generic.dodged_email import ALSO_HOSTS, MAIL_HOSTS

_AT = "at|arobase|arobas|arroba|chiocciola|klammeraffe"
_DOT = "dot|point|punto|ponto|punkt|punt|kropka|nokta|period"
_KNOWN_HOSTS = (
    *MAIL_HOSTS,
    *ALSO_HOSTS,
    "163",
    "126",
    "sina",
    "foxmail",
    "hanmail",
    "daum",
    "proton",
)
_HOSTS = rf"(?:{'|'.join(sorted(_KNOWN_HOSTS, key=len, reverse=True))})"
# A sign between two names may also mean a channel, a fragment or a ticket; before a host with one
# of these suffixes it means a mailbox.
_SUFFIXES = (
    "com", "net", "org", "fr", "de", "it", "es", "pt", "nl", "be", "ch", "at", "eu", "uk", "ru",
    "cn", "jp", "kr", "br", "pl", "edu",
)  # fmt: skip
_SUFFIX = rf"(?:{'|'.join(_SUFFIXES)})"
_LETTERS = r"a-z0-9\u00df-\u024f"
_BEGINS = rf"(?<![{_LETTERS}_@.#%&*/?=+\-])"
_ENDS = rf"(?![{_LETTERS}_@/#=]|\.[a-z])"
_LOCAL = rf"{_BEGINS}[{_LETTERS}][{_LETTERS}_.+\-]{{1,40}}"
_SHORT = rf"{_BEGINS}[{_LETTERS}][{_LETTERS}_.+\-]{{1,40}}?"
_LABEL = r"[a-z0-9][a-z0-9\-]{0,40}"
_DOTTED = r"(?:\.|点|點)"
_UPPER_AT = rf"(?-i:(?<=[a-zß-ÿ0-9])(?:{_AT.upper()})(?=[a-z0-9]))"
_UPPER_DOT = rf"(?-i:(?<=[a-z0-9])(?:{_DOT.upper()})(?=[a-z]))"

# The groups of each form are local part, host and suffix.
_SIGNED = (
    rf"({_LOCAL})#({_LABEL}(?:{_DOTTED}{_LABEL})?){_DOTTED}({_SUFFIX}){_ENDS}",
    rf"({_LOCAL})[%&*]({_HOSTS}){_DOTTED}({_SUFFIX}){_ENDS}",
)
_CAPITALS = (
    rf"({_SHORT}){_UPPER_AT}({_LABEL}?){_UPPER_DOT}([a-z]{{2,12}}){_ENDS}",
    rf"({_SHORT}){_UPPER_AT}({_HOSTS})\.([a-z]{{2,12}}){_ENDS}",
)
_TOGETHER = (rf"({_SHORT})(?:{_AT})({_HOSTS})(?:{_DOT})({_SUFFIX}){_ENDS}",)
_SIGNED_QUICK = re.compile(r"[#%&*](?<=\w.)[A-Za-z0-9][A-Za-z0-9\-]{0,40}[.点點]")
# Each name of the sign holds an A, and one letter is found quickly.
_CAPITALS_QUICK = re.compile(
    r"A(?:(?<=[a-zß-ÿ0-9]A)(?:T|ROBAS|RROBA)|(?<=[a-zß-ÿ0-9]CHIOCCIOLA)"
    r"|(?<=[a-zß-ÿ0-9]KLAMMERA)FFE)"
)
_TOGETHER_QUICK = re.compile(
    r"a(?:t|rroba|robase?|(?<=chiocciola)|(?<=klammera)ffe)(?=[a-z0-9]{7})"
    rf"(?:{_HOSTS})(?:{_DOT})"
)


class GluedEmailRecognizer(PatternRecognizer):
    """Finds an address in one of `forms`, if its host is below a public suffix."""

    def __init__(self, domains: Domains, name: str, forms: tuple[str, ...]) -> None:
        super().__init__(
            supported_entity="EMAIL_ADDRESS",
            name=name,
            patterns=[Pattern(f"form {at}", form, 0.7) for at, form in enumerate(forms)],
        )
        self._domains = domains
        self._forms = [regex.compile(form, regex.IGNORECASE) for form in forms]

    def validate_result(self, pattern_text: str) -> bool | None:
        # Presidio hands over the text of the match only: match it again for its groups.
        matches = (form.fullmatch(pattern_text) for form in self._forms)
        match = next(filter(None, matches), None)
        if match is None or (match[2].isdigit() and match[2] not in _KNOWN_HOSTS):
            return False
        host = regex.sub(_DOTTED, ".", f"{match[2]}.{match[3]}").lower()
        return None if self._domains.is_public(host) else False


def signed(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=GluedEmailRecognizer(domains, "SignedEmailRecognizer", _SIGNED),
        placeholder=EMAIL,
        about="An address with # for the @; with %, & or * where the host is a large mail host.",
        gate=Prefilter(groups=(("#", "%", "&", "*"),), quick=_SIGNED_QUICK),
    )


def capitals(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=GluedEmailRecognizer(domains, "CapitalsEmailRecognizer", _CAPITALS),
        placeholder=EMAIL,
        about="An address in small letters with AT, and DOT, in capitals: johnATgmailDOTcom.",
        gate=Prefilter(times=(("A", 1),), quick=_CAPITALS_QUICK),
    )


def together(domains: Domains) -> PatternRule:
    return PatternRule(
        recognizer=GluedEmailRecognizer(domains, "TogetherEmailRecognizer", _TOGETHER),
        placeholder=EMAIL,
        about="An address in one word, at a large mail host: johnatgmaildotcom.",
        gate=Prefilter(quick_lower=_TOGETHER_QUICK),
    )
