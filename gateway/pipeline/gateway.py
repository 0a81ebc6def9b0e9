"""The numbered steps of one message, from submission to outcome.

This file and judge.py say what is done, in which order, and what happens when a step fails.
Adapters are reached only through the ports; one that fails holds the message (stages.py).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from gateway.errors import InvalidField, NotFound, NotRecorded
from gateway.model.creator import Creator
from gateway.model.decision import Reason
from gateway.model.finding import Stage
from gateway.model.judgement import Grounds, Judgement
from gateway.model.record import (
    HeldMessage,
    Outcome,
    Record,
    Review,
    ReviewAction,
    outcome_of,
)
from gateway.model.submission import Submission
from gateway.model.verdict import State, Verdict
from gateway.pipeline.adapters import Adapters, Limits
from gateway.pipeline.admission import admit
from gateway.pipeline.ids import commit_to, new_id
from gateway.pipeline.judge import Judge, Judged
from gateway.pipeline.stages import Spans, StageRunner
from gateway.pipeline.stream.whole import settle_whole
from gateway.ports import Now

_STATES = {
    Verdict.PUBLISH: State.QUEUED,
    Verdict.HOLD: State.HELD,
    Verdict.BLOCK: State.BLOCKED,
}


class Gateway:
    """Judges, records and delivers messages. Safe for many tasks at once."""

    def __init__(self, *, adapters: Adapters, limits: Limits, now: Now) -> None:
        self._adapters = adapters
        self._limits = limits
        self._now = now
        self._judge = Judge(adapters=adapters, limits=limits, now=now)
        self._stages = StageRunner()
        self._spans = Spans()
        self._log = structlog.get_logger("gateway.pipeline")
        self._abandoning: set[asyncio.Task[None]] = set()

    async def submit(self, submission: Submission) -> Outcome:
        """Take one submission through all stages; a dry run ends after it is recorded.

        Raises a Refusal when the caller must mend it, NotRecorded when the audit entry could
        not be made durable (nothing was sent then). Every other trouble is in the outcome.
        """
        with self._spans.message(submission.message_id):
            # 1. Admit: what is malformed is refused before anything is written.
            route = admit(submission, self._adapters.platform.routes, self._limits.max_text_length)
            creator = await self._registered_creator(submission)
            # 2. Claim the idempotency key: a repeated request gets its first outcome again.
            earlier = await self._claim_key(submission)
            if earlier is not None:
                return replace(earlier, replayed=True)
            try:
                # 3–6. Read, detect, decide, discharge the obligations.
                judged = await self._judge.judge(submission, creator, route)
                # 7. The check of a whole stream: whether what was released of it may stand.
                if submission.stream is not None and submission.stream.whole:
                    submission, judged = settle_whole(submission, judged)
                # 8. Record: durable before anything leaves.
                state = State.DECIDED if submission.dry_run else _STATES[judged[0].verdict]
                outcome = await self._record_message(submission, judged, state)
            except BaseException:
                await self._give_back_claim(submission)
                raise
            # 9. Deliver what is queued.
            return await self._deliver_queued(outcome)

    async def review(
        self, tenant: str, message_id: str, review: Review, edited: str | None = None
    ) -> Outcome:
        """Carry out a person's decision about a held message.

        A release overrides holds, never a block or a stage that failed; an edit is judged like
        a new message. What cannot be published stays held, with the new reasons. Raises NotFound
        when no such message waits.
        """
        held = await self._adapters.ledger.held(tenant, message_id)
        if held is None:
            raise NotFound("held message", message_id, "It was never held, or has been settled.")
        if (edited is not None) != (review.action is ReviewAction.EDIT):
            raise InvalidField("text", "goes with the action edit, always and only", "Mend either.")
        if review.action is ReviewAction.REJECT:
            return await self._reject_held(held, review)
        submission = _submission_after(held.submission, review, edited)
        route = admit(submission, self._adapters.platform.routes, self._limits.max_text_length)
        creator = await self._registered_creator(submission)
        judged = judgement, _ = await self._judge.judge(submission, creator, route, review)
        state = State.QUEUED if judgement.verdict is Verdict.PUBLISH else State.HELD
        outcome = await self._record_message(
            submission, judged, state, review=review, expires_at=held.expires_at
        )
        return await self._deliver_queued(outcome)

    async def _registered_creator(self, submission: Submission) -> Creator:
        """The creator of the submission. Raises InvalidField for one that nobody registered: their
        consent and rules are unknown."""
        creator = await self._adapters.registry.creator(submission.tenant, submission.creator)
        if creator is None:
            raise InvalidField(
                "creator", "is not registered", "Register it with PUT /v1/creators/{id}."
            )
        return creator

    async def _claim_key(self, submission: Submission) -> Outcome | None:
        try:
            async with asyncio.timeout(self._limits.record_ms / 1_000):
                return await self._adapters.ledger.claim(submission)
        except TimeoutError:
            await self._give_back_claim(submission)
            raise NotRecorded("the Idempotency-Key could not be claimed in time") from None

    async def _give_back_claim(self, submission: Submission) -> None:
        """Give the claim back, so that a retry starts afresh. Where that fails too, the caller is
        told of the first failure, and the claim expires."""
        task = asyncio.create_task(self._adapters.ledger.abandon(submission), name="claim")
        self._abandoning.add(task)  # runs to its end, even if nobody waits for it
        task.add_done_callback(self._claim_given_back)
        await asyncio.wait({task}, timeout=self._limits.record_ms / 1_000)

    def _claim_given_back(self, task: asyncio.Task[None]) -> None:
        self._abandoning.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.warning("not done", what=task.get_name(), error=type(error).__name__)

    async def _record_message(
        self,
        submission: Submission,
        judged: Judged,
        state: State,
        *,
        review: Review | None = None,
        expires_at: datetime | None = None,
    ) -> Outcome:
        """Write the audit entry. Raises NotRecorded, also when the deadline passes: the entry may
        be there then, which a retry with the same Idempotency-Key finds out."""
        now = self._now()
        deadline = expires_at or now + self._limits.review_ttl
        judgement, grounds = judged
        record = Record(
            submission=submission,
            judgement=judgement,
            grounds=grounds,
            state=state,
            decided_at=now,
            review=review,
            expires_at=deadline if state is State.HELD else None,
            commitment=commit_to(submission.text),
        )
        with self._spans.stage(Stage.RECORD):
            try:
                async with asyncio.timeout(self._limits.record_ms / 1_000):
                    entry = await self._adapters.ledger.record(record)
            except TimeoutError:
                raise NotRecorded("the audit entry was not confirmed in time") from None
        return outcome_of(record, entry.seq)

    async def _reject_held(self, held: HeldMessage, review: Review) -> Outcome:
        reason = Reason(rule=f"review.{review.action}", text=review.reason, verdict=Verdict.BLOCK)
        judgement = Judgement(
            decision_id=new_id("dec", self._now()),
            verdict=Verdict.BLOCK,
            language=held.outcome.judgement.language,
            reasons=(*held.outcome.judgement.reasons, reason),
        )
        return await self._record_message(
            held.submission, (judgement, Grounds()), State.REJECTED_BY_REVIEW, review=review
        )

    async def _deliver_queued(self, outcome: Outcome) -> Outcome:
        """Deliver a queued message, and wait a while for the platform. The attempt belongs to the
        courier: one that takes longer goes on without its caller, one that fails stays in the
        outbox, where the courier's loop finds it."""
        if outcome.state is not State.QUEUED:
            return outcome
        courier, ledger = self._adapters.courier, self._adapters.ledger
        if self._limits.deliver_wait_ms <= 0:
            courier.start(outcome.message_id)
            return outcome

        async def attempt_delivery() -> Outcome:
            ended = await courier.deliver(outcome.message_id)
            if ended is None:  # the attempt goes on, or another one is under way
                return await ledger.outcome(outcome.tenant, outcome.message_id) or outcome
            return replace(
                outcome,
                state=ended.state,
                attempts=ended.delivery.attempt,
                delivery_detail=ended.dispatch.detail,
            )

        waited = await self._stages.attempt(
            Stage.DELIVER, self._limits.deliver_wait_ms, attempt_delivery
        )
        # The message is recorded and perhaps sent: a failure here must not look like a refusal.
        return waited.value or outcome


def _submission_after(submission: Submission, review: Review, edited: str | None) -> Submission:
    editorial = replace(submission.editorial, reviewed_by=review.reviewer)
    if edited is None:
        return replace(submission, editorial=editorial)
    return replace(submission, text=edited, editorial=replace(editorial, edited=True))
