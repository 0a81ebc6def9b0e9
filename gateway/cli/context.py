"""Services that `__main__` hands to each command, so that no command imports the assembly, and
functions that use them."""

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
"""Build the input document that policies would get for a submission; nothing is recorded or
delivered."""

ACTOR = "command line"
"""Who makes a change that the audit log notes, where no option names a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandServices:
    """The functions by which commands open what they need.

    `settings(config_file, flags)` reads the settings. `opened` (keys, store, log), `gateway` (the
    pipeline) and `document` (the maker of input documents) close what they opened afterwards.
    `serve` runs the server until it is stopped; `policies_dir` gives the folder of the packs;
    `check_creator` raises InvalidField for bad creator settings.
    """

    settings: Callable[[Path | None, Mapping[str, Any]], Settings]
    opened: Callable[[Settings], AbstractAsyncContextManager[Opened]]
    gateway: Callable[[Settings], AbstractAsyncContextManager[Gateway]]
    serve: Callable[[Settings], None]
    policies_dir: Callable[[Settings], Path]
    check_creator: Callable[[Settings, Mapping[str, Any]], None]
    document: Callable[[Settings], AbstractAsyncContextManager[Document]]


def settings_of(context: typer.Context) -> Settings:
    """Return the settings that the root command read."""
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
    """Parse the value of the option named `field` (ISO 8601), in UTC unless it has an offset.
    Raises InvalidField."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField(
            f"--{field}", "is no time", "Write it as 2026-11-22 or 2026-11-22T20:00:00Z."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
