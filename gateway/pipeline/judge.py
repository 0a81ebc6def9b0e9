"""Stages 3 to 6 of a message: read, detect, decide, discharge. Nothing is written here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from gateway.errors import StageUndefined
from gateway.model.creator import Creator
from gateway.model.decision import Contact, Decision, Facts, Reason
from gateway.model.disclosure import Disclosure, Redaction
from gateway.model.finding import Detection, Stage, Unavailable
from gateway.model.judgement import Grounds, Judgement
from gateway.model.receipt import Receipt
from gateway.model.record import Review, ReviewAction
from gateway.model.route import Route
from gateway.model.submission import Submission
from gateway.model.text import ReadText
from gateway.model.verdict import Verdict
from gateway.pipeline.adapters import Adapters, Limits
from gateway.pipeline.ids import new_id
from gateway.pipeline.stages import Attempt, StageRunner
from gateway.pipeline.verdict import combine, explain
from gateway.ports import Detector, Now

Attempts = tuple[Attempt[object], ...]
"""The stages that a message went through so far."""

_READ_INLINE = 2_000
"""Most code points of a text that is read on the event loop: some milliseconds for the most garbled
one."""


Judged = tuple[Judgement, Grounds]
"""The judgement of a submission, and its grounds."""


class Judge:
    """Judges submissions. Safe for many tasks at once."""

    def __init__(self, *, adapters: Adapters, limits: Limits, now: Now) -> None:
        self._adapters = adapters
        self._limits = limits
        self._now = now
        self._stages = StageRunner()

    async def judge(
        self,
        submission: Submission,
        creator: Creator,
        route: Route,
        review: Review | None = None,
    ) -> Judged:
        """Judge `submission`. A `review` that releases it overrides holds by the policies, never a
        block or a failed stage."""
        # 3. Read the text once: every later stage works on these forms.
        read = await self._stages.attempt(
            Stage.READ, self._limits.detect_ms, lambda: self._read_text(submission)
        )
        if read.value is None:
            return self._judge_unread(route, read)
        # The policies in use now find the signals and decide, even if they are replaced meanwhile.
        with self._adapters.policies() as policies:
            # 4. Detect, and look up the contact, all at once: none depends on another.
            detectors = (*self._adapters.detectors, policies.signals)
            facts, detected = await self._gather_facts(
                submission, creator, route, read.value, detectors
            )
            # 5. Decide.
            decided = await self._stages.attempt(
                Stage.POLICY, self._limits.policy_ms, lambda: policies.decide(facts)
            )
        attempts: Attempts = (read, *detected, decided)
        judgement, grounds = _judge_attempts(facts, decided.value, attempts, review)
        # 6. Discharge the obligations of what will be published.
        if judgement.verdict is Verdict.PUBLISH and decided.value is not None:
            return await self._discharge_obligations(facts, decided.value, attempts, judgement)
        return judgement, grounds

    async def _read_text(self, submission: Submission) -> ReadText:
        text, language = submission.text, submission.language
        if len(text) <= _READ_INLINE:
            return self._adapters.read(text, language)
        return await asyncio.to_thread(self._adapters.read, text, language)

    async def _gather_facts(
        self,
        submission: Submission,
        creator: Creator,
        route: Route,
        read: ReadText,
        detectors: Sequence[Detector],
    ) -> tuple[Facts, Attempts]:
        now = self._now()
        contact_lookup = self._stages.attempt(
            Stage.CONTACT, self._limits.detect_ms, lambda: self._adapters.ledger.contact(submission)
        )
        detecting = (
            self._run_detector(detector, submission, read, creator) for detector in detectors
        )
        contact, detected = await asyncio.gather(contact_lookup, asyncio.gather(*detecting))
        attempts: Attempts = (contact, *detected, *_missing_detectors(detected))
        facts = Facts(
            now=now,
            submission=submission,
            read=read,
            detections=tuple(attempt.value for attempt in detected if attempt.value is not None),
            unavailable=_list_failures(attempts),
            creator=creator,
            contact=contact.value or Contact(),
            route=route,
            decision_id=new_id("dec", now),
        )
        return facts, attempts

    async def _run_detector(
        self, detector: Detector, submission: Submission, read: ReadText, creator: Creator
    ) -> Attempt[Detection]:
        async def detect() -> Detection:
            detection = await detector.detect(submission, read)
            if detection.stage is not detector.stage:
                raise StageUndefined(detector.stage.value, "it answered for another stage")
            if detection.stage is not Stage.PII:
                return detection
            return self._adapters.spare(detection, read, creator.public_facts)

        return await self._stages.attempt(detector.stage, self._limits.detect_ms, detect)

    async def _discharge_obligations(
        self, facts: Facts, decision: Decision, attempts: Attempts, judgement: Judgement
    ) -> Judged:
        obligations = decision.obligations

        async def redact() -> Redaction:
            return self._adapters.redact(
                facts.submission, facts.read, facts.detections, obligations
            )

        redacted = await self._stages.attempt(Stage.REDACT, self._limits.detect_ms, redact)
        if redacted.value is None:
            return _judge_attempts(facts, decision, (*attempts, redacted), None)
        redaction = redacted.value

        async def disclose() -> tuple[Disclosure, Receipt]:
            disclosure = self._adapters.discloser.disclose(facts, redaction, obligations)
            return disclosure, self._adapters.discloser.attest(facts, decision, disclosure)

        disclosed = await self._stages.attempt(Stage.DISCLOSE, self._limits.detect_ms, disclose)
        if disclosed.value is None:
            return _judge_attempts(facts, decision, (*attempts, redacted, disclosed), None)
        disclosure, receipt = disclosed.value
        published = replace(
            judgement,
            disclosure=disclosure,
            redacted_kinds=redaction.kinds,
            receipt=receipt,
            timings_ms=_timings_by_stage((*attempts, redacted, disclosed)),
        )
        grounds = Grounds(detections=facts.detections, decision=decision, redaction=redaction)
        return published, grounds

    def _judge_unread(self, route: Route, read: Attempt[ReadText]) -> Judged:
        """The judgement of a text that could not be read: no other stage can work on it."""
        failed = _list_failures((read,))
        verdict = combine(None, failed, route)
        judgement = Judgement(
            decision_id=new_id("dec", self._now()),
            verdict=verdict,
            language="und",
            reasons=explain(None, failed, route),
            unavailable=failed,
            timings_ms=_timings_by_stage((read,)),
        )
        return judgement, Grounds()


def _judge_attempts(
    facts: Facts, decision: Decision | None, attempts: Attempts, review: Review | None
) -> Judged:
    failed = _list_failures(attempts)
    verdict = combine(decision, failed, facts.route)
    why = explain(decision, failed, facts.route)
    if review is not None:
        why += (Reason(rule=f"review.{review.action}", text=review.reason, verdict=verdict),)
        releases = review.action is ReviewAction.RELEASE and not failed
        if releases and verdict is Verdict.HOLD and decision is not None:
            verdict = Verdict.PUBLISH
    judgement = Judgement(
        decision_id=facts.decision_id,
        verdict=verdict,
        language=facts.read.language,
        reasons=why,
        obligations=decision.obligations if decision else (),
        unavailable=failed,
        timings_ms=_timings_by_stage(attempts),
    )
    return judgement, Grounds(detections=facts.detections, decision=decision)


def _missing_detectors(detected: Sequence[Attempt[Detection]]) -> Attempts:
    """One failed attempt for each stage without a detector: a gateway built so publishes
    nothing."""
    there = {attempt.stage for attempt in detected}
    return tuple(
        Attempt(stage, 0.0, unavailable=Unavailable(stage=stage, reason="there is no detector"))
        for stage in (Stage.PII, Stage.TOXICITY, Stage.SIGNALS)
        if stage not in there
    )


def _list_failures(attempts: Sequence[Attempt[object]]) -> tuple[Unavailable, ...]:
    return tuple(attempt.unavailable for attempt in attempts if attempt.unavailable is not None)


def _timings_by_stage(attempts: Sequence[Attempt[object]]) -> dict[str, float]:
    return {attempt.stage.value: attempt.ms for attempt in attempts}
