"""Options that several commands have in common: filters of log entries, output as JSON."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.model.record import EntryKind

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Creator = Annotated[str | None, typer.Option(help="Of this creator.")]
ChannelName = Annotated[str | None, typer.Option(help="On this channel.")]
Conversation = Annotated[str | None, typer.Option(help="In this conversation.")]
Kind = Annotated[EntryKind | None, typer.Option(help="Of this kind.")]
Outcome = Annotated[str | None, typer.Option(help="publish, hold, block; delivered, expired, …")]
Rule = Annotated[str | None, typer.Option(help="Whose reasons name this rule.")]
Since = Annotated[str | None, typer.Option(help="From this time on (ISO 8601).")]
Until = Annotated[str | None, typer.Option(help="Before this time (ISO 8601).")]
