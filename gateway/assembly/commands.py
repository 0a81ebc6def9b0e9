"""What the command line is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import (
    asynccontextmanager,
)
from typing import Any

from gateway.assembly.adapters import (
    limits_of,
)
from gateway.assembly.build import assemble, check_creator, open_with_anchors, policies_dir
from gateway.assembly.serving import serve
from gateway.cli.context import CommandServices, Document
from gateway.errors import StageFailure
from gateway.model.creator import Creator
from gateway.model.submission import Submission
from gateway.opened import utc_now
from gateway.pipeline.admission import admit
from gateway.pipeline.gateway import Gateway
from gateway.pipeline.judge import Judge
from gateway.settings import Settings, read_settings


def command_services() -> CommandServices:
    """What the command line is given."""
    return CommandServices(
        settings=read_settings,
        opened=open_with_anchors,
        gateway=_open_gateway,
        serve=serve,
        policies_dir=policies_dir,
        check_creator=check_creator,
        document=_open_documents,
    )


@asynccontextmanager
async def _open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    async with assemble(settings) as parts:
        yield parts.gateway


@asynccontextmanager
async def _open_documents(settings: Settings) -> AsyncIterator[Document]:
    """What the policies would be shown of a message; nothing is recorded or delivered. A creator
    that nobody registered has no settings."""
    async with assemble(settings) as parts:
        rooms = parts.rooms
        judge = Judge(rooms=rooms, limits=limits_of(settings), now=utc_now)

        async def document(submission: Submission) -> Mapping[str, Any]:
            route = admit(submission, rooms.platform.routes, settings.max_text_length)
            creator = await rooms.registry.creator(submission.tenant, submission.creator)
            if creator is None:
                creator = Creator(
                    tenant=submission.tenant, id=submission.creator, version=0, updated_at=utc_now()
                )
            judgement, grounds = await judge.judge(submission, creator, route)
            if grounds.decision is None:
                why = "; ".join(f"{one.stage}: {one.reason}" for one in judgement.unavailable)
                raise StageFailure("policy", why or "no decision")
            return grounds.decision.document

        yield document
