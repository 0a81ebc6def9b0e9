"""`handover`: who speaks in a conversation, the avatar or a person in its place."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from gateway.cli.context import ACTOR, CommandServices, run, settings_of
from gateway.cli.options import AsJson
from gateway.errors import InvalidField
from gateway.model.human_turn import HumanTurn

Tenant = Annotated[str, typer.Option(help="Tenant of the conversation.")]
Conversation = Annotated[str, typer.Argument(help="The conversation, as in submissions.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the audit log.")]
Who = Annotated[str, typer.Option(help="Pseudonym of the person; goes into the audit log.")]

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+=~-]{0,127}")
_LEAST_REASON, _MOST_REASON = 3, 500  # characters, as in the HTTP API


def build(commands: CommandServices) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True)

    def switch(
        context: typer.Context, tenant: str, conversation: str, who: str | None, reason: str
    ) -> None:
        _check_identifier("conversation", conversation)
        if who is not None:
            _check_identifier("--who", who)
        why = reason.strip()
        if not _LEAST_REASON <= len(why) <= _MOST_REASON:
            raise InvalidField(
                "--reason",
                f"must have {_LEAST_REASON} to {_MOST_REASON} characters",
                "Say it in a sentence.",
            )

        async def job() -> HumanTurn | None:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.human_turns.set_speaker(
                    tenant, conversation, who=who, actor=ACTOR, reason=why, at=datetime.now(UTC)
                )

        typer.echo(_speaker_line(conversation, run(job)))

    @app.command()
    def take(
        context: typer.Context,
        conversation: Conversation,
        who: Who,
        reason: Reason,
        tenant: Tenant = "default",
    ) -> None:
        """A person speaks from now on: what the avatar submits there is held. Takes effect on
        running servers."""
        switch(context, tenant, conversation, who, reason)

    @app.command("return")
    def give_back(
        context: typer.Context,
        conversation: Conversation,
        reason: Reason,
        tenant: Tenant = "default",
    ) -> None:
        """The avatar speaks again, and says in full that it is an AI. Takes effect on running
        servers."""
        switch(context, tenant, conversation, None, reason)

    @app.command()
    def show(
        context: typer.Context,
        conversation: Conversation,
        tenant: Tenant = "default",
        as_json: AsJson = False,
    ) -> None:
        """Who speaks there, and since when."""
        _check_identifier("conversation", conversation)

        async def job() -> HumanTurn | None:
            async with commands.opened(settings_of(context)) as opened:
                return await opened.store.human_turns.find(tenant, conversation)

        turn = run(job)
        typer.echo(
            json.dumps(_speaker_json(conversation, turn), indent=2)
            if as_json
            else _speaker_line(conversation, turn)
        )

    return app


def _check_identifier(field: str, value: str) -> None:
    if not _IDENTIFIER.fullmatch(value):
        raise InvalidField(
            field,
            "is no identifier",
            "Write 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / + = ~ -, a letter or digit "
            "first.",
        )


def _speaker_line(conversation: str, turn: HumanTurn | None) -> str:
    if turn is None:
        return f"{conversation}: the avatar"
    since = turn.since.isoformat(timespec="seconds")
    if turn.until is None:
        return f"{conversation}: {turn.who}, since {since}"
    until = turn.until.isoformat(timespec="seconds")
    return f"{conversation}: the avatar; {turn.who} spoke from {since} to {until}"


def _speaker_json(conversation: str, turn: HumanTurn | None) -> dict[str, str | None]:
    """The same fields as the answer of GET /v1/conversations/{id}/handover."""
    return {
        "conversation": conversation,
        "speaker": "human" if turn is not None and turn.active else "avatar",
        "who": turn.who if turn else None,
        "since": turn.since.isoformat() if turn else None,
        "until": turn.until.isoformat() if turn and turn.until else None,
    }
