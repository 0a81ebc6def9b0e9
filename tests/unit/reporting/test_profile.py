from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.reporting.profile import Profile, RuleReason, load_profile

GOOD = """
platform = "Example Social"
territorial_scope = ["FR", "DE", "FR"]
contract_ground = "Community rules, section 4"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "dsa.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_least_there_must_be(tmp_path: Path) -> None:
    assert load_profile(written(tmp_path, GOOD)) == Profile(
        platform="Example Social",
        territorial_scope=("DE", "FR"),
        contract_ground="Community rules, section 4",
    )


def test_all_there_can_be(tmp_path: Path) -> None:
    more = """
reference_url = "https://social.example/rules"
account_type = "ACCOUNT_TYPE_BUSINESS"
[rules."creator.sexual"]
category = "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
specification = ["KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS"]
legal_ground = "Some act, section 1"
explanation = "Sexual content is not for minors."
"""
    found = load_profile(written(tmp_path, GOOD + more))
    assert found.reference_url == "https://social.example/rules"
    assert found.rules == {
        "creator.sexual": RuleReason(
            category="STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
            specification=("KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS",),
            legal_ground="Some act, section 1",
            explanation="Sexual content is not for minors.",
        )
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "platform is missing"),
        (GOOD.replace("platform", "plattform"), "plattform is no field"),
        (GOOD.replace('"DE"', '"US"'), "territorial_scope must be a list out of"),
        (GOOD.replace('["FR", "DE", "FR"]', "[]"), "territorial_scope is empty"),
        (GOOD.replace('["FR", "DE", "FR"]', '"FR"'), "territorial_scope must be a list"),
        (GOOD.replace('"Example Social"', '" "'), "platform must be a text of 1 to 500"),
        (GOOD.replace('"Example Social"', "3"), "platform must be a text"),
        (GOOD + "rules = 3", "rules must be tables"),
        (GOOD + "[rules]\nx = 3", "rules.x is no table"),
        (GOOD + "[rules.x]\ncolour = 3", "rules.x.colour is no field"),
        (GOOD + '[rules.x]\ncategory = "MURDER"', "category must be one of"),
        (GOOD + '[rules.x]\nspecification = ["MURDER"]', "specification must be a list"),
        (GOOD + 'account_type = "x"', "account_type must be one of"),
        ("platform = ", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told.replace("[", r"\[")) as caught:
        load_profile(written(tmp_path, text))
    assert "dsa.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_profile(tmp_path / "none.toml")
