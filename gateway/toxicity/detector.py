"""The toxicity detector: every form of a text, every window of it, the worst by category."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from gateway.errors import StageUndefined
from gateway.model.finding import Detection, ModelIdentity, Stage
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.toxicity.batching import Batcher
from gateway.toxicity.cache import ScoreCache
from gateway.toxicity.scorer import CATEGORIES, Scorer
from gateway.toxicity.windows import windows

_LEET = str.maketrans("013457@$", "oieastas")


class ToxicityDetector:
    """Adapter of `ports.Detector` around one `scorer`, which it owns.

    `longest` is the cap in code points of any form: a longer text raises StageUndefined (the
    message is held), it is never scored in part. Scores are calibrated, so that 0.5 means the
    same for each form and language (docs/reference/toxicity.md). What the model said of a text of
    a creator counts for `keep_s` seconds; 0 asks it every time.
    """

    stage = Stage.TOXICITY

    def __init__(
        self,
        *,
        scorer: Scorer,
        longest: int = 40_000,
        most_a_batch: int = 64,
        keep_s: float = 600.0,
    ) -> None:
        self._scorer = scorer
        self._longest = longest
        # One thread: models are not made for several, and batching is the better use of it.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="toxicity")
        self._batcher = Batcher(
            scorer.score,
            executor=self._executor,
            cache=ScoreCache(keep_s=keep_s, clock=time.monotonic),
            most=most_a_batch,
        )
        self._models = (ModelIdentity(id=scorer.id, sha256=scorer.sha256),)

    async def warm(self) -> None:
        """Loads and checks the weights, scores once. Raises ModelInvalid."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._scorer.load)
        await self._batcher.score([""], scope=())

    async def detect(self, submission: Submission, read: ReadText) -> Detection:
        """What counts is what was read; of `submission` only whose it is. Raises StageUndefined
        when the text is longer than the cap or an answer is not a score."""
        asked: list[tuple[str, str, int]] = []  # form, window, how many the form has
        for form, text in forms(read).items():
            if len(text) > self._longest:
                raise StageUndefined(self.stage, f"text longer than {self._longest} characters")
            parts = windows(text, size=self._scorer.window)
            asked += [(form, part, len(parts)) for part in parts]
        answers = await self._batcher.score(
            [part for _, part, _ in asked], scope=(submission.tenant, submission.creator)
        )
        calibrate = self._scorer.calibration.apply
        calibrated = [
            calibrate(answer, form=form, language=read.language, windows=count)
            for (form, _, count), answer in zip(asked, answers, strict=True)
        ]
        return Detection(stage=self.stage, scores=worst(calibrated), models=self._models)

    async def close(self) -> None:
        await self._batcher.close()
        self._executor.shutdown(wait=True)
        self._scorer.close()


def forms(read: ReadText) -> dict[str, str]:
    """The forms worth scoring, by name: the clean text always, as "garbled" when reading had
    something to undo; the normalised one when it differs; the folded one of a garbled text,
    with every leet letter undone if any was."""
    found = {"garbled" if read.changes else "clean": read.clean.text}
    if read.normalised.text != read.clean.text:
        found["normalised"] = read.normalised.text
    if read.changes:
        folded = read.folded.text
        if any(change.kind == "leet" for change in read.changes):
            # Reading undoes leet word by word where that makes a word; who writes one word so
            # writes others so, and a number misread costs a model little.
            folded = folded.translate(_LEET)
        if folded not in found.values():
            found["folded"] = folded
    return found


def worst(scores: Iterable[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The highest score of each category; None where no scorer covers it."""
    found: dict[str, float | None] = dict.fromkeys(CATEGORIES)
    for each in scores:
        for category in CATEGORIES:
            score, before = each.get(category), found[category]
            if score is not None:
                found[category] = score if before is None else max(before, score)
    return found
