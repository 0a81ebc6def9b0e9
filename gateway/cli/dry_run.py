"""The submission that `decide` and `policy explain` make of a text on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import typer

from gateway.cli.context import ACTOR
from gateway.jurisdictions import jurisdiction
from gateway.model.submission import Audience, Channel, Commercial, Minor, Submission
from gateway.pipeline.ids import new_id


def dry_run_submission(
    text: str,
    *,
    tenant: str,
    channel: Channel,
    creator: str,
    language: str | None = None,
    human: str | None,
    minor: Minor,
    jurisdictions: Sequence[str],
    paid: bool,
    brand: str | None,
) -> Submission:
    """Make a dry run of `text`, received now; `human` is the human's last message. Raises
    typer.BadParameter for a code of a place that ISO 3166 does not assign."""
    now = datetime.now(UTC)
    return Submission(
        message_id=new_id("msg", now),
        tenant=tenant,
        channel=channel,
        creator=creator,
        avatar=f"{creator}-twin",
        conversation="command-line",
        text=text,
        received_at=now,
        language=language,
        human_text=human,
        audience=Audience(minor=minor, jurisdictions=_assigned(jurisdictions)),
        commercial=Commercial(paid_partnership=paid, brand=brand),
        caller=ACTOR,
        dry_run=True,
    )


def _assigned(codes: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(map(jurisdiction, codes))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--jurisdiction") from None
