"""What every adapter of ports.Detector keeps, with its shipped patterns, weights and phrases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import StageUndefined
from gateway.model.finding import Stage
from gateway.model.submission import Audience, Channel, Submission
from gateway.pii.detector import PiiDetector
from gateway.policy.engine.signals import SignalDetector
from gateway.policy.packs.source import load_snapshot
from gateway.ports import Detector
from gateway.text.reader import TextReader
from gateway.toxicity.detector import ToxicityDetector
from gateway.toxicity.embedded import EmbeddedScorer
from tests.paths import ROOT

READER = TextReader()
SECRETS = ("lea.perso@example.org", "+33 6 12 34 56 78", "kill yourself")
SPEAKING = f"Écris-moi à {SECRETS[0]} ou {SECRETS[1]}, or {SECRETS[2]}. I promise to call you."
GARBLED = "Écri\u200bs à l\u0435a.perso@ex\u200bample.org ou +33 6 1\u200b2 34 56 78, k1ll y0urself"
MESSAGE = Submission(
    message_id="msg_1",
    tenant="default",
    channel=Channel.DM,
    creator="lea",
    avatar="lea-twin",
    conversation="c",
    text=SPEAKING,
    received_at=datetime(2026, 11, 22, tzinfo=UTC),
    audience=Audience(jurisdictions=("FR", "US-CA")),
)
HOSTILE = [
    "",
    " ",
    "\x00",
    "\u200b\u200d",
    "\u202eevil\u202c",
    "😀" * 200,
    "e\u0301" * 300,
    "文" * 400,
    GARBLED,
    SPEAKING,
]
HUGE = 20_000
"""Code points: the longest text that the pipeline lets in by default."""


def pii() -> Detector:
    return PiiDetector(budget_ms=60_000)  # a busy machine is no slow pattern


def toxicity() -> Detector:
    return ToxicityDetector(scorer=EmbeddedScorer())


def signals() -> Detector:
    return SignalDetector(phrases=load_snapshot(Path(ROOT / "policies")).phrases, read=READER)


@pytest.fixture(params=[pii, toxicity, signals], ids=lambda make: make.__name__)
async def detector(request: pytest.FixtureRequest) -> AsyncIterator[Detector]:
    make: Callable[[], Detector] = request.param
    made = make()
    await made.warm()
    yield made
    await made.close()


async def test_it_answers_for_its_own_stage(detector: Detector) -> None:
    assert detector.stage in {Stage.PII, Stage.TOXICITY, Stage.SIGNALS}
    for text in ("Hello there.", SPEAKING):
        detection = await detector.detect(replace(MESSAGE, text=text), READER(text, None))
        assert detection.stage is detector.stage
        assert {finding.stage for finding in detection.findings} <= {detector.stage}


async def test_it_says_which_models_looked(detector: Detector) -> None:
    detection = await detector.detect(MESSAGE, READER(SPEAKING, None))
    assert detection.models
    for model in detection.models:
        assert model.id
        assert len(bytes.fromhex(model.sha256)) == 32


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_findings_lie_inside_the_text_as_submitted(detector: Detector, text: str) -> None:
    message = replace(MESSAGE, text=text, human_text=SPEAKING)
    detection = await detector.detect(message, READER(text, None))
    for finding in detection.findings:
        read = SPEAKING if finding.in_human_text else text
        assert 0 <= finding.start < finding.end <= len(read)
        assert 0 <= finding.score <= 1
    for score in detection.scores.values():
        assert score is None or 0 <= score <= 1


async def test_something_is_found_where_it_stands(detector: Detector) -> None:
    """The three texts that the detectors are for: one of them is seen by each."""
    detection = await detector.detect(MESSAGE, READER(SPEAKING, None))
    assert detection.findings or max(score or 0.0 for score in detection.scores.values()) > 0.5
    if detector.stage is Stage.PII:
        found = {SPEAKING[finding.start : finding.end] for finding in detection.findings}
        assert {SECRETS[0], SECRETS[1]} <= found


@pytest.mark.parametrize("text", [SPEAKING, GARBLED], ids=["plain", "garbled"])
async def test_a_detection_never_holds_what_it_found(detector: Detector, text: str) -> None:
    detection = repr(await detector.detect(replace(MESSAGE, text=text), READER(text, None)))
    for secret in ("lea.perso", "example.org", "6 12 34", "612345678"):
        assert secret not in detection


async def test_the_same_text_has_the_same_detection(detector: Detector) -> None:
    other = toxicity() if detector.stage is Stage.TOXICITY else detector
    await other.warm()
    for text in HOSTILE:
        message, read = replace(MESSAGE, text=text), READER(text, None)
        assert await detector.detect(message, read) == await other.detect(message, read)
    await other.close()


async def test_many_at_once_are_not_mixed_up(detector: Detector) -> None:
    texts = [f"{text} {number}" for number in range(4) for text in HOSTILE]
    reads = [(replace(MESSAGE, text=text), READER(text, None)) for text in texts]
    alone = [await detector.detect(*given) for given in reads]
    together = await asyncio.gather(*(detector.detect(*given) for given in reads))
    assert list(together) == alone


async def test_a_huge_text_is_looked_at_as_a_whole_or_refused(detector: Detector) -> None:
    """Never in part: what stands at its end is seen too."""
    end = f"Go and {SECRETS[2]}, you worthless idiot. " * 20 + SPEAKING
    text = ("All of this is harmless talk about music. " * 1_000)[: HUGE - len(end)] + end
    assert len(text) == HUGE
    read = READER(text, None)
    try:
        detection = await detector.detect(replace(MESSAGE, text=text), read)
    except StageUndefined:
        return
    if detector.stage is not Stage.TOXICITY:
        assert max(finding.end for finding in detection.findings) > HUGE - len(SPEAKING)
    else:
        assert max(score or 0.0 for score in detection.scores.values()) > 0.5


async def test_closing_twice_is_as_good_as_once(detector: Detector) -> None:
    await detector.detect(MESSAGE, READER(SPEAKING, None))
    await detector.close()
    await detector.close()
