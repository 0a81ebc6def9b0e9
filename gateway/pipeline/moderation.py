"""What the detectors say of a text that nobody wants to publish: a question, not a message."""

from __future__ import annotations

from datetime import datetime

from gateway.errors import StageFailure
from gateway.model.finding import Detection, Stage
from gateway.model.submission import Channel, Submission
from gateway.model.text import ReadText
from gateway.pipeline.adapters import Adapters, Limits
from gateway.pipeline.stages import Attempt, StageRunner, T
from gateway.ports import Detector, Now

ASKED = (Stage.TOXICITY, Stage.SIGNALS)


class Moderator:
    """Nothing is recorded, delivered or remembered. Safe for many tasks at once."""

    def __init__(self, *, rooms: Adapters, limits: Limits, now: Now) -> None:
        self._rooms = rooms
        self._limits = limits
        self._now = now
        self._stages = StageRunner()

    async def ask(self, text: str) -> dict[Stage, Detection]:
        """What each stage of ASKED found. Raises StageFailure where one of them is missing,
        fails or passes its deadline: an answer in part would look like a clean one."""

        async def reading() -> ReadText:
            return self._rooms.read(text, None)

        read = _value(await self._stages.attempt(Stage.READ, self._limits.detect_ms, reading))
        question = _question(text, self._now())
        found = {}
        with self._rooms.policies() as policies:
            for detector in (*self._rooms.detectors, policies.signals):
                if detector.stage in ASKED:
                    found[detector.stage] = await self._detect(detector, question, read)
        for stage in ASKED:
            if stage not in found:
                raise StageFailure(stage.value, "there is no detector")
        return found

    async def _detect(self, detector: Detector, question: Submission, read: ReadText) -> Detection:
        detected = _value(
            await self._stages.attempt(
                detector.stage, self._limits.detect_ms, lambda: detector.detect(question, read)
            )
        )
        if detected.stage is not detector.stage:
            raise StageFailure(detector.stage.value, "it answered for another stage")
        return detected


def _value(attempt: Attempt[T]) -> T:
    if attempt.value is None:
        reason = attempt.unavailable.reason if attempt.unavailable else "it answered nothing"
        raise StageFailure(attempt.stage.value, reason)
    return attempt.value


def _question(text: str, now: datetime) -> Submission:
    """The form that detectors take; of all this they look at the text alone."""
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
