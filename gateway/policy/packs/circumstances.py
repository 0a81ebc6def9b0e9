"""The facts that legal duties depend on: where the person may be, on which occasion the avatar
speaks, and how long ago each notice was shown.

They are computed once from the submission and the stored contact, so that policies need no loops.
Which duty follows from them, and when, is written in the policies.
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
"""Countries whose states have rules of their own. The bare code may mean any of the states."""

ALWAYS = "always"
BY_HUMAN = "by_human"
NEVER = -1
"""Stands for seconds where there is nothing yet to measure from; shorter than any interval."""
LONG_AGO = 10**9
"""Seconds that stand for "never shown": longer than any interval that a duty waits for."""
ADULT = 18  # years of age
CHILDREN = (13, 14)  # ages below which some law needs a guardian's consent
TOLD = (NoticeKind.AI, NoticeKind.AI_REMINDER, NoticeKind.AI_ANSWER)
"""Notices that say that an AI is talking."""


def places(jurisdictions: Iterable[str]) -> list[str]:
    """The jurisdictions and those that contain them, sorted: FR is in the EU, US-CA in the US. A
    star stands for an unknown part: `US-*` when only the country is known, `EU-*` when only the
    union is, `*` when nothing is, or when a code is not one that ISO 3166 assigns."""
    given = set(jurisdictions)
    if not given:
        return [ANYWHERE]
    known = {place for code in given for place in around(code)}
    if not all(map(is_assigned, given)):
        known.add(ANYWHERE)
    if not known.isdisjoint(MEMBERS):
        known.add("EU")
    elif "EU" in given:
        known.add("EU-*")
    for country in COUNTRIES:
        if country in given and not any(code.startswith(f"{country}-") for code in given):
            known.add(f"{country}-*")
    return sorted(known)


def minor(audience: Audience) -> Minor:
    """Whether the person is a minor: as declared, else by the age. An age alone never says yes: it
    says no from 18 on."""
    if audience.minor is Minor.UNKNOWN and audience.age_from is not None:
        return Minor.NO if audience.age_from >= ADULT else Minor.UNKNOWN
    return audience.minor


def occasions(submission: Submission, signals: Iterable[Mapping[str, Any]]) -> list[str]:
    """The occasions of a message, sorted. `text:<list>` and `human:<list>` stand for phrases found.
    `always` is among them. For a message that a person wrote in the avatar's place it is `by_human`
    instead, with only the occasions that count whoever speaks."""
    phrases = {f"{signal['in']}:{signal['list']}" for signal in signals}
    commercial = submission.commercial
    occasion_names = {ALWAYS} if submission.human_author is None else {BY_HUMAN}
    if commercial.paid_partnership or (commercial.brand or "").strip():
        occasion_names.add("promotion")
    elif "text:fr.influ" in phrases:
        occasion_names.add("hidden_promotion")
    if submission.human_author is not None:
        return sorted(
            occasion_names | {phrase for phrase in phrases if phrase.startswith("human:")}
        )
    if submission.generator.upstream_marking is None:
        occasion_names.add("unmarked")
    if submission.editorial.public_interest and not _answered_for(submission.editorial):
        occasion_names.add("public_interest")
    audience = submission.audience
    if minor(audience) is Minor.YES and not audience.guardian_consent:
        occasion_names.update(f"under_{age}" for age in CHILDREN if (audience.age_from or 0) < age)
    return sorted(occasion_names | phrases)


def since(contact: Contact, now: datetime, human_spoke_at: datetime | None) -> dict[str, int]:
    """Whole seconds since each moment that duties are measured from; NEVER where there is no such
    moment yet.

    each: 0, for duties that are due each time. start: 0 while the person has not been told that an
    AI is talking, or not since a human spoke in its place; else NEVER. told: since the last notice
    that an AI is talking. ai: since the last such notice in full. take_a_break: since the last such
    notice, else since the first contact. ai_public: since the last such label. gap: since the
    avatar last spoke to the person.
    """
    if contact.first_at is None:
        return dict(_FIRST)
    shown = contact.disclosed_at
    last_notice = max((shown[name] for name in TOLD if name in shown), default=None)
    full = shown.get("ai")
    again = last_notice is None or (human_spoke_at is not None and human_spoke_at > last_notice)
    return {
        "each": 0,
        "start": 0 if full is None or again else NEVER,
        "told": NEVER if full is None or last_notice is None else elapsed(last_notice, now),
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
    """Whether a person speaks in the avatar's place (`active`), whether that person wrote this
    message (`by_author`), and whether the reader has been told since the person began (`told`)."""
    turn, disclosed_at = contact.human_turn, contact.disclosed_at.get("human")
    return {
        "active": turn is not None and turn.active,
        "by_author": turn is not None and turn.who == submission.human_author,
        "told": turn is not None and disclosed_at is not None and disclosed_at >= turn.since,
    }
