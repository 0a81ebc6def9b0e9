from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from gateway.pii.message import ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.recognizers import NATIONAL
from gateway.pii.rule import PiiRule, RuleHit


def test_names_are_unique_and_every_rule_tells_what_it_finds(rules: tuple[PiiRule, ...]) -> None:
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.about.endswith(".") for rule in rules)
    assert len({rule.identity for rule in rules}) == len(rules)


def test_what_presidio_finds_in_plain_talk_is_left_out(rules: tuple[PiiRule, ...]) -> None:
    kinds = {rule.kind for rule in rules}
    assert kinds.isdisjoint({"MEDICAL_LICENSE", "DATE_TIME"})
    assert "UsBankRecognizer" not in {rule.name for rule in rules}
    named = {number.kind: number.counts for number in NATIONAL}
    for kind in ("US_DRIVER_LICENSE", "US_PASSPORT", "UK_NHS"):
        assert named[kind] == "named"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_gate_opens_for_all_that_its_patterns_match(
    rules: tuple[PiiRule, ...], data: st.DataObject
) -> None:
    """Strings made from pieces that the patterns look for: where a rule hits, its gate opens."""
    piece = st.sampled_from(
        ["12", "3", " ", "-", ".", "@", "a", "B", "FR", "76", "rue ", "Paix", "(at)", " dot ",
         "com", "https://", "www.", "/", ":", "+33", "6", "sk-", "password: ", "2A",
         "é", "x1", "zéro ",         "six ", "O", "abcdefghij0123456789"]
    )  # fmt: skip
    text = "".join(data.draw(st.lists(piece, max_size=14)))
    message = ScannedText(text)
    for rule in rules:
        if any(rule.hits(message, 10.0)):
            assert rule.gate.opens(message), (rule.name, text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("0612345678@gmail.com", ["EMAIL_ADDRESS"]),
        ("https://wa.me/33612345678", ["URL", "PHONE_NUMBER"]),
        ("https://example.com/?mail=lea@example.com", ["URL", "EMAIL_ADDRESS"]),
        ("12 rue de la Paix, 75002 Paris", ["STREET_ADDRESS", "POSTCODE_CITY"]),
        ("FR76 3000 6000 0112 3456 7890 189", ["IBAN_CODE"]),
        ("SIRET 732 829 320 00074", ["FR_SIRET"]),
    ],
)
def test_values_inside_values_are_told_apart(
    hits: Callable[..., tuple[RuleHit, ...]], text: str, kinds: list[str]
) -> None:
    assert [hit.kind for hit in hits(text)] == kinds


def test_presidios_own_recognizers_are_used_where_they_serve(rules: tuple[PiiRule, ...]) -> None:
    from presidio_analyzer.predefined_recognizers import (
        CryptoRecognizer,
        EmailRecognizer,
        IpRecognizer,
        UsItinRecognizer,
        UsSsnRecognizer,
    )

    used = [rule.recognizer for rule in rules if isinstance(rule, PatternRule)]
    for kind in (
        CryptoRecognizer,
        EmailRecognizer,
        IpRecognizer,
        UsItinRecognizer,
        UsSsnRecognizer,
    ):
        assert any(isinstance(one, kind) for one in used)
