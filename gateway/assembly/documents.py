"""Makes the input documents of messages as policies would see them, without recording or delivering
anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gateway.assembly.adapters import limits_of
from gateway.assembly.build import assemble
from gateway.cli.context import Document
from gateway.errors import StageFailure
from gateway.model.creator import Creator
from gateway.model.submission import Submission
from gateway.opened import utc_now
from gateway.pipeline.admission import admit
from gateway.pipeline.judge import Judge
from gateway.settings import Settings


@asynccontextmanager
async def open_documents(settings: Settings) -> AsyncIterator[Document]:
    """Open a maker of the input documents of messages. A creator that nobody registered has no
    settings. Raises StageFailure where a message gets no decision."""
    async with assemble(settings) as parts:
        adapters = parts.adapters
        judge = Judge(adapters=adapters, limits=limits_of(settings), now=utc_now)

        async def document(submission: Submission) -> Mapping[str, Any]:
            route = admit(submission, adapters.platform.routes, settings.max_text_length)
            creator = await adapters.registry.creator(submission.tenant, submission.creator)
            if creator is None:
                creator = Creator(
                    tenant=submission.tenant, id=submission.creator, version=0, updated_at=utc_now()
                )
            judgement, grounds = await judge.judge(submission, creator, route)
            if grounds.decision is None:
                why = "; ".join(
                    f"{failed.stage}: {failed.reason}" for failed in judgement.unavailable
                )
                raise StageFailure("policy", why or "no decision")
            return grounds.decision.document

        yield document
