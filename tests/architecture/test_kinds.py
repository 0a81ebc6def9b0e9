"""Each kind of personal data has what a new one must not forget: a placeholder, made-up values or
a reason for none, and a line in the reference."""

from __future__ import annotations

import pytest

from bench.identities import IDENTITIES, NOT_DRAWN
from gateway.pii.placeholders import LANGUAGES, REMOVED, placeholder
from gateway.pii.recognizers import NATIONAL, all_rules, placeholders_of
from gateway.pii.reference import recognizers_page

RULES = all_rules()
PAGE = recognizers_page()
KINDS = sorted({rule.kind for rule in RULES})


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_has_a_placeholder_in_every_language(kind: str) -> None:
    words = placeholders_of(RULES)
    for language in LANGUAGES:
        assert placeholder(words, kind, language) not in {"", REMOVED.in_language(language)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_drawn_or_says_why_not(kind: str) -> None:
    drawn = {identity.kind for identity in IDENTITIES}
    assert (kind in drawn) != (kind in NOT_DRAWN)


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_in_the_reference(kind: str) -> None:
    cell = f"| {kind} |" if kind in {number.kind for number in NATIONAL} else f"\n| {kind} "
    assert cell in PAGE


def test_reasons_are_given_for_kinds_that_exist() -> None:
    assert NOT_DRAWN.keys() - set(KINDS) == set()
