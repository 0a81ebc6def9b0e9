"""What legal duties are judged by: where the person may be, on which occasion the avatar speaks,
and how long ago the person was told what.

Plain facts, made once from the submission and the stored contact, so that the policies need no
loop to find them out. Which duty follows from them, and from when on, is said in the policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.jurisdictions import around, is_assigned
from gateway.model.decision import Contact
from gateway.model.disclosure import NoticeKind
from gateway.model.submission import Audience, Editorial, Minor, Submission

ANYWHERE = "*"
MEMBERS = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
"""The member states of the EU, ISO 3166-1."""
COUNTRIES = ("US",)
"""Countries whose states have rules of their own: bare, they may be any of them."""

ALWAYS = "always"
BY_HUMAN = "by_human"
NEVER = -1
"""In place of seconds: there is nothing yet to measure from. Shorter than any interval."""
LONG_AGO = 10**9
"""Seconds, in place of "never shown": longer than any interval that a duty waits for."""
ADULT = 18  # years
CHILDREN = (13, 14)  # years below which a guardian's consent is needed somewhere
TOLD = (NoticeKind.AI, NoticeKind.AI_REMINDER, NoticeKind.AI_ANSWER)
"""Notices that say that an AI is talking."""


def places(jurisdictions: Iterable[str]) -> list[str]:
    """The jurisdictions and what lies around them, sorted: FR is in the EU, US-CA in the US. What
    may lie within is written with a star: `US-*` when only the country is known, `EU-*` when only
    the union is, `*` when nothing is, or when a code is not one that ISO 3166 assigns."""
    given = set(jurisdictions)
    if not given:
        return [ANYWHERE]
    found = {place for code in given for place in around(code)}
    if not all(map(is_assigned, given)):
        found.add(ANYWHERE)
    if not found.isdisjoint(MEMBERS):
        found.add("EU")
    elif "EU" in given:
        found.add("EU-*")
    for country in COUNTRIES:
        if country in given and not any(code.startswith(f"{country}-") for code in given):
            found.add(f"{country}-*")
    return sorted(found)


def minor(audience: Audience) -> Minor:
    """A known age counts where nothing else was said; the stricter of two counts."""
    if audience.minor is Minor.UNKNOWN and audience.age_from is not None:
        return Minor.NO if audience.age_from >= ADULT else Minor.UNKNOWN
    return audience.minor


def occasions(submission: Submission, signals: Iterable[Mapping[str, Any]]) -> list[str]:
    """What kind of moment it is, sorted. `text:<list>` and `human:<list>` stand for the phrases
    found. `always` is among them, unless a person wrote it in the avatar's place: then `by_human`
    is, and beside it only what counts whoever speaks."""
    phrases = {f"{signal['in']}:{signal['list']}" for signal in signals}
    commercial = submission.commercial
    found = {ALWAYS} if submission.human_author is None else {BY_HUMAN}
    if commercial.paid_partnership or (commercial.brand or "").strip():
        found.add("promotion")
    elif "text:fr.influ" in phrases:
        found.add("hidden_promotion")
    if submission.human_author is not None:
        return sorted(found | {one for one in phrases if one.startswith("human:")})
    if submission.generator.upstream_marking is None:
        found.add("unmarked")
    if submission.editorial.public_interest and not _answered_for(submission.editorial):
        found.add("public_interest")
    audience = submission.audience
    if minor(audience) is Minor.YES and not audience.guardian_consent:
        found.update(f"under_{age}" for age in CHILDREN if (audience.age_from or 0) < age)
    return sorted(found | phrases)


def since(contact: Contact, now: datetime, human_spoke_at: datetime | None) -> dict[str, int]:
    """Whole seconds since what duties are measured by; NEVER where a duty has nothing to wait
    for yet.

    each: 0, for what is due each time. start: 0 while the person has not been told that an AI is
    talking, or has not been since a human spoke in its place. told: since the last notice that
    one is. ai: since the last full one. take_a_break: since the last such notice, else the first
    contact. ai_public: since the last such label. gap: since the avatar last spoke to them.
    """
    if contact.first_at is None:
        return dict(_FIRST)
    shown = contact.disclosed_at
    told = max((shown[name] for name in TOLD if name in shown), default=None)
    full = shown.get("ai")
    again = told is None or (human_spoke_at is not None and human_spoke_at > told)
    return {
        "each": 0,
        "start": 0 if full is None or again else NEVER,
        "told": NEVER if full is None or told is None else elapsed(told, now),
        "ai": NEVER if full is None else elapsed(full, now),
        "take_a_break": elapsed(shown.get("take_a_break", contact.first_at), now),
        "ai_public": elapsed(shown["ai_public"], now) if "ai_public" in shown else LONG_AGO,
        "gap": NEVER if contact.last_message_at is None else elapsed(contact.last_message_at, now),
    }


_FIRST: Mapping[str, int] = {
    "each": 0,
    "start": 0,
    "told": NEVER,
    "ai": NEVER,
    "take_a_break": NEVER,
    "ai_public": LONG_AGO,
    "gap": NEVER,
}
MEASURES = tuple(_FIRST)


def elapsed(moment: datetime, now: datetime) -> int:
    """Whole seconds, never negative: clocks of two machines may differ."""
    return max(0, int((now - moment).total_seconds()))


def _answered_for(editorial: Editorial) -> bool:
    return bool((editorial.reviewed_by or "").strip() and (editorial.editor or "").strip())


def human_turn(submission: Submission, contact: Contact) -> dict[str, bool]:
    """Whether a person speaks in the avatar's place, whether it is the one who typed this, and
    whether the reader was told so since they began."""
    turn, told = contact.human_turn, contact.disclosed_at.get("human")
    return {
        "active": turn is not None and turn.active,
        "by_author": turn is not None and turn.who == submission.human_author,
        "told": turn is not None and told is not None and told >= turn.since,
    }
