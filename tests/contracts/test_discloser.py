"""What every adapter of ports.Discloser keeps, with the shipped wording."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gateway.disclosure.budget import length
from gateway.disclosure.discloser import LabelDiscloser
from gateway.disclosure.receipt import verify_receipt
from gateway.errors import ReceiptInvalid, StageUndefined
from gateway.keyring import SigningKey
from gateway.model.decision import Decision, Facts
from gateway.model.disclosure import Redaction
from gateway.model.obligation import Obligation
from gateway.model.route import LengthUnit, Overflow
from gateway.ports import Discloser
from tests.unit.disclosure.conftest import (
    make_decision,
    make_facts,
    marked,
    notice,
    replaced,
    signing_key,
)

__all__ = ["make_decision", "make_facts", "marked", "notice", "replaced", "signing_key"]

MakeFacts = Callable[..., Facts]
Notice = Callable[..., Obligation]
LONG = "Rendez-vous vendredi à Lyon, on répète 👩‍👩‍👧‍👦 et après on joue e\u0301té. " * 40
TEXTS = ["Hello there", "x", "👩‍👩‍👧‍👦" * 30, "文" * 300, "e\u0301" * 200, LONG]


def labels(key: SigningKey) -> Discloser:
    return LabelDiscloser(signer=key, issuer="https://gateway.example")


@pytest.fixture(params=[labels], ids=lambda make: make.__name__)
def discloser(request: pytest.FixtureRequest, signing_key: SigningKey) -> Discloser:
    made: Discloser = request.param(signing_key)
    return made


@pytest.fixture
def jwks(signing_key: SigningKey) -> Mapping[str, Any]:
    return {"keys": [signing_key.public.jwk()]}


@pytest.mark.parametrize(("limit", "unit"), [*itertools.product((60, 280, 500), LengthUnit)])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_is_published_never_passes_the_routes_limit(
    discloser: Discloser,
    make_facts: MakeFacts,
    notice: Notice,
    text: str,
    *,
    limit: int,
    unit: LengthUnit,
) -> None:
    facts = make_facts(text, max_length=limit, unit=unit)
    try:
        disclosure = discloser.disclose(facts, Redaction(text=text), (notice("ai"),))
    except StageUndefined:
        return  # nothing of the avatar's words would be left
    assert length(disclosure.text, unit) <= limit
    assert disclosure.notices
    for shown in disclosure.notices:
        assert shown.text in disclosure.text
    if not disclosure.shortened:
        assert text in disclosure.text


def test_a_label_that_fits_alone_is_not_published_alone(
    discloser: Discloser, make_facts: MakeFacts, notice: Notice
) -> None:
    facts = make_facts("Hello there", max_length=3)
    with pytest.raises(StageUndefined):
        discloser.disclose(facts, Redaction(text="Hello there"), (notice("ai"),))


def test_a_route_that_does_not_shorten_gets_an_exception(
    discloser: Discloser, make_facts: MakeFacts, notice: Notice
) -> None:
    facts = make_facts(LONG, max_length=280, overflow=Overflow.HOLD)
    with pytest.raises(StageUndefined):
        discloser.disclose(facts, Redaction(text=LONG), (notice("ai"),))


def test_what_nothing_is_asked_of_is_published_as_it_is(
    discloser: Discloser, make_facts: MakeFacts
) -> None:
    disclosure = discloser.disclose(make_facts("Hello"), Redaction(text="Hello"), ())
    assert (disclosure.text, disclosure.notices, disclosure.marks) == ("Hello", (), {})
    assert (disclosure.replaced_by, disclosure.shortened) == (None, False)


def test_only_the_clean_text_is_published(
    discloser: Discloser, make_facts: MakeFacts, notice: Notice
) -> None:
    facts = make_facts("Write to lea@example.org")
    redaction = Redaction(text="Write to [email]")
    disclosure = discloser.disclose(facts, redaction, (notice("ai"),))
    assert "example.org" not in repr(disclosure)


def test_a_replacement_takes_the_whole_text(
    discloser: Discloser, make_facts: MakeFacts, replaced: Callable[[str], Obligation]
) -> None:
    facts = make_facts("Nobody would miss me")
    disclosure = discloser.disclose(facts, Redaction(text=LONG), (replaced("crisis"),))
    assert disclosure.replaced_by == "crisis"
    assert "Rendez-vous" not in disclosure.text


def test_marks_are_there_for_each_format_asked_for(
    discloser: Discloser, make_facts: MakeFacts, marked: Callable[..., Obligation]
) -> None:
    asked = marked("iptc", "schema_org", "gb45438")
    disclosure = discloser.disclose(make_facts(), Redaction(text="Hello there"), (asked,))
    assert set(disclosure.marks) == {"iptc", "schema_org", "gb45438"}


def test_a_receipt_verifies_for_this_text_and_no_other(
    discloser: Discloser,
    make_facts: MakeFacts,
    make_decision: Callable[..., Decision],
    notice: Notice,
    jwks: Mapping[str, Any],
) -> None:
    facts, asked = make_facts(), notice("ai")
    disclosure = discloser.disclose(facts, Redaction(text="Hello there"), (asked,))
    receipt = discloser.attest(facts, make_decision(asked), disclosure)
    claims = verify_receipt(receipt.jws, jwks, disclosure.text, disclosure.salt)
    assert claims == receipt.claims
    assert claims["message_id"] == facts.submission.message_id
    assert "person-7" not in repr(claims)
    for text, salt in (
        (disclosure.text + "!", disclosure.salt),
        ("Hello there", disclosure.salt),
        (disclosure.text, "00" * 16),
    ):
        with pytest.raises(ReceiptInvalid):
            verify_receipt(receipt.jws, jwks, text, salt)


def test_the_same_text_twice_differs_in_its_salt_alone(
    discloser: Discloser, make_facts: MakeFacts, notice: Notice
) -> None:
    first, second = (
        discloser.disclose(make_facts(), Redaction(text="Hello there"), (notice("ai"),))
        for _ in range(2)
    )
    assert first.salt != second.salt
    assert first.content_hash != second.content_hash
    assert replace(first, salt=second.salt, content_hash=second.content_hash) == second
