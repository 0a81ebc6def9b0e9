"""Records what auditors must see besides messages: changes of configuration, and writes that the
proxy passed on unjudged."""

from __future__ import annotations

import asyncio
from functools import partial

from gateway.model.record import Change, Entry, PassedWrite
from gateway.storage.engine.transaction import EntryColumns
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.vault.digests import Digests

_LARGE_BODY_BYTES = 262_144
"""A larger body is digested off the event loop: 256 KiB take a millisecond."""


class Changes:
    """Appends entries about changes. Methods return once their entry is durable, or raise
    NotRecorded."""

    def __init__(self, *, writer: DatabaseWriter, digests: Digests) -> None:
        self._writer = writer
        self._digests = digests

    async def note(self, change: Change) -> Entry:
        """Append the entry of `change`."""
        creator = change.subject if change.what == "creator" else None
        columns = EntryColumns(creator=creator, decision=change.what)
        return await self._writer.write(lambda transaction: transaction.append(change, columns))

    async def note_passed(self, passed: PassedWrite) -> Entry:
        """Append the entry of a write that the proxy passes on unjudged; to be called before it is
        sent."""
        digest = partial(self._digests.passed, passed.target, passed.body)
        large = len(passed.body) > _LARGE_BODY_BYTES
        change = Change(
            actor=passed.caller,
            tenant=passed.tenant,
            what="passed",
            subject=passed.route,
            at=passed.at,
            before=None,
            after=None,
            detail={
                "operation": passed.operation,
                "request": passed.listed,
                "digest": await asyncio.to_thread(digest) if large else digest(),
            },
        )
        return await self.note(change)
