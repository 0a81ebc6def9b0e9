"""Texts as the text room would hand them over, built by hand; the shipped model, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.model.submission import Channel, Submission
from gateway.model.text import Mapped, ReadText, TextChange
from gateway.toxicity.embedded import EmbeddedScorer


def mapped(text: str) -> Mapped:
    return Mapped(text, tuple(range(len(text) + 1)))


@pytest.fixture(scope="session")
def read() -> Callable[..., ReadText]:
    def build(
        text: str,
        *,
        normalised: str | None = None,
        folded: str | None = None,
        language: str = "en",
        changes: tuple[TextChange, ...] = (),
    ) -> ReadText:
        normal = text if normalised is None else normalised
        return ReadText(
            original=text,
            clean=mapped(text),
            normalised=mapped(normal),
            folded=mapped(normal.lower() if folded is None else folded),
            language=language,
            language_score=0.9,
            changes=changes,
        )

    return build


@pytest.fixture(scope="session")
def submission() -> Submission:
    return Submission(
        message_id="m1",
        tenant="t",
        channel=Channel.DM,
        creator="c",
        avatar="a",
        conversation="v",
        text="hello",
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


@pytest.fixture(scope="session")
def embedded() -> EmbeddedScorer:
    scorer = EmbeddedScorer()
    scorer.load()
    return scorer
