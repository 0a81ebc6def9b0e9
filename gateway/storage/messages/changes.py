"""What auditors must see besides messages: changes of configuration, and writes that passed the
proxy unjudged."""

from __future__ import annotations

import asyncio
from functools import partial

from gateway.model.record import Change, Entry, PassedWrite
from gateway.storage.engine.transaction import EntryColumns
from gateway.storage.engine.writer import DatabaseWriter
from gateway.storage.vault.digests import Digests

_LARGE_BODY = 262_144
"""Bytes. A larger body is digested off the event loop: a quarter of a megabyte takes a
millisecond."""


class Changes:
    """Every method returns only after its entry is durable, or raises NotRecorded."""

    def __init__(self, *, writer: DatabaseWriter, digests: Digests) -> None:
        self._writer = writer
        self._digests = digests

    async def note(self, change: Change) -> Entry:
        """Append the entry of `change`."""
        creator = change.subject if change.what == "creator" else None
        marks = EntryColumns(creator=creator, decision=change.what)
        return await self._writer.write(lambda transaction: transaction.append(change, marks))

    async def note_passed(self, passed: PassedWrite) -> Entry:
        """Append the entry of a write that passes the proxy unjudged; before it is sent."""
        digest = partial(self._digests.passed, passed.target, passed.body)
        large = len(passed.body) > _LARGE_BODY
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
