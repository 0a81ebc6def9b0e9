"""The guide's examples of streams run as they are written, against a real gateway and generator."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.generator import generator
from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.processes import Serving, unhurried

GUIDE = (ROOT / "docs/guides/avatar-services.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
SAID = "Vendredi soir ! On a tourné pendant trois jours à la mer. Tu me diras ?"
WORDS = ("Salut tout le monde ! ", "On commence ", "dans un instant.")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("guide")
    with (
        generator(folder, {"Ça sort quand": SAID}) as url,
        unhurried(
            folder / "data",
            upstream_url=url,
            upstream_key="of the generator",
        ) as started,
    ):
        with started.client() as http:
            http.put("/v1/creators/lea", json={"display_name": "Léa"}).raise_for_status()
        yield started


def example(*marks: str) -> str:
    """The one block that holds all `marks`."""
    (found,) = (block for block in BLOCKS if all(mark in block for mark in marks))
    return str(found)


def ran(there: Serving, *codes: str) -> str:
    """What the examples print, run one after the other in one program."""
    key = there.headers["Authorization"].removeprefix("Bearer ")
    port = there.url.rpartition(":")[2]
    code = "\n".join((f"KEY = {key!r}", *codes)).replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


CHAT = example("client.chat.completions.create(", "stream=True")


def test_a_stream_from_a_generator(there: Serving) -> None:
    said = ran(there, CHAT)
    assert said.startswith("🤖 IA · ")
    assert said.endswith(SAID)


def test_in_the_form_of_responses(there: Serving) -> None:
    client = CHAT[: CHAT.index("stream = ")]  # the example goes on from the one before
    said = ran(there, client, example("client.responses.stream("))
    assert said.endswith(SAID)


def test_a_live_stream_over_a_websocket(there: Serving) -> None:
    said = ran(there, example("/v1/stream", "async def say"), f"asyncio.run(say({WORDS!r}))")
    assert said.endswith("".join(WORDS))
    assert "IA" in said[: -len("".join(WORDS))]
