"""The submission that `decide` and `policy explain` make of a text on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.cli.context import ACTOR
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
    """Make a dry run of `text`, received now; `human` is the human's last message."""
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
        audience=Audience(minor=minor, jurisdictions=tuple(jurisdictions)),
        commercial=Commercial(paid_partnership=paid, brand=brand),
        caller=ACTOR,
        dry_run=True,
    )
