from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import context
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import REMOVED


class Even(PatternRecognizer):
    def __init__(self, score: float) -> None:
        super().__init__(
            supported_entity="EVEN", name="Even", patterns=[Pattern("digits", r"\d+", score)]
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        if pattern_text == "7":
            return None
        return int(pattern_text) % 2 == 0

    def invalidate_result(self, pattern_text: str) -> bool:
        return pattern_text == "666"


def rule(score: float = 0.6, **changes: object) -> PatternRule:
    fixed = {"placeholder": REMOVED, "about": "", "gate": Prefilter()}
    return PatternRule(recognizer=Even(score), **(fixed | changes))  # type: ignore[arg-type] # of its field's type


def found(one: PatternRule, text: str, *places: str) -> list[tuple[str, float]]:
    return [
        (text[hit.start : hit.end], hit.score)
        for hit in one.hits(ScannedText(text, frozenset(places)), 1.0)
    ]


def test_the_recognizers_own_validation_decides() -> None:
    assert found(rule(), "2 3 7 666") == [("2", 1.0), ("7", 0.6)]


def test_a_weak_hit_needs_a_word_nearby() -> None:
    weak = rule(0.1, context=context(en=("seven",)), in_context=0.8)
    assert found(weak, "7") == []
    assert found(weak, "seven: 7") == [("7", 0.8)]


def test_a_hit_gains_where_it_is_at_home() -> None:
    french = rule(0.4, home=frozenset({"fr"}), at_home=0.2)
    assert found(french, "7", "fr") == [("7", 0.6)]
    assert found(french, "7", "en") == []
    assert found(french, "7") == [("7", 0.6)]


def test_the_text_around_may_refuse_a_hit() -> None:
    picky = rule(accepts=lambda message, start, _: message.text[:start] != "v")
    assert found(picky, "v7") == []
    assert found(picky, "w7") == [("7", 0.6)]


def test_a_checksum_and_an_advice_are_told() -> None:
    [hit] = rule(checksum=True, advisory=True).hits(ScannedText("2"), 1.0)
    assert hit.checked
    assert hit.advisory
    assert hit.source == "Even"


def test_the_identity_changes_with_the_pattern_and_the_words() -> None:
    assert rule().identity != rule(0.7).identity
    assert rule().identity != rule(context=context(en=("x",))).identity
