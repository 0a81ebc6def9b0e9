"""What every command is given. `__main__` fills it in: commands never import the assembly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from gateway.errors import InvalidField
from gateway.model.submission import Submission

if TYPE_CHECKING:  # a command imports what it uses: this module is imported for all of them
    from gateway.opened import Opened
    from gateway.pipeline.gateway import Gateway
    from gateway.settings import Settings

T = TypeVar("T")

Document = Callable[[Submission], Awaitable[Mapping[str, Any]]]
"""What the policies would be shown of a message, which is neither recorded nor delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandServices:
    """The functions by which commands open what they need.

    `settings(config_file, flags)` reads them; `opened` and `gateway` open what a command
    needs and close it afterwards; `serve` runs the server until it is stopped; `policies_dir`
    says where the packs are; `check_creator` raises InvalidField for bad creator settings;
    `document` opens what makes input documents.
    """

    settings: Callable[[Path | None, Mapping[str, Any]], Settings]
    opened: Callable[[Settings], AbstractAsyncContextManager[Opened]]
    gateway: Callable[[Settings], AbstractAsyncContextManager[Gateway]]
    serve: Callable[[Settings], None]
    policies_dir: Callable[[Settings], Path]
    check_creator: Callable[[Settings, Mapping[str, Any]], None]
    document: Callable[[Settings], AbstractAsyncContextManager[Document]]


def settings_of(context: typer.Context) -> Settings:
    """The settings that the root command read."""
    from gateway.settings import Settings  # noqa: PLC0415 - slow to import, and imported by now

    settings = context.find_root().obj
    assert isinstance(settings, Settings)  # noqa: S101 - the root callback always sets it
    return settings


def run(job: Callable[[], Awaitable[T]]) -> T:
    """Run one asynchronous command to its end."""

    async def main() -> T:
        return await job()

    return asyncio.run(main())


def moment(field: str, text: str | None) -> datetime | None:
    """The time that the option `field` names, UTC where it does not say. Raises InvalidField."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField(
            f"--{field}", "is no time", "Write it as 2026-11-22 or 2026-11-22T20:00:00Z."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
