from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from gateway.errors import StageUndefined
from gateway.model.finding import ModelIdentity, Stage
from gateway.model.submission import Submission
from gateway.model.text import ReadText, TextChange
from gateway.ports import Detector
from gateway.toxicity.calibration import Calibration
from gateway.toxicity.detector import ToxicityDetector, forms
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.scorer import CATEGORIES, Scores

Build = Callable[..., ReadText]


class WordCount:
    """Scores by the share of the word "bad": small enough to know every answer by heart."""

    id = "word-count"
    sha256 = "0" * 64
    categories = ("toxicity", "insult")
    window = 40
    calibration = Calibration(shifts={"folded": {"*": {"toxicity": 50.0}}})

    def __init__(self) -> None:
        self.seen: list[str] = []

    def load(self) -> None:
        self.seen.append("loaded")

    def close(self) -> None:
        self.seen.append("closed")

    def score(self, texts: Sequence[str]) -> list[Scores]:
        self.seen.extend(texts)
        nothing: dict[str, float | None] = dict.fromkeys(CATEGORIES)
        return [
            nothing | {"toxicity": min(1.0, text.count("bad") / 2), "insult": 0.25}
            for text in texts
        ]


async def test_scores_the_worst_form_and_names_the_model(
    read: Build, submission: Submission
) -> None:
    detector: Detector = ToxicityDetector(scorer=WordCount())
    await detector.warm()
    text = read("b\u0430d thing", normalised="bad thing", folded="bad thing")
    detection = await detector.detect(submission, text)
    assert detection.stage is Stage.TOXICITY
    assert detection.scores == dict.fromkeys(CATEGORIES) | {"toxicity": 0.5, "insult": 0.25}
    assert detection.models == (ModelIdentity(id="word-count", sha256="0" * 64),)
    assert detection.findings == ()
    await detector.close()


async def test_a_threat_at_the_end_of_a_long_text_is_seen(
    read: Build, submission: Submission
) -> None:
    detector = ToxicityDetector(scorer=WordCount())
    detection = await detector.detect(submission, read("fine words " * 200 + "bad bad"))
    assert detection.scores["toxicity"] == 1.0
    await detector.close()


async def test_a_text_over_the_cap_is_held_not_cut(read: Build, submission: Submission) -> None:
    scorer = WordCount()
    detector = ToxicityDetector(scorer=scorer, longest=100)
    with pytest.raises(StageUndefined, match="longer than 100"):
        await detector.detect(submission, read("a" * 101))
    assert scorer.seen == []
    await detector.close()


def test_the_folded_form_is_read_only_when_something_was_undone(read: Build) -> None:
    plain = read("Hello", folded="hello")
    assert list(forms(plain)) == ["clean"]
    undone = read("H3llo", folded="hello", changes=(TextChange(kind="leet", count=1),))
    assert list(forms(undone)) == ["garbled", "folded"]


def test_where_one_word_was_leet_all_are_read_so(read: Build) -> None:
    leet = read(
        "y0u f00l @t 7", folded="you f00l @t 7", changes=(TextChange(kind="leet", count=1),)
    )
    assert forms(leet)["folded"] == "you fool at t"
    other = read("yyyou f00l", folded="you f00l", changes=(TextChange(kind="repeat", count=1),))
    assert forms(other)["folded"] == "you f00l"


async def test_each_form_has_its_own_calibration(read: Build, submission: Submission) -> None:
    detector = ToxicityDetector(scorer=WordCount())
    text = read("b4d b4d", folded="bad bad", changes=(TextChange(kind="leet", count=2),))
    detection = await detector.detect(submission, text)
    score = detection.scores["toxicity"]
    assert score is not None
    assert score < 1e-9
    await detector.close()


async def test_many_at_once_give_the_same_scores_as_one_by_one(
    read: Build, submission: Submission, embedded: EmbeddedScorer
) -> None:
    detector = ToxicityDetector(scorer=embedded, keep_s=0)
    await detector.warm()
    texts = [f"message number {n}, you are {'nice' if n % 2 else 'an idiot'}" for n in range(24)]
    together = await asyncio.gather(*(detector.detect(submission, read(t)) for t in texts))
    for text, detection in zip(texts, together, strict=True):
        alone = await detector.detect(submission, read(text))
        assert detection.scores == pytest.approx(dict(alone.scores), abs=1e-5)
    await detector.close()


async def test_a_line_said_again_is_scored_once_for_each_creator(
    read: Build, submission: Submission
) -> None:
    scorer = WordCount()
    detector = ToxicityDetector(scorer=scorer)
    again = [await detector.detect(submission, read("bad welcome")) for _ in range(3)]
    assert [one.scores["toxicity"] for one in again] == [0.5] * 3
    assert scorer.seen == ["bad welcome"]
    await detector.detect(replace(submission, creator="another"), read("bad welcome"))
    await detector.detect(replace(submission, tenant="another"), read("bad welcome"))
    assert scorer.seen == ["bad welcome"] * 3
    await detector.close()


async def test_what_is_kept_is_calibrated_for_the_form_it_has_now(
    read: Build, submission: Submission
) -> None:
    detector = ToxicityDetector(scorer=WordCount())
    garbled = read("b4d b4d", folded="bad bad", changes=(TextChange(kind="leet", count=2),))
    folded = await detector.detect(submission, garbled)
    clean = await detector.detect(submission, read("bad bad"))
    assert folded.scores["toxicity"] is not None
    assert folded.scores["toxicity"] < 1e-9
    assert clean.scores["toxicity"] == 1.0
    await detector.close()
