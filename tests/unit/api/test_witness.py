from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.api.witness import WitnessApp
from gateway.keyring import Keyring
from gateway.trail.checkpoint import note_keys, sign_checkpoint
from gateway.trail.merkle import EMPTY_ROOT
from gateway.trail.note import cosignatures
from gateway.trail.witness import MAX_REQUEST_BYTES, AddCheckpoint, Cosigner, Witness

ORIGIN = "log.example/l"
LOG = Keyring.generate()
NOTE = sign_checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT, keyring=LOG).note
REQUEST = AddCheckpoint(old=0, proof=(), note=NOTE).text


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(
        logs={ORIGIN: note_keys(ORIGIN, LOG)},
        cosigner=Cosigner(name="w.example", keyring=Keyring.generate()),
        folder=tmp_path,
        now=lambda: datetime.now(UTC),
    )


@pytest.fixture
async def client(witness: Witness) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(WitnessApp(witness))
    async with httpx.AsyncClient(transport=transport, base_url="http://w") as made:
        yield made


async def test_cosigns(client: httpx.AsyncClient, witness: Witness) -> None:
    answer = await client.post("/add-checkpoint", content=REQUEST)
    assert answer.status_code == 200
    assert len(cosignatures(NOTE + answer.text, witness.keys)) == 1


async def test_a_conflict_has_its_media_type(client: httpx.AsyncClient) -> None:
    note = sign_checkpoint(origin=ORIGIN, size=3, root=EMPTY_ROOT, keyring=LOG).note
    body = AddCheckpoint(old=2, proof=(), note=note).text
    answer = await client.post("/add-checkpoint", content=body)
    assert (answer.status_code, answer.text) == (409, "0\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/healthz", b"", 200),
        ("GET", "/", b"", 404),
        ("GET", "/add-checkpoint", b"", 405),
        ("POST", "/add-checkpoint", b"", 400),
        ("POST", "/add-checkpoint", b"x" * (MAX_REQUEST_BYTES + 1), 413),
    ],
)
async def test_other_requests(
    *, client: httpx.AsyncClient, method: str, path: str, content: bytes, status: int
) -> None:
    assert (await client.request(method, path, content=content)).status_code == status


def spoil(folder: Path) -> None:
    (path,) = folder.glob("*.checkpoint")
    path.write_text("spoilt")


async def test_without_memory_it_answers_nothing(
    client: httpx.AsyncClient, witness: Witness, tmp_path: Path
) -> None:
    note = sign_checkpoint(origin=ORIGIN, size=1, root=bytes(32), keyring=LOG).note
    body = AddCheckpoint(old=0, proof=(), note=note).text
    assert (await client.post("/add-checkpoint", content=body)).status_code == 200
    spoil(tmp_path)
    answer = await client.post("/add-checkpoint", content=body)
    assert (answer.status_code, answer.text) == (500, "no memory\n")


async def test_a_request_that_was_cut_is_not_judged(witness: Witness) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/add-checkpoint", "method": "POST"}
    await WitnessApp(witness)(scope, receive, send)
    assert sent[0]["status"] == 413
    assert witness.latest(ORIGIN) is None
