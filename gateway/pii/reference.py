"""The reference page of all kinds of personal data, made from the recognizers themselves."""

from __future__ import annotations

from gateway.pii.domains import Domains
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.recognizers import COUNTRIES, NATIONAL, make_rules
from gateway.pii.recognizers.generic.disguised import DisguisedRule
from gateway.pii.recognizers.national import NumberFormat
from gateway.pii.redaction import MODES
from gateway.pii.rule import ACCEPT, PiiRule
from gateway.pii.scan import BUDGET_S

_HEAD = f"""# Personal data

What the blocking tier finds, with patterns alone and without network. A finding counts from a
score of {ACCEPT}; words near a value ("mon SIREN est …") raise it. Of findings that overlap, one
confirmed by a checksum stands, then the higher score, then the longer; what a loser covers beyond
the winner stays found. A pattern that takes more than {BUDGET_S * 1000:.0f} ms of CPU on one
message (or a fortieth of `deadline_detect_ms`, if that is longer), once and again, fails the stage,
and the message is held.

Numbers of countries that a table describes are further down.

| kind | recognizer | finds | checksum | counts more in |
|---|---|---|---|---|
"""
_BY_COUNTRY = """
## Numbers by country

Where the language of a text or a jurisdiction of its audience is one of the places, a number is
at home. How much it takes for one to count depends on how much its form says: one whose form is
nobody else's counts anywhere; one that says enough counts at home or beside its name; one that
looks like any number counts beside its name alone, checksum or not, so that a view count is no
NHS number. "Beside" is within eight words before or four after, whatever the language, accents or
not. The checksums are those of python-stdnum and Presidio. France's and the United States' own
shapes (NIR, SIREN, SIRET, plates, passports, addresses, SSN, ITIN) are in the table above.

| country | kind | finds | checksum | counts | at home | beside |
|---|---|---|---|---|---|---|
"""
_TAIL = f"""
Advisory findings reach policies and reviewers, and are stripped only where an obligation says so
(`"advisory": true`). With a language model switched on (`pii_ner`: en, fr), PERSON, LOCATION,
ORGANIZATION and NRP (nationality, religion, politics) are found too, as advice. A name in capitals
that is no handle, hashtag or street and holds no digits counts as one; even so, on social messages
one of three or four names is found, and one of three findings is none
([measured](../benchmarks.md): `pii.ner_*`, English; nobody measured French).

Left out on purpose, for what they find in plain talk: Presidio's recognizers of US driver's
licences, bank accounts and passports, of NHS and medical licence numbers, and of dates; our own
above need a word beside them, or a routing number. Street addresses are found as they are written
in English, French, German and Italian. A value that is spelt out, set apart, or written with
letters for digits is found where the table says "the same", telephone, card and identity numbers in
the numerals that Chinese, Japanese and Koreans read out (一三八…, 공일공…) among them: see also
[how a text is read](text.md).

## Stripping

A REDACT obligation names `kinds` (`"*"`: all of them) and a `mode`. Where several obligations name
one finding, the mode that tells least wins: {", ".join(MODES)}.

| mode | leaves |
|---|---|
| remove | nothing |
| placeholder | a word in the message's language: `[email]`, `[téléphone]` |
| mask | a dot for each character as people see it |
| hmac | `[email#1f2e3d4c5b6a7988]`, the same for the same value within a tenant |
| pseudonym | `[email-1f2e3d]`, the same for the same value within a conversation |
| reversible | `[email:…]`, the value encrypted for who holds the gateway's secret |
"""


def recognizers_page() -> str:
    """Markdown: one row for each recognizer of the blocking tier, and the modes of stripping."""
    listed = {number.name for number in NATIONAL}
    rows = [_rule_row(rule) for rule in make_rules(Domains()) if rule.name not in listed]
    numbers = [
        _number_row(country, number) for country, numbers in COUNTRIES.items() for number in numbers
    ]
    return f"{_HEAD}{_join_lines(rows)}{_BY_COUNTRY}{_join_lines(numbers)}{_TAIL}"


def _join_lines(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _number_row(country: str, number: NumberFormat) -> str:
    counts = {"anywhere": "anywhere", "home": "at home, or beside its name",
              "named": "beside its name"}[number.counts]  # fmt: skip
    places, words = ", ".join(number.places), ", ".join(number.words)
    checksum = "yes" if number.checksum else ""
    return (
        f"| {country} | {number.kind} | {number.about} | {checksum} | {counts} | {places} "
        f"| {words} |"
    )


def _rule_row(rule: PiiRule) -> str:
    pattern = rule if isinstance(rule, PatternRule) else None
    inner = rule.inner if isinstance(rule, DisguisedRule) else None
    checked = any(isinstance(part, PatternRule) and part.checksum for part in (rule, inner))
    kind = rule.kind + (" (advisory)" if pattern and pattern.advisory else "")
    places = ", ".join(sorted(pattern.home)) if pattern and pattern.home else ""
    about = rule.about.replace("|", "\\|")
    return f"| {kind} | {rule.name} | {about} | {'yes' if checked else ''} | {places} |"
