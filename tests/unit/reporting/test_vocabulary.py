from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.reporting import vocabulary
from gateway.reporting.vocabulary import statement_schema

EXAMPLE: dict[str, Any] = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "decision_ground_reference_url": "https://www.anurl.com",
    "content_type": ["CONTENT_TYPE_VIDEO", "CONTENT_TYPE_AUDIO", "CONTENT_TYPE_SYNTHETIC_MEDIA"],
    "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN",
    "incompatible_content_ground": "incompatible content grounds",
    "incompatible_content_explanation": "incompatible content explanation",
    "incompatible_content_illegal": "Yes",
    "territorial_scope": ["PT", "ES", "DE"],
    "content_language": "EN",
    "content_date": "2023-08-08",
    "application_date": "2023-08-08",
    "decision_facts": "facts about the decision",
    "source_type": "SOURCE_TRUSTED_FLAGGER",
    "automated_detection": "No",
    "automated_decision": "AUTOMATED_DECISION_PARTIALLY",
    "puid": "TK421",
}
"""The example of the Commission's documentation, less what is about money, service and accounts."""


def test_the_schema_is_one_and_takes_the_commissions_example() -> None:
    Draft202012Validator.check_schema(statement_schema())
    Draft202012Validator(statement_schema()).validate(EXAMPLE)


@pytest.mark.parametrize(
    "change",
    [
        {"puid": "123.STATE sor/category"},  # the announcement's example of a bad one
        {"puid": ""},
        {"decision_visibility": []},
        {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]},  # without saying which
        {"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT"},  # without its ground
        {"territorial_scope": ["US"]},
        {"content_language": "en"},
        {"content_date": "8.8.2023"},
        {"decision_facts": "x" * 5_001},
        {"incompatible_content_ground": "x" * 501},
        {"incompatible_content_explanation": "x" * 2_001},
        {"category": "STATEMENT_CATEGORY_PIRACY"},  # of version 1
        {"automated_decision": "Yes"},  # of version 1
        {"platform_name": "p"},
    ],
)
def test_it_refuses_what_the_database_would(change: dict[str, Any]) -> None:
    assert list(Draft202012Validator(statement_schema()).iter_errors({**EXAMPLE, **change}))


def test_the_lists_are_as_long_as_the_commissions() -> None:
    assert len(vocabulary.CATEGORIES) == len(set(vocabulary.CATEGORIES)) == 16
    assert len(vocabulary.KEYWORDS) == len(set(vocabulary.KEYWORDS)) == 69
    assert len(vocabulary.COUNTRIES) == len(set(vocabulary.COUNTRIES)) == 30
