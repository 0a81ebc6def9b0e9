"""Gateways that wait as long as a busy machine takes.

`python -m tests.unhurried serve` runs one whose streams wait for the end of a sentence; the shipped
one releases words after 0.7 s. What a slow machine sends late must not change where a text is cut.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from gateway.__main__ import main
from gateway.assembly.build import AssembledGateway, assemble
from gateway.delivery.courier import OutboxCourier
from gateway.model.route import Route
from gateway.pipeline.stream.hold_back import HoldBackLimits
from gateway.settings import Settings
from tests.patience import PATIENCE_S
from tests.present import present


@asynccontextmanager
async def assemble_unhurried(settings: Settings) -> AsyncIterator[AssembledGateway]:
    """As `assemble`; a delivery may take as long as it takes. The shipped gateway gives up after
    10 s, and tries again."""
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(present(OutboxCourier.__init__.__kwdefaults__), "lease_s", PATIENCE_S)
            patch.setitem(present(Route.__init__.__kwdefaults__), "timeout_s", PATIENCE_S)
            parts = await stack.enter_async_context(assemble(settings))
        yield parts


if __name__ == "__main__":
    present(HoldBackLimits.__init__.__kwdefaults__)["patience_s"] = PATIENCE_S
    main()
