"""Takes changed policies into use while the gateway runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from gateway.model.decision import Bundle
from gateway.policy.signals import SignalDetector
from gateway.policy.source import Snapshot, load_snapshot


class Swappable(Protocol):
    """An engine of this room."""

    async def swap(self, snapshot: Snapshot) -> None: ...


async def reload(directory: Path, *, engine: Swappable, signals: SignalDetector) -> Bundle:
    """Reads `directory` anew and decides by it from now on. Raises PolicyInvalid (or what a
    remote engine raises) and then goes on with the old policies, all of them: phrases are
    tried first and put back when the engine refuses the rest."""
    snapshot = await asyncio.to_thread(load_snapshot, directory)
    undo = signals.swap(snapshot.phrases)
    try:
        await engine.swap(snapshot)
    except BaseException:
        undo()
        raise
    return snapshot.bundle
