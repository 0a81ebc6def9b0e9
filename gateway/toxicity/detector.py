"""`ToxicityDetector`: the highest score of each category over all forms and windows of a text."""

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
"""Signs and digits → the letters that they commonly stand for."""


class ToxicityDetector:
    """A `ports.Detector` around one `scorer`, which it owns and closes.

    `longest` is the cap in code points of any form: a longer text raises StageUndefined (the
    message is held), it is never scored in part. Scores are calibrated, so that 0.5 means the
    same for each form and language (docs/reference/toxicity.md). Scores of a text are kept for
    `keep_s` seconds, for each creator apart; 0 keeps none.
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
        # One thread: models are not made for several, and batches use it better.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="toxicity")
        self._batcher = Batcher(
            scorer.score,
            executor=self._executor,
            cache=ScoreCache(keep_s=keep_s, clock=time.monotonic),
            most=most_a_batch,
        )
        self._models = (ModelIdentity(id=scorer.id, sha256=scorer.sha256),)

    async def warm(self) -> None:
        """Load and check the weights, then score once, so that the first message is as quick as
        later ones. Raises ModelInvalid."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._scorer.load)
        await self._batcher.score([""], scope=())

    async def detect(self, submission: Submission, read: ReadText) -> Detection:
        """Score all forms of `read`. Of `submission` only tenant and creator matter. Raises
        StageUndefined when a form is longer than the cap or the model's answer is not a score."""
        parts: list[tuple[str, str, int]] = []  # form, text of one window, windows of the form
        for form, text in forms(read).items():
            if len(text) > self._longest:
                raise StageUndefined(self.stage, f"text longer than {self._longest} characters")
            cut = windows(text, size=self._scorer.window)
            parts += [(form, window, len(cut)) for window in cut]
        answers = await self._batcher.score(
            [window for _, window, _ in parts], scope=(submission.tenant, submission.creator)
        )
        calibrate = self._scorer.calibration.apply
        calibrated = [
            calibrate(answer, form=form, language=read.language, windows=count)
            for (form, _, count), answer in zip(parts, answers, strict=True)
        ]
        return Detection(stage=self.stage, scores=worst(calibrated), models=self._models)

    async def close(self) -> None:
        await self._batcher.close()
        self._executor.shutdown(wait=True)
        self._scorer.close()


def forms(read: ReadText) -> dict[str, str]:
    """The forms to score, by name (`calibration.FORMS`): the clean text always, named "garbled"
    when reading undid some hiding; the normalised form when it differs; for a garbled text the
    folded form too, with every leet character undone if one was."""
    scored = {"garbled" if read.changes else "clean": read.clean.text}
    if read.normalised.text != read.clean.text:
        scored["normalised"] = read.normalised.text
    if read.changes:
        folded = read.folded.text
        if any(change.kind == "leet" for change in read.changes):
            # Reading undoes leet only where that makes a word. Whoever writes one word in leet
            # writes others in it too, and a misread number costs a model little.
            folded = folded.translate(_LEET)
        if folded not in scored.values():
            scored["folded"] = folded
    return scored


def worst(scores: Iterable[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The highest score of each category; None where no scorer covers it."""
    highest: dict[str, float | None] = dict.fromkeys(CATEGORIES)
    for window_scores in scores:
        for category in CATEGORIES:
            score, before = window_scores.get(category), highest[category]
            if score is not None:
                highest[category] = score if before is None else max(before, score)
    return highest
