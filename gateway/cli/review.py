"""`review`: list the messages that wait for a person, and settle them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli.context import CommandServices, run, settings_of
from gateway.cli.options import AsJson
from gateway.cli.output import print_listing
from gateway.model.obligation import escalating
from gateway.model.record import Entry, Escalation, HeldMessage, Outcome, Review, ReviewAction

Tenant = Annotated[str, typer.Option(help="Tenant of the message.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the audit log.")]
Reviewer = Annotated[str, typer.Option(help="Who decides; goes into the audit log.")]


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)

    def settle(
        context: typer.Context, tenant: str, message_id: str, review: Review, text: str | None
    ) -> None:
        async def job() -> Outcome:
            async with commands.gateway(settings_of(context)) as gateway:
                return await gateway.review(tenant, message_id, review, text)

        outcome = run(job)
        typer.echo(f"{message_id}: {outcome.state.value}")
        for reason in outcome.judgement.reasons:
            typer.echo(f"  {reason.rule} ({reason.verdict.value}): {reason.text}")

    @app.command("list")
    def listed(
        context: typer.Context,
        tenant: Tenant = "default",
        limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
        as_json: AsJson = False,
    ) -> None:
        """What waits, the most urgent first, with the text as the avatar wrote it."""

        async def job() -> Sequence[HeldMessage]:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.reviews.waiting(tenant, limit=limit)

        held = run(job)
        if as_json:
            typer.echo(
                json.dumps([_held_json(message) for message in held], indent=2, ensure_ascii=False)
            )
            return
        print_listing(
            ("message", "channel", "creator", "expires", "text", "rules"),
            [_held_cells(message) for message in held],
            whole={"message"},
        )

    @app.command()
    def release(
        context: typer.Context,
        message_id: str,
        reason: Reason,
        reviewer: Reviewer,
        tenant: Tenant = "default",
    ) -> None:
        """Publish it after all, labelled and stripped. Overrides a hold, never a block."""
        review = _new_review(ReviewAction.RELEASE, reviewer, reason)
        settle(context, tenant, message_id, review, None)

    @app.command()
    def edit(
        context: typer.Context,
        message_id: str,
        text: Annotated[str, typer.Argument(help="The text to publish instead.")],
        reason: Reason,
        reviewer: Reviewer,
        tenant: Tenant = "default",
    ) -> None:
        """Publish another text instead; it is judged like a new message."""
        review = _new_review(ReviewAction.EDIT, reviewer, reason)
        settle(context, tenant, message_id, review, text)

    @app.command()
    def reject(
        context: typer.Context,
        message_id: str,
        reason: Reason,
        reviewer: Reviewer,
        tenant: Tenant = "default",
    ) -> None:
        """Never publish it."""
        review = _new_review(ReviewAction.REJECT, reviewer, reason)
        settle(context, tenant, message_id, review, None)

    _add_escalations(app, commands)
    return app


def _add_escalations(app: typer.Typer, commands: CommandServices) -> None:
    @app.command()
    def escalations(
        context: typer.Context,
        tenant: Tenant = "default",
        limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
        as_json: AsJson = False,
    ) -> None:
        """What a rule calls a person to look at, whatever became of the message; oldest first."""

        async def job() -> Sequence[Escalation]:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.escalations.waiting(tenant, limit=limit)

        rows = [_escalation_json(escalation) for escalation in run(job)]
        if as_json:
            typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
            return
        fields = ("message_id", "at", "conversation", "state", "human_text", "text", "published")
        print_listing(
            ("message", "since", "conversation", "state", "human", "avatar", "published"),
            [[str(row[name] or "") for name in fields] for row in rows],
            whole={"message", "conversation"},
        )

    @app.command()
    def acknowledge(
        context: typer.Context,
        message_id: str,
        reason: Reason,
        reviewer: Reviewer,
        tenant: Tenant = "default",
    ) -> None:
        """Somebody has looked: close the escalation. The message stays as it is."""

        async def job() -> Entry:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.escalations.acknowledge(
                    tenant, message_id, reviewer=reviewer, reason=reason, at=datetime.now(UTC)
                )

        typer.echo(f"{message_id}: acknowledged, entry {run(job).seq}")


def _held_cells(message: HeldMessage) -> tuple[str, ...]:
    outcome = message.outcome
    return (
        outcome.message_id,
        outcome.channel.value,
        outcome.creator,
        message.expires_at.isoformat(timespec="minutes"),
        message.submission.text,
        ", ".join(sorted({reason.rule for reason in outcome.judgement.reasons})),
    )


def _new_review(action: ReviewAction, reviewer: str, reason: str) -> Review:
    return Review(action=action, reviewer=reviewer, reason=reason, at=datetime.now(UTC))


def _held_json(held: HeldMessage) -> dict[str, object]:
    return {
        "message_id": held.outcome.message_id,
        "channel": held.outcome.channel.value,
        "creator": held.outcome.creator,
        "conversation": held.outcome.conversation,
        "text": held.submission.text,
        "human_text": held.submission.human_text,
        "held_at": held.held_at.isoformat(),
        "expires_at": held.expires_at.isoformat(),
        "reasons": [
            {"rule": reason.rule, "text": reason.text, "verdict": reason.verdict.value}
            for reason in held.outcome.judgement.reasons
        ],
    }


def _escalation_json(escalation: Escalation) -> dict[str, object]:
    outcome, submission = escalation.outcome, escalation.submission
    return {
        "message_id": outcome.message_id,
        "channel": outcome.channel.value,
        "creator": outcome.creator,
        "conversation": outcome.conversation,
        "state": outcome.state.value,
        "text": submission.text if submission else None,
        "human_text": submission.human_text if submission else None,
        "published": outcome.judgement.text,
        "at": escalation.at.isoformat(timespec="seconds"),
        "rules": list(escalating(outcome.judgement.obligations)),
    }
