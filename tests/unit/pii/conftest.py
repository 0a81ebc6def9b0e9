"""What the tests of this room share: submissions, readings, and one set of rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.model.submission import Audience, Channel, Submission
from gateway.model.text import Mapped, ReadText
from gateway.pii.domains import Domains
from gateway.pii.message import Message
from gateway.pii.recognizers import make_rules
from gateway.pii.rule import Hit, Rule
from gateway.pii.scan import open_rules, scan

HIDDEN = frozenset("\u200b\u200c\u2060\ufeff")

Find = Callable[..., list[tuple[str, str]]]


def reading(text: str, language: str = "und") -> ReadText:
    """A reading without hidden characters, and with full-width forms undone."""
    kept = [(i, char) for i, char in enumerate(text) if char not in HIDDEN]
    clean = Mapped("".join(char for _, char in kept), (*(i for i, _ in kept), len(text)))
    wide = [(i, piece) for i, char in kept for piece in unicodedata.normalize("NFKC", char)]
    normalised = Mapped("".join(char for _, char in wide), (*(i for i, _ in wide), len(text)))
    return ReadText(
        original=text,
        clean=clean,
        normalised=normalised,
        folded=normalised,
        language=language,
        language_score=1.0,
    )


def submission(text: str, *, language: str | None = None, places: tuple[str, ...] = ()) -> Submission:
    return Submission(
        message_id="m1",
        tenant="t",
        channel=Channel.DM,
        creator="lea",
        avatar="lea-1",
        conversation="c1",
        text=text,
        received_at=datetime(2026, 9, 1, tzinfo=UTC),
        language=language,
        audience=Audience(jurisdictions=places),
    )


@pytest.fixture(scope="session")
def rules() -> tuple[Rule, ...]:
    return make_rules(Domains())


@pytest.fixture(scope="session")
def domains() -> Domains:
    return Domains()


@pytest.fixture(scope="session")
def find(rules: tuple[Rule, ...]) -> Find:
    """(kind, text) of what is found and not advisory; `places` as Message takes them."""

    def found(text: str, *places: str, advisory: bool = False) -> list[tuple[str, str]]:
        return [
            (hit.kind, text[hit.start : hit.end])
            for hit in hits_of(rules, text, *places)
            if advisory or not hit.advisory
        ]

    return found


def hits_of(rules: tuple[Rule, ...], text: str, *places: str) -> tuple[Hit, ...]:
    message = Message(text, frozenset(places))
    return scan(open_rules(rules, message), message)
