"""Runs the detectors on a text that is no message and will not be published."""

from __future__ import annotations

from datetime import datetime

from gateway.errors import StageFailure
from gateway.model.finding import Detection, Stage
from gateway.model.submission import Channel, Submission
from gateway.model.text import ReadText
from gateway.pipeline.adapters import Adapters, Limits
from gateway.pipeline.stages import Attempt, StageRunner, T
from gateway.ports import Detector, Now

MODERATED = (Stage.TOXICITY, Stage.SIGNALS)
"""Stages whose detections a moderation consists of."""


class Moderator:
    """Runs the detectors on a text; nothing is recorded or delivered. Safe for many tasks at
    once."""

    def __init__(self, *, adapters: Adapters, limits: Limits, now: Now) -> None:
        self._adapters = adapters
        self._limits = limits
        self._now = now
        self._stages = StageRunner()

    async def ask(self, text: str) -> dict[Stage, Detection]:
        """The detection of each stage of MODERATED. Raises StageFailure where one of them is
        missing, fails or passes its deadline: an answer in part would look like a clean one."""

        async def read_text() -> ReadText:
            return self._adapters.read(text, None)

        read = _value_or_raise(
            await self._stages.attempt(Stage.READ, self._limits.detect_ms, read_text)
        )
        bare = _bare_submission(text, self._now())
        detections = {}
        with self._adapters.policies() as policies:
            for detector in (*self._adapters.detectors, policies.signals):
                if detector.stage in MODERATED:
                    detections[detector.stage] = await self._run_detector(detector, bare, read)
        for stage in MODERATED:
            if stage not in detections:
                raise StageFailure(stage.value, "there is no detector")
        return detections

    async def _run_detector(
        self, detector: Detector, bare: Submission, read: ReadText
    ) -> Detection:
        detected = _value_or_raise(
            await self._stages.attempt(
                detector.stage, self._limits.detect_ms, lambda: detector.detect(bare, read)
            )
        )
        if detected.stage is not detector.stage:
            raise StageFailure(detector.stage.value, "it answered for another stage")
        return detected


def _value_or_raise(attempt: Attempt[T]) -> T:
    if attempt.value is None:
        reason = attempt.unavailable.reason if attempt.unavailable else "it answered nothing"
        raise StageFailure(attempt.stage.value, reason)
    return attempt.value


def _bare_submission(text: str, now: datetime) -> Submission:
    """`text` as a submission, since detectors take one. They look only at its text."""
    return Submission(
        message_id="",
        tenant="",
        channel=Channel.DM,
        creator="",
        avatar="",
        conversation="",
        text=text,
        received_at=now,
        dry_run=True,
    )
