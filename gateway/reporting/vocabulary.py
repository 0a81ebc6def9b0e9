"""The vocabulary of statements of reasons in the DSA Transparency Database, schema of API v2.

From the Commission's documentation, "API and Schema"
(https://transparency.dsa.ec.europa.eu/page/api-documentation), in force since 2025-07-01, and from
the source of the database (https://github.com/digital-services-act/transparency-database:
resources/markdown/api-documentation.md, app/Models/Statement.php,
app/Services/EuropeanCountriesService.php, app/Http/Requests), read on 2026-11-22.
"""

from __future__ import annotations

from typing import Any, Final

VISIBILITY: Final = tuple(
    f"DECISION_VISIBILITY_{name}"
    for name in (
        "CONTENT_REMOVED",
        "CONTENT_DISABLED",
        "CONTENT_DEMOTED",
        "CONTENT_AGE_RESTRICTED",
        "CONTENT_INTERACTION_RESTRICTED",
        "CONTENT_LABELLED",
        "OTHER",
    )
)
ACCOUNT_TYPES: Final = ("ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE")
GROUNDS: Final = ("DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT")
CONTENT_TYPES: Final = tuple(
    f"CONTENT_TYPE_{name}"
    for name in ("APP", "AUDIO", "IMAGE", "PRODUCT", "SYNTHETIC_MEDIA", "TEXT", "VIDEO", "OTHER")
)
SOURCES: Final = (
    "SOURCE_ARTICLE_16",
    "SOURCE_TRUSTED_FLAGGER",
    "SOURCE_TYPE_OTHER_NOTIFICATION",
    "SOURCE_VOLUNTARY",
)
AUTOMATED: Final = (
    "AUTOMATED_DECISION_FULLY",
    "AUTOMATED_DECISION_PARTIALLY",
    "AUTOMATED_DECISION_NOT_AUTOMATED",
)
CATEGORIES: Final = tuple(
    f"STATEMENT_CATEGORY_{name}"
    for name in (
        "ANIMAL_WELFARE",
        "CONSUMER_INFORMATION",
        "CYBER_VIOLENCE",
        "CYBER_VIOLENCE_AGAINST_WOMEN",
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
        "ILLEGAL_OR_HARMFUL_SPEECH",
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "NOT_SPECIFIED_NOTICE",
        "OTHER_VIOLATION_TC",
        "PROTECTION_OF_MINORS",
        "RISK_FOR_PUBLIC_SECURITY",
        "SCAMS_AND_FRAUD",
        "SELF_HARM",
        "UNSAFE_AND_PROHIBITED_PRODUCTS",
        "VIOLENCE",
    )
)
KEYWORDS: Final = tuple(
    f"KEYWORD_{name}"
    for name in (
        "ANIMAL_HARM",
        "ADULT_SEXUAL_MATERIAL",
        "AGE_SPECIFIC_RESTRICTIONS",
        "AGE_SPECIFIC_RESTRICTIONS_MINORS",
        "BIOMETRIC_DATA_BREACH",
        "BULLYING_AGAINST_GIRLS",
        "CHILD_SEXUAL_ABUSE_MATERIAL",
        "CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE",
        "CONTENT_PROMOTING_EATING_DISORDERS",
        "COORDINATED_HARM",
        "COPYRIGHT_INFRINGEMENT",
        "CYBER_BULLYING_INTIMIDATION",
        "CYBER_HARASSMENT",
        "CYBER_HARASSMENT_AGAINST_WOMEN",
        "CYBER_INCITEMENT",
        "CYBER_STALKING",
        "CYBER_STALKING_AGAINST_WOMEN",
        "DATA_FALSIFICATION",
        "DEFAMATION",
        "DESIGN_INFRINGEMENT",
        "DISCRIMINATION",
        "MISINFORMATION_DISINFORMATION",
        "FEMALE_GENDERED_DISINFORMATION",
        "GEOGRAPHIC_INDICATIONS_INFRINGEMENT",
        "GEOGRAPHICAL_REQUIREMENTS",
        "GOODS_SERVICES_NOT_PERMITTED",
        "GROOMING_SEXUAL_ENTICEMENT_MINORS",
        "HATE_SPEECH",
        "HIDDEN_ADVERTISEMENT",
        "HUMAN_EXPLOITATION",
        "HUMAN_TRAFFICKING",
        "ILLEGAL_ORGANIZATIONS",
        "IMPERSONATION_ACCOUNT_HIJACKING",
        "INAUTHENTIC_ACCOUNTS",
        "INAUTHENTIC_LISTINGS",
        "INAUTHENTIC_USER_REVIEWS",
        "INCITEMENT_AGAINST_WOMEN",
        "INCITEMENT_VIOLENCE_HATRED",
        "INSUFFICIENT_INFORMATION_ON_TRADERS",
        "LANGUAGE_REQUIREMENTS",
        "MISLEADING_INFO_CONSUMER_RIGHTS",
        "MISLEADING_INFO_GOODS_SERVICES",
        "MISSING_PROCESSING_GROUND",
        "NON_CONSENSUAL_IMAGE_SHARING",
        "NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN",
        "NON_CONSENSUAL_MATERIAL_DEEPFAKE",
        "NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN",
        "NONCOMPLIANCE_PRICING",
        "NUDITY",
        "PATENT_INFRINGEMENT",
        "PHISHING",
        "PROHIBITED_PRODUCTS",
        "PYRAMID_SCHEMES",
        "RIGHT_TO_BE_FORGOTTEN",
        "OTHER",
        "RISK_ENVIRONMENTAL_DAMAGE",
        "RISK_PUBLIC_HEALTH",
        "SELF_MUTILATION",
        "STALKING",
        "SUICIDE",
        "TERRORIST_CONTENT",
        "TRADE_SECRET_INFRINGEMENT",
        "TRADEMARK_INFRINGEMENT",
        "TRAFFICKING_WOMEN_GIRLS",
        "UNLAWFUL_SALE_ANIMALS",
        "UNSAFE_CHALLENGES",
        "UNSAFE_PRODUCTS",
        "VIOLATION_EU_LAW",
        "VIOLATION_NATIONAL_LAW",
    )
)
COUNTRIES: Final = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"),
    *("IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
)
"""The countries of the EU and the EEA, ISO 3166."""

# Longest texts that the database accepts, in characters.
MOST_FACTS: Final = 5_000
MOST_GROUND: Final = 500
MOST_EXPLANATION: Final = 2_000
MOST_OTHER: Final = 500
MOST_PUID: Final = 500
BATCH: Final = 100
"""Statements that one request to the database may hold."""

PUID: Final = r"^[A-Za-z0-9_-]+$"


def statement_schema() -> dict[str, Any]:
    """JSON Schema of the fields that the gateway writes: those about restricted visibility. The
    fields about payments, services and accounts are left to the platform."""
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    day = {"type": "string", "pattern": r"^20\d\d-[01]\d-[0-3]\d$"}
    yes_or_no = {"enum": ["Yes", "No"]}
    several = {"type": "array", "minItems": 1, "uniqueItems": True}
    ground = {**text, "maxLength": MOST_GROUND}
    explanation = {**text, "maxLength": MOST_EXPLANATION}
    properties: dict[str, Any] = {
        "decision_visibility": {**several, "items": {"enum": list(VISIBILITY)}},
        "decision_visibility_other": {**text, "maxLength": MOST_OTHER},
        "account_type": {"enum": list(ACCOUNT_TYPES)},
        "decision_facts": {**text, "maxLength": MOST_FACTS},
        "decision_ground": {"enum": list(GROUNDS)},
        "decision_ground_reference_url": {**text, "maxLength": MOST_GROUND},
        "illegal_content_legal_ground": ground,
        "illegal_content_explanation": explanation,
        "incompatible_content_ground": ground,
        "incompatible_content_explanation": explanation,
        "incompatible_content_illegal": yes_or_no,
        "content_type": {**several, "items": {"enum": list(CONTENT_TYPES)}},
        "category": {"enum": list(CATEGORIES)},
        "category_addition": {**several, "minItems": 0, "items": {"enum": list(CATEGORIES)}},
        "category_specification": {**several, "items": {"enum": list(KEYWORDS)}},
        "territorial_scope": {**several, "items": {"enum": list(COUNTRIES)}},
        "content_language": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "content_date": day,
        "application_date": day,
        "source_type": {"enum": list(SOURCES)},
        "automated_detection": yes_or_no,
        "automated_decision": {"enum": list(AUTOMATED)},
        "puid": {"type": "string", "pattern": PUID, "maxLength": MOST_PUID},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Statement of reasons, restriction of visibility",
        "type": "object",
        "properties": properties,
        "required": [
            *("decision_visibility", "decision_facts", "decision_ground", "content_type"),
            *("category", "territorial_scope", "content_date", "application_date"),
            *("source_type", "automated_detection", "automated_decision", "puid"),
        ],
        "additionalProperties": False,
        "allOf": [
            _require_if("decision_ground", GROUNDS[0], "illegal_content_legal_ground"),
            _require_if("decision_ground", GROUNDS[0], "illegal_content_explanation"),
            _require_if("decision_ground", GROUNDS[1], "incompatible_content_ground"),
            _require_if("decision_ground", GROUNDS[1], "incompatible_content_explanation"),
            {
                "if": {
                    "properties": {"decision_visibility": {"contains": {"const": VISIBILITY[-1]}}}
                },
                "then": {"required": ["decision_visibility_other"]},
            },
        ],
    }


def _require_if(name: str, value: str, needed: str) -> dict[str, Any]:
    """JSON Schema: the field `needed` is required if `name` has this `value`."""
    return {"if": {"properties": {name: {"const": value}}}, "then": {"required": [needed]}}
