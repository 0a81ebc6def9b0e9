"""Fixtures of this room's tests: submissions, readings, and one set of rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from gateway.model.submission import Audience, Channel, Submission
from gateway.model.text import Mapped, ReadText
from gateway.pii.domains import Domains
from gateway.pii.message import ScannedText
from gateway.pii.placeholders import PlaceholderWord
from gateway.pii.recognizers import make_rules, placeholders_of
from gateway.pii.rule import PiiRule, RuleHit
from gateway.pii.scan import Gated, scan

HIDDEN = frozenset("\u200b\u2060\ufeff")

Find = Callable[..., list[tuple[str, str]]]
Reading = Callable[..., ReadText]
Submit = Callable[..., Submission]


@pytest.fixture(scope="session")
def domains() -> Domains:
    return Domains()


@pytest.fixture(scope="session")
def rules(domains: Domains) -> tuple[PiiRule, ...]:
    return make_rules(domains)


@pytest.fixture(scope="session")
def placeholders(rules: tuple[PiiRule, ...]) -> Mapping[str, PlaceholderWord]:
    return placeholders_of(rules)


@pytest.fixture(scope="session")
def hits(rules: tuple[PiiRule, ...]) -> Callable[..., tuple[RuleHit, ...]]:
    """The hits that stand in a text; `places` as `ScannedText` takes them."""

    gated = Gated(rules)

    def stands(text: str, *places: str) -> tuple[RuleHit, ...]:
        message = ScannedText(text, frozenset(places))
        return scan(gated.open(message), message)

    return stands


@pytest.fixture(scope="session")
def find(hits: Callable[..., tuple[RuleHit, ...]]) -> Find:
    """(kind, text) of what is found and not advisory."""

    def found(text: str, *places: str) -> list[tuple[str, str]]:
        return [
            (hit.kind, text[hit.start : hit.end]) for hit in hits(text, *places) if not hit.advisory
        ]

    return found


@pytest.fixture(scope="session")
def reading() -> Reading:
    """A reading without hidden characters, and with full-width forms undone."""

    def read(text: str, language: str = "und") -> ReadText:
        kept = [(i, char) for i, char in enumerate(text) if char not in HIDDEN]
        clean = Mapped("".join(char for _, char in kept), (*(i for i, _ in kept), len(text)))
        wide = [(i, piece) for i, char in kept for piece in unicodedata.normalize("NFKC", char)]
        form = Mapped("".join(char for _, char in wide), (*(i for i, _ in wide), len(text)))
        return ReadText(
            original=text,
            clean=clean,
            normalised=form,
            folded=form,
            language=language,
            language_score=1.0,
        )

    return read


@pytest.fixture(scope="session")
def submit() -> Submit:
    def submission(text: str = "", **changes: object) -> Submission:
        fields: dict[str, object] = {
            "message_id": "m1",
            "tenant": "t",
            "channel": Channel.DM,
            "creator": "lea",
            "avatar": "lea-1",
            "conversation": "c1",
            "text": text,
            "received_at": datetime(2026, 9, 1, tzinfo=UTC),
            "audience": Audience(),
        }
        return Submission(**(fields | changes))  # type: ignore[arg-type] # of its field's type

    return submission
