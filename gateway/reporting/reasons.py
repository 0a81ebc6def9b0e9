"""Statements of reasons (DSA Art. 17, 24(5)) for what was blocked or held.

A statement is made from rule ids and from fields with fixed words alone. It holds no text of a
message, no reason that a policy or a reviewer wrote, and no id of a person, conversation, creator
or avatar: statements are published and may hold no personal data.
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
"""The verdicts that restrict a message, so that a statement of reasons is due."""

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
"""The shipped rules that have a certain category of the DSA. Every other rule counts as a violation
of the terms, unless the profile gives its category."""

_RESTRICTION_TEXTS = {
    Verdict.BLOCK: "The message was blocked before publication: it was never visible.",
    Verdict.HOLD: (
        "The message was held back before publication, until a person decides. If nobody does "
        "in time, it is never published."
    ),
}
_REJECTED_TEXT = "The message was held back, and a person decided that it is not published."
_UNAVAILABLE_RULE = "gateway.unavailable"
_CONTENT_TYPES = {
    "image": "CONTENT_TYPE_IMAGE",
    "video": "CONTENT_TYPE_VIDEO",
    "audio": "CONTENT_TYPE_AUDIO",
}
_RULE_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_NOT_IN_PUID = re.compile(r"[^A-Za-z0-9_-]")


def statement(
    entry: Entry, profile: Profile, *, titles: Mapping[str, str], origin: str
) -> Statement | None:
    """The statement of one entry; None when the entry restricts nothing: its verdict is publish, it
    is a dry run, or it records no judgement.

    `titles` are the titles of rules by id; `origin` is the name of the log. Raises LogInvalid for a
    body that is not in the format of an entry.
    """
    if entry.kind not in {EntryKind.DECISION, EntryKind.REVIEW}:
        return None
    try:
        document = orjson.loads(entry.body)
        if document["verdict"] not in RESTRICTED:
            return None
        return _statement_fields(entry, document, profile, titles, origin)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LogInvalid(f"cannot be read ({type(error).__name__})", index=entry.seq) from None


def batches(statements: Iterable[Statement]) -> Iterable[list[Statement]]:
    """Group statements into batches that one request to the DSA Transparency Database may hold."""
    batch: list[Statement] = []
    for next_statement in statements:
        batch.append(next_statement)
        if len(batch) == vocabulary.BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _statement_fields(
    entry: Entry,
    document: Mapping[str, Any],
    profile: Profile,
    titles: Mapping[str, str],
    origin: str,
) -> Statement:
    verdict = Verdict(document["verdict"])
    rules = _deciding_rules(document, verdict)
    reasons = {rule: _reason_for(rule, profile) for rule in rules}
    all_reasons = list(reasons.values())
    decisive = [reason for reason in all_reasons if reason.legal_ground] or all_reasons
    categories = {reason.category or _TERMS for reason in all_reasons} - {_TERMS}
    main = next(
        (reason.category for reason in decisive if reason.category not in {None, _TERMS}), _TERMS
    )
    keywords = sorted(
        {
            keyword
            for reason in all_reasons
            if (reason.category or _TERMS) == main
            for keyword in reason.specification
        }
    )
    fields: Statement = {
        "decision_visibility": ["DECISION_VISIBILITY_OTHER"],
        "decision_visibility_other": _restriction_text(entry, verdict),
        "decision_facts": _facts_text(entry, document, verdict, rules, origin),
        **_ground_fields(reasons, profile, titles),
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
        "puid": _NOT_IN_PUID.sub("-", f"{document['decision_id']}-{entry.seq}"),
    }
    if keywords:
        fields["category_specification"] = keywords
    if language := _iso_639_1(document["labels"]["language"]):
        fields["content_language"] = language
    if profile.account_type:
        fields["account_type"] = profile.account_type
    if profile.reference_url:
        fields["decision_ground_reference_url"] = profile.reference_url
    return fields


def _deciding_rules(document: Mapping[str, Any], verdict: Verdict) -> list[str]:
    """The rules that asked for the verdict; if none did, those that asked for any restriction. A
    reviewer's own reasons are left out."""
    wanted = {
        reason["rule"]: reason["verdict"]
        for reason in document["reasons"]
        if not reason["rule"].startswith("review.") and _RULE_ID.fullmatch(reason["rule"])
    }
    strictest = sorted(rule for rule, asked_for in wanted.items() if asked_for == verdict)
    return strictest or sorted(
        rule for rule, asked_for in wanted.items() if asked_for in RESTRICTED
    )


def _reason_for(rule: str, profile: Profile) -> RuleReason:
    return profile.rules.get(rule) or DEFAULTS.get(rule) or RuleReason()


def _restriction_text(entry: Entry, verdict: Verdict) -> str:
    if entry.kind is EntryKind.REVIEW and verdict is Verdict.BLOCK:
        return _REJECTED_TEXT
    return _RESTRICTION_TEXTS[verdict]


def _facts_text(
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
    return _shortened(" ".join(parts), vocabulary.MOST_FACTS)


def _ground_fields(
    reasons: Mapping[str, RuleReason], profile: Profile, titles: Mapping[str, str]
) -> Statement:
    """The fields about the ground: illegal content when the profile gives one of the rules a legal
    ground, else a violation of the terms."""
    illegal = {rule: reason for rule, reason in reasons.items() if reason.legal_ground}
    stated = illegal or reasons
    explanation = _shortened(
        " ".join(_explanation(rule, reason, titles) for rule, reason in stated.items())
        or "No rule is named: the policies gave no answer, so that nothing could be published.",
        vocabulary.MOST_EXPLANATION,
    )
    if illegal:
        grounds = dict.fromkeys(reason.legal_ground or "" for reason in illegal.values())
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": _shortened("; ".join(grounds), vocabulary.MOST_GROUND),
            "illegal_content_explanation": explanation,
        }
    grounds = dict.fromkeys(
        reason.contract_ground or profile.contract_ground for reason in stated.values()
    )
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": _shortened(
            "; ".join(grounds) or profile.contract_ground, vocabulary.MOST_GROUND
        ),
        "incompatible_content_explanation": explanation,
    }


def _explanation(rule: str, reason: RuleReason, titles: Mapping[str, str]) -> str:
    if reason.explanation:
        return reason.explanation
    if rule == _UNAVAILABLE_RULE:
        return "A check gave no answer in time, so that nothing could be published."
    title = titles.get(rule)
    return f"Rule {rule}: {title}." if title else f"Rule {rule} of the operator's policies."


def _content_types(document: Mapping[str, Any]) -> list[str]:
    """The content types: text that a machine wrote, and the attached media that the policies were
    given."""
    types = {"CONTENT_TYPE_TEXT", "CONTENT_TYPE_SYNTHETIC_MEDIA"}
    for media in (document["input"] or {}).get("media", ()):
        attached = _CONTENT_TYPES.get(media["content_type"].partition("/")[0].lower())
        types |= {attached} if attached else set()
    return sorted(types)


def _iso_639_1(tag: str) -> str | None:
    """The ISO 639-1 code of a language tag, in capitals; None for a language that is unknown or has
    no such code."""
    first = tag.partition("-")[0]
    return first.upper() if re.fullmatch(r"[A-Za-z]{2}", first) else None


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
