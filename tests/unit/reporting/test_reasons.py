from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.errors import LogInvalid
from gateway.model.decision import Reason
from gateway.model.finding import Stage, Unavailable
from gateway.model.record import ReviewAction
from gateway.model.verdict import Verdict
from gateway.reporting.profile import Profile, RuleReason
from gateway.reporting.reasons import DEFAULTS, batches, statement
from gateway.reporting.vocabulary import CATEGORIES, KEYWORDS, statement_schema
from tests.stores import HUMAN, PERSON, RAW
from tests.unit.reporting.conftest import Story

PROFILE = Profile(
    platform="Example Social",
    territorial_scope=("DE", "FR"),
    contract_ground="Community rules, section 4",
)
VALIDATOR = Draft202012Validator(statement_schema())


def made(entry: Any, profile: Profile = PROFILE, /, **titles: str) -> dict[str, Any]:
    found = statement(entry, profile, titles=titles, origin="gateway.example/log")
    assert found is not None
    VALIDATOR.validate(found)
    return found


def reasons(verdict: Verdict, *rules: str) -> tuple[Reason, ...]:
    return tuple(Reason(rule=rule, text=f"{PERSON}: {RAW}", verdict=verdict) for rule in rules)


def test_a_block(story: Story) -> None:
    story.judged(Verdict.BLOCK, reasons=reasons(Verdict.BLOCK, "baseline.toxicity"))
    found = made(story.entries[0], **{"baseline.toxicity": "Toxicity by channel"})
    assert found["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert "blocked before publication" in found["decision_visibility_other"]
    assert found["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert found["incompatible_content_ground"] == "Community rules, section 4"
    assert found["incompatible_content_explanation"] == (
        "Rule baseline.toxicity: Toxicity by channel."
    )
    assert found["category"] == "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
    assert found["content_type"] == ["CONTENT_TYPE_SYNTHETIC_MEDIA", "CONTENT_TYPE_TEXT"]
    assert (found["content_date"], found["application_date"]) == ("2026-11-22", "2026-11-22")
    assert found["content_language"] == "EN"
    assert found["territorial_scope"] == ["DE", "FR"]
    assert found["source_type"] == "SOURCE_VOLUNTARY"
    assert found["automated_detection"] == "Yes"
    assert found["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert found["puid"] == "dec_1-0"
    assert "entry 0 of the log gateway.example/log" in found["decision_facts"]


def test_a_hold_and_its_rejection(story: Story) -> None:
    held = story.judged(Verdict.HOLD, reasons=reasons(Verdict.HOLD, "creator.promise"))
    first = made(story.entries[0])
    assert "held back" in first["decision_visibility_other"]
    rejected = made(story.reviewed(held, ReviewAction.REJECT, days=1))
    assert "a person decided" in rejected["decision_visibility_other"]
    assert rejected["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    assert rejected["application_date"] == "2026-11-23"
    assert rejected["puid"] != first["puid"]


def test_what_restricts_nothing_has_no_statement(story: Story) -> None:
    record = story.judged()
    story.settled(record)
    story.judged(Verdict.BLOCK, dry_run=True)
    held = story.judged(Verdict.HOLD)
    released = story.reviewed(held, ReviewAction.RELEASE, hours=1)
    expired = story.expired(held, 3, days=1)
    for entry in (*story.entries[:3], released, expired):
        assert statement(entry, PROFILE, titles={}, origin="o") is None


def test_nothing_private_goes_in(story: Story) -> None:
    """Not even what a policy or a reviewer wrote in words of their own."""
    held = story.judged(
        Verdict.HOLD,
        reasons=reasons(Verdict.HOLD, "creator.brands", "not an id of a rule: ask Zoé"),
        creator="zoe-martin",
        conversation="conversation-of-zoe",
    )
    rejected = story.reviewed(held, ReviewAction.REJECT, hours=1)
    for entry in (story.entries[0], rejected):
        text = str(made(entry))
        for private in (RAW, HUMAN, PERSON, "Zoé", "zoe", "0612345678", "msg_"):
            assert private not in text


def test_a_check_that_failed_is_told(story: Story) -> None:
    story.judged(
        Verdict.HOLD,
        reasons=reasons(Verdict.HOLD, "gateway.unavailable"),
        unavailable=(Unavailable(stage=Stage.TOXICITY, reason=f"said {RAW}"),),
        decision=None,
    )
    found = made(story.entries[0])
    assert "no answer, so that nothing could be published: toxicity" in found["decision_facts"]
    assert "A check gave no answer" in found["incompatible_content_explanation"]


def test_several_categories(story: Story) -> None:
    rules = ("creator.promise", "baseline.pii", "creator.brands")
    story.judged(Verdict.HOLD, reasons=reasons(Verdict.HOLD, *rules))
    found = made(story.entries[0])
    both = {found["category"], *found["category_addition"]}
    assert both == {
        "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "STATEMENT_CATEGORY_CONSUMER_INFORMATION",
    }
    assert found["category"] not in found["category_addition"]


def test_only_rules_that_asked_for_the_verdict_are_named(story: Story) -> None:
    both = (*reasons(Verdict.PUBLISH, "eu.aia.50.1"), *reasons(Verdict.BLOCK, "creator.consent"))
    story.judged(Verdict.BLOCK, reasons=both)
    found = made(story.entries[0])
    assert "Rules that asked for it: creator.consent." in found["decision_facts"]
    assert "eu.aia" not in str(found)


def test_the_profile_says_what_is_illegal(story: Story) -> None:
    rule = RuleReason(
        category="STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
        specification=("KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS",),
        legal_ground="Some act, section 1",
        explanation="Not for minors.",
    )
    profile = replace(
        PROFILE,
        rules={"creator.sexual": rule},
        reference_url="https://social.example/rules",
        account_type="ACCOUNT_TYPE_BUSINESS",
    )
    story.judged(Verdict.BLOCK, reasons=reasons(Verdict.BLOCK, "baseline.pii", "creator.sexual"))
    found = made(story.entries[0], profile)
    assert found["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert found["illegal_content_legal_ground"] == "Some act, section 1"
    assert found["illegal_content_explanation"] == "Not for minors."
    assert found["category"] == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    assert found["category_specification"] == ["KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS"]
    assert found["account_type"] == "ACCOUNT_TYPE_BUSINESS"
    assert "incompatible_content_ground" not in found


@pytest.mark.parametrize(
    ("language", "code"), [("fr", "FR"), ("pt-BR", "PT"), ("und", None), ("", None), ("fil", None)]
)
def test_languages(story: Story, language: str, code: str | None) -> None:
    story.judged(Verdict.BLOCK, language=language)
    assert made(story.entries[0]).get("content_language") == code


def test_many_rules_are_cut_to_fit(story: Story) -> None:
    rules = [f"pack.rule_with_a_long_name_{number}" for number in range(150)]
    story.judged(Verdict.BLOCK, reasons=reasons(Verdict.BLOCK, *rules))
    made(story.entries[0])  # validates


def test_no_reason_at_all(story: Story) -> None:
    story.judged(Verdict.BLOCK, reasons=())
    assert made(story.entries[0])["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"


def test_the_shipped_categories_are_the_databases() -> None:
    for reason in DEFAULTS.values():
        assert reason.category in CATEGORIES
        assert set(reason.specification) <= set(KEYWORDS)


def test_a_body_that_is_none_of_ours_is_named(story: Story) -> None:
    story.judged(Verdict.BLOCK)
    entry = replace(story.entries[0], body=b'{"verdict": "block"}')
    with pytest.raises(LogInvalid, match="entry 0"):
        statement(entry, PROFILE, titles={}, origin="o")


def test_batches_are_as_large_as_a_request() -> None:
    found = list(batches({"puid": str(number)} for number in range(205)))
    assert [len(batch) for batch in found] == [100, 100, 5]
    assert list(batches([])) == []
