"""The services that the command line gets. Each imports the modules behind it when it is first
used, so that a command imports only what it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.context import CommandServices, Document
from gateway.cli.lazy import imports_uncollected

if TYPE_CHECKING:
    from gateway.opened import Opened
    from gateway.pipeline.gateway import Gateway
    from gateway.settings import Settings


def command_services() -> CommandServices:
    """The services that commands use."""
    return CommandServices(
        settings=_read_settings,
        opened=_open_with_anchors,
        gateway=_open_gateway,
        serve=_serve_http,
        policies_dir=_policies_dir,
        check_creator=_check_creator,
        document=_open_documents,
    )


def _read_settings(config: Path | None, flags: Mapping[str, Any]) -> Settings:
    with imports_uncollected():
        from gateway.settings import read_settings  # noqa: PLC0415 - see above

    return read_settings(config, flags)


def _open_with_anchors(settings: Settings) -> AbstractAsyncContextManager[Opened]:
    with imports_uncollected():
        from gateway.assembly.opening import open_with_anchors  # noqa: PLC0415 - see above

    return open_with_anchors(settings)


@asynccontextmanager
async def _open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    with imports_uncollected():
        from gateway.assembly.build import assemble  # noqa: PLC0415 - see above

    async with assemble(settings) as parts:
        yield parts.gateway


def _serve_http(settings: Settings) -> None:
    with imports_uncollected():
        from gateway.assembly.serving import serve  # noqa: PLC0415 - see above

    serve(settings)


def _policies_dir(settings: Settings) -> Path:
    from gateway.assembly.opening import policies_dir  # noqa: PLC0415 - see above

    return policies_dir(settings)


def _check_creator(settings: Settings, changes: Mapping[str, Any]) -> None:
    with imports_uncollected():
        from gateway.assembly.build import check_creator  # noqa: PLC0415 - see above

    check_creator(settings, changes)


def _open_documents(settings: Settings) -> AbstractAsyncContextManager[Document]:
    with imports_uncollected():
        from gateway.assembly.documents import open_documents  # noqa: PLC0415 - see above

    return open_documents(settings)
