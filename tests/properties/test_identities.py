"""Valid identity numbers are stripped whole where they are named; what a checksum refuses, or
what nothing names, is none."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.identities import IDENTITIES, Identity, is_whole
from bench.messages import direct
from gateway.pii.detector import places_of
from gateway.pii.domains import Domains
from gateway.pii.message import ScannedText
from gateway.pii.recognizers import NATIONAL, make_rules
from gateway.pii.scan import Gated, scan
from gateway.text.reader import TextReader

Found = Callable[[str, str], list[tuple[str, int, int]]]

NAMED = {number.kind for number in NATIONAL if number.counts == "named"}
DRAWS = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def found() -> Found:
    read, gated = TextReader(), Gated(make_rules(Domains()))

    def finds(text: str, language: str) -> list[tuple[str, int, int]]:
        reading = read(text, language)
        places = places_of(direct(text, language=language), reading)
        message = ScannedText(reading.normalised.text, places)
        hits = scan(gated.open(message), message, budget_s=5)
        return [
            (hit.kind, *reading.normalised.to_original(hit.start, hit.end))
            for hit in hits
            if not hit.advisory
        ]

    return finds


def test_every_national_kind_of_the_listed_countries_is_drawn() -> None:
    drawn = {one.kind for one in IDENTITIES}
    countries = {one.country for one in IDENTITIES} - {"GB"} | {"UK"}
    listed = {one.kind for one in NATIONAL if one.kind.partition("_")[0] in countries}
    assert listed <= drawn


@pytest.mark.parametrize("one", IDENTITIES, ids=lambda one: one.kind)
@settings(max_examples=15, deadline=None)
@given(seed=DRAWS)
def test_a_valid_value_is_stripped_whole(found: Found, one: Identity, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - hypothesis draws the seed
    value = one.value(draw)
    for sentence in one.sentences:
        assert is_whole(found, sentence, value, one.language), sentence.format(value)


@pytest.mark.parametrize(
    "one", [one for one in IDENTITIES if one.checked], ids=lambda one: one.kind
)
@settings(max_examples=15, deadline=None)
@given(seed=DRAWS)
def test_a_value_with_another_check_digit_is_none(found: Found, one: Identity, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - hypothesis draws the seed
    altered = one.altered(one.value(draw))
    if altered is not None:
        kinds = {kind for kind, _, _ in found(one.plain.format(altered), one.language)}
        assert one.kind not in kinds, altered


@pytest.mark.parametrize(
    "one", [one for one in IDENTITIES if one.kind in NAMED], ids=lambda one: one.kind
)
@settings(max_examples=15, deadline=None)
@given(seed=DRAWS)
def test_without_its_name_a_plain_number_is_none(found: Found, one: Identity, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - hypothesis draws the seed
    value = one.value(draw)
    assert one.kind not in {kind for kind, _, _ in found(one.plain.format(value), one.language)}
