"""Statements of reasons (DSA Art. 17, 24(5)) for what was blocked or held.

Made of the entry's rule ids and fields of fixed words alone. No text of a message, no reason that
a policy or a reviewer wrote, and no id of a person, conversation, creator or avatar goes in: such
a statement is published, and may hold no personal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from gateway.errors import LogInvalid
from gateway.model.record import Entry, EntryKind
from gateway.model.verdict import Verdict
from gateway.reporting import vocabulary
from gateway.reporting.profile import Profile, RuleReason

Statement = dict[str, Any]

RESTRICTED: Final = (Verdict.BLOCK.value, Verdict.HOLD.value)

_TERMS = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
_PRIVACY = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
_SPEECH = "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
_CONSUMER = "STATEMENT_CATEGORY_CONSUMER_INFORMATION"

DEFAULTS: Final[Mapping[str, RuleReason]] = {
    "baseline.pii": RuleReason(category=_PRIVACY),
    "baseline.toxicity": RuleReason(category=_SPEECH),
    "creator.brands": RuleReason(category=_CONSUMER),
    "creator.product_experience": RuleReason(category=_CONSUMER),
    "creator.self_harm": RuleReason(category="STATEMENT_CATEGORY_SELF_HARM"),
    "creator.sexual": RuleReason(category=_TERMS, specification=("KEYWORD_ADULT_SEXUAL_MATERIAL",)),
    "fr.influ": RuleReason(category=_CONSUMER, specification=("KEYWORD_HIDDEN_ADVERTISEMENT",)),
    "us.ftc.255": RuleReason(category=_CONSUMER, specification=("KEYWORD_HIDDEN_ADVERTISEMENT",)),
}
"""Of the shipped rules, those that are surely of a category of their own. All others are a
violation of the terms, as far as nobody says otherwise in the profile."""

_OTHER_WORDS = {
    Verdict.BLOCK: "The message was blocked before publication: it was never visible.",
    Verdict.HOLD: (
        "The message was held back before publication, until a person decides. If nobody does "
        "in time, it is never published."
    ),
}
_BY_A_PERSON = "The message was held back, and a person decided that it is not published."
_UNAVAILABLE = "gateway.unavailable"
_MEDIA = {
    "image": "CONTENT_TYPE_IMAGE",
    "video": "CONTENT_TYPE_VIDEO",
    "audio": "CONTENT_TYPE_AUDIO",
}
_RULE_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")


def statement(
    entry: Entry, profile: Profile, *, titles: Mapping[str, str], origin: str
) -> Statement | None:
    """The statement of one entry; None where it restricted nothing: it published, was a dry run,
    or is about something else. `titles` says in words what rules are about; `origin` is the name
    of the log. Raises LogInvalid for a body that is none of ours."""
    if entry.kind not in {EntryKind.DECISION, EntryKind.REVIEW}:
        return None
    try:
        document = orjson.loads(entry.body)
        if document["verdict"] not in RESTRICTED:
            return None
        return _statement(entry, document, profile, titles, origin)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LogInvalid(f"cannot be read ({type(error).__name__})", index=entry.seq) from None


def batches(statements: Iterable[Statement]) -> Iterable[list[Statement]]:
    """As many as one request of the database takes."""
    batch: list[Statement] = []
    for one in statements:
        batch.append(one)
        if len(batch) == vocabulary.BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _statement(
    entry: Entry,
    document: Mapping[str, Any],
    profile: Profile,
    titles: Mapping[str, str],
    origin: str,
) -> Statement:
    verdict = Verdict(document["verdict"])
    rules = _rules(document, verdict)
    reasons = {rule: _reason(rule, profile) for rule in rules}
    grave = [one for one in reasons.values() if one.legal_ground] or list(reasons.values())
    categories = {one.category or _TERMS for one in reasons.values()} - {_TERMS}
    main = next((one.category for one in grave if one.category not in {None, _TERMS}), _TERMS)
    keywords = sorted(
        {
            word
            for one in reasons.values()
            if (one.category or _TERMS) == main
            for word in one.specification
        }
    )
    made: Statement = {
        "decision_visibility": ["DECISION_VISIBILITY_OTHER"],
        "decision_visibility_other": _restriction(entry, verdict),
        "decision_facts": _facts(entry, document, verdict, rules, origin),
        **_ground(reasons, profile, titles),
        "content_type": _content_types(document),
        "category": main,
        "category_addition": sorted(categories - {main}),
        "territorial_scope": list(profile.territorial_scope),
        "content_date": document["received_at"][:10],
        "application_date": document["timestamp"][:10],
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_PARTIALLY"
        if entry.kind is EntryKind.REVIEW
        else "AUTOMATED_DECISION_FULLY",
        "puid": _UNFIT.sub("-", f"{document['decision_id']}-{entry.seq}"),
    }
    if keywords:
        made["category_specification"] = keywords
    if language := _language(document["labels"]["language"]):
        made["content_language"] = language
    if profile.account_type:
        made["account_type"] = profile.account_type
    if profile.reference_url:
        made["decision_ground_reference_url"] = profile.reference_url
    return made


def _rules(document: Mapping[str, Any], verdict: Verdict) -> list[str]:
    """The rules that asked for the verdict, without the reviewer's."""
    asked = {
        reason["rule"]: reason["verdict"]
        for reason in document["reasons"]
        if not reason["rule"].startswith("review.") and _RULE_ID.fullmatch(reason["rule"])
    }
    strictest = sorted(rule for rule, wanted in asked.items() if wanted == verdict)
    return strictest or sorted(rule for rule, wanted in asked.items() if wanted in RESTRICTED)


def _reason(rule: str, profile: Profile) -> RuleReason:
    return profile.rules.get(rule) or DEFAULTS.get(rule) or RuleReason()


def _restriction(entry: Entry, verdict: Verdict) -> str:
    if entry.kind is EntryKind.REVIEW and verdict is Verdict.BLOCK:
        return _BY_A_PERSON
    return _OTHER_WORDS[verdict]


def _facts(
    entry: Entry, document: Mapping[str, Any], verdict: Verdict, rules: list[str], origin: str
) -> str:
    channel = document["labels"]["channel"]
    stages = sorted({failed["stage"] for failed in document["unavailable"]})
    parts = [
        "A text that an AI system wrote was checked by automated means before publication "
        f"(channel: {channel}).",
        f"Outcome: {verdict.value}. Rules that asked for it: {', '.join(rules) or 'none'}.",
    ]
    if stages:
        parts.append(
            f"Checks that gave no answer, so that nothing could be published: {', '.join(stages)}."
        )
    if entry.kind is EntryKind.REVIEW:
        parts.append("A person has reviewed it.")
    parts.append(f"Recorded as entry {entry.seq} of the log {origin}.")
    return _cut(" ".join(parts), vocabulary.MOST_FACTS)


def _ground(
    reasons: Mapping[str, RuleReason], profile: Profile, titles: Mapping[str, str]
) -> Statement:
    """Illegal, where the platform said so of one of the rules; else against the terms."""
    illegal = {rule: one for rule, one in reasons.items() if one.legal_ground}
    told = illegal or reasons
    explanation = _cut(
        " ".join(_explained(rule, one, titles) for rule, one in told.items())
        or "No rule is named: the policies gave no answer, so that nothing could be published.",
        vocabulary.MOST_EXPLANATION,
    )
    if illegal:
        grounds = dict.fromkeys(one.legal_ground or "" for one in illegal.values())
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": _cut("; ".join(grounds), vocabulary.MOST_GROUND),
            "illegal_content_explanation": explanation,
        }
    grounds = dict.fromkeys(one.contract_ground or profile.contract_ground for one in told.values())
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _cut(
            "; ".join(grounds) or profile.contract_ground, vocabulary.MOST_GROUND
        ),
        "incompatible_content_explanation": explanation,
    }


def _explained(rule: str, reason: RuleReason, titles: Mapping[str, str]) -> str:
    if reason.explanation:
        return reason.explanation
    if rule == _UNAVAILABLE:
        return "A check gave no answer in time, so that nothing could be published."
    title = titles.get(rule)
    return f"Rule {rule}: {title}." if title else f"Rule {rule} of the operator's policies."


def _content_types(document: Mapping[str, Any]) -> list[str]:
    """Text that a machine wrote; and what was attached, where the policies were told of it."""
    found = {"CONTENT_TYPE_TEXT", "CONTENT_TYPE_SYNTHETIC_MEDIA"}
    for media in (document["input"] or {}).get("media", ()):
        attached = _MEDIA.get(media["content_type"].partition("/")[0].lower())
        found |= {attached} if attached else set()
    return sorted(found)


def _language(tag: str) -> str | None:
    """ISO 639-1 in capitals; None where the language has no such code or is not known."""
    first = tag.partition("-")[0]
    return first.upper() if re.fullmatch(r"[A-Za-z]{2}", first) else None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
