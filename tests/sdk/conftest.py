"""A gateway and its sandbox platform, as processes of their own, and both clients."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from avatar_gateway_client import AsyncClient, Audience, Client, Message

from gateway.demo.processes import RunningDemo, running
from tests.patience import PATIENCE_S, PATIENT_TEXT


@dataclass(frozen=True, slots=True)
class Both:
    """Calls either client alike."""

    client: Any
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def __call__(self, method: str, *given: Any, **named: Any) -> Any:
        found = getattr(self.client, method)(*given, **named)
        return await found if inspect.isawaitable(found) else found


@pytest.fixture(scope="package")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running(
        tmp_path_factory.mktemp("sdk"),
        patience_s=PATIENCE_S,
        services=False,
        **PATIENT_TEXT,
    ) as found:
        with Client(found.gateway, token(found)) as client:
            client.put_creator("lea", {"display_name": "Léa"})
        yield found


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
async def do(request: pytest.FixtureRequest, there: RunningDemo) -> AsyncIterator[Both]:
    both = Both(request.param(there.gateway, token(there)))
    yield both
    await both("close")


def token(there: RunningDemo) -> str:
    return (there.data_dir / "first-api-key").read_text(encoding="utf-8").strip()


_NUMBERS = itertools.count(1)


def message(text: str, **more: Any) -> Message:
    """A good one, in a conversation of its own."""
    number = next(_NUMBERS)
    given: dict[str, Any] = {
        "channel": "dm",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": f"c-{number}",
        "audience": Audience(id=f"fan-{number}", minor="no", jurisdictions=["FR"]),
        "text": text,
    }
    return Message(**{**given, **more})
