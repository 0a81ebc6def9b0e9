from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import ConfigurationError, InvalidField
from gateway.policy.packs.creator_settings import SCHEMA, creator_checker
from gateway.policy.packs.source import load_snapshot
from tests.paths import ROOT

SCHEMAS = load_snapshot(ROOT / "policies").schemas


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"display_name": "Léa", "public_facts": ["Paris"], "companion": False},
        {"kill_switch": True, "brands": {"deny": ["Shady Drinks"]}},
        {"consent": {"until": "2030-12-31T23:59:59Z"}},
        {"consent": {"until": "2261-12-31T23:59:59-14:00"}},
    ],
)
def test_good_settings_pass(settings: dict[str, Any]) -> None:
    creator_checker(SCHEMAS)(settings)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"kill_switch": "yes, secretly"}, "settings.kill_switch"),
        ({"kil_switch": True}, "settings"),
        ({"brands": {"deny": "Shady Drinks"}}, "settings.brands.deny"),
        ({"public_facts": ["x" * 100_000]}, "settings.public_facts.0"),
        ({"consent": {"until": "9999-12-31T23:59:59Z"}}, "settings.consent.until"),
        ({"consent": {"until": "0001-01-01T00:00:00Z"}}, "settings.consent.until"),
        ({"consent": {"until": "2030-13-45T99:99:99Z"}}, "settings.consent.until"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_quoted(
    settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidField) as caught:
        creator_checker(SCHEMAS)(settings)
    assert caught.value.field == field
    assert caught.value.mend
    for secret in ("secretly", "Shady", "xxx"):
        assert secret not in str(caught.value)


def test_a_missing_or_broken_schema_is_named() -> None:
    with pytest.raises(ConfigurationError, match="is missing"):
        creator_checker({})
    with pytest.raises(ConfigurationError, match=SCHEMA):
        creator_checker({SCHEMA: {"type": "rabbit"}})


def test_an_unknown_time_zone_is_named() -> None:
    stretch = {"from": "22:00", "to": "07:00", "timezone": "Europe/Nowhere"}
    with pytest.raises(InvalidField, match="time zone"):
        creator_checker(SCHEMAS)({"quiet_hours": [stretch]})
    stretch["timezone"] = "Europe/Paris"
    creator_checker(SCHEMAS)({"quiet_hours": [stretch]})


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(InvalidField, match="no setting 'kil_switch'"):
        creator_checker(SCHEMAS)({"kil_switch": True})
