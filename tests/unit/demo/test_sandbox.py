from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gateway.demo.sandbox import SECRET_VARIABLE, SandboxPlatform
from gateway.disclosure.canonical import content_hash
from gateway.disclosure.receipt import ReceiptSigner
from gateway.keyring import Keyring
from gateway.platforms.signing import signed_headers
from tests.patience import PATIENCE_S, until_soon

SECRET = b"a secret of at least 24 bytes"
NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
SALT = bytes(16)
SIGNER = ReceiptSigner(key=Keyring.generate().receipt)


def body(**changed: Any) -> bytes:
    text = "[AI] hello"
    hashed = content_hash(text, SALT)
    receipt = SIGNER.sign({"jti": "r", "message_id": "msg_1", "content_hash": hashed})
    message = {
        "message_id": "msg_1",
        "text": text,
        "disclosure": {"salt": SALT.hex(), "content_hash": hashed},
        "receipt": receipt.jws,
    }
    return json.dumps({**message, **changed}).encode()


def headers(raw: bytes, key: str = "msg_1") -> dict[str, str]:
    return {"idempotency-key": key, **signed_headers(SECRET, key=key, at=NOW, body=raw)}


@pytest.fixture
def sandbox() -> SandboxPlatform:
    return SandboxPlatform(secret=SECRET, now=lambda: NOW)


def test_takes_each_key_once(sandbox: SandboxPlatform) -> None:
    raw = body()
    assert sandbox.take(headers(raw), raw) == (201, {"id": "sandbox-1"})
    assert sandbox.take(headers(raw), raw) == (200, {"id": "sandbox-1", "repeated": True})
    other = body(channel="dm")
    assert sandbox.take(headers(other), other)[0] == 422
    assert len(sandbox.messages) == 1


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"{", "not a message"),
        (b"[" * 100_000, "not a message"),
        (b"[]", "not a message"),
        (b"{}", "not a message"),
        (body(text="[AI] hullo"), "not about this text"),
        (body(text=""), "not about this text"),
        (body(message_id="msg_2"), "another message"),
        (body(receipt="x"), "receipt"),
        (body(receipt=7), "receipt"),
        (body(disclosure={"salt": "zz", "content_hash": ""}), "not a message"),
    ],
)
def test_refuses_what_is_wrong(raw: bytes, problem: str, sandbox: SandboxPlatform) -> None:
    status, answer = sandbox.take(headers(raw), raw)
    assert status == 400
    assert problem in answer["error"]
    assert sandbox.messages == []


def test_needs_signature_and_key(sandbox: SandboxPlatform) -> None:
    raw = body()
    assert sandbox.take({"idempotency-key": "msg_1"}, raw)[0] == 401
    unkeyed = headers(raw)
    del unkeyed["idempotency-key"]
    assert sandbox.take(unkeyed, raw)[0] == 400


def test_without_a_secret_everyone_may_post() -> None:
    assert SandboxPlatform(secret=None).take({"idempotency-key": "k"}, body())[0] == 201


@pytest.fixture
async def client(sandbox: SandboxPlatform) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        sandbox.running() as url,
        httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as made,
    ):
        yield made


async def test_over_http(sandbox: SandboxPlatform, client: httpx.AsyncClient) -> None:
    raw = body()
    assert (await client.post("/messages", content=raw, headers=headers(raw))).status_code == 201
    assert [one["id"] for one in (await client.get("/messages")).json()] == ["sandbox-1"]
    assert (await client.delete("/messages")).status_code == 204
    assert (await client.get("/messages")).json() == []
    assert sandbox.requests == 1


async def test_fails_as_told(sandbox: SandboxPlatform, client: httpx.AsyncClient) -> None:
    told = {"status": 503, "retry_after": "3", "times": 2}
    assert (await client.put("/failure", json=told)).status_code == 204
    raw = body()
    answers = [await client.post("/messages", content=raw, headers=headers(raw)) for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 503, 201]
    assert answers[0].headers["retry-after"] == "3"


async def test_slow_is_taken(sandbox: SandboxPlatform, client: httpx.AsyncClient) -> None:
    await client.put("/failure", json={"slow_s": 0.01})
    raw = body()
    assert (await client.post("/messages", content=raw, headers=headers(raw))).status_code == 201


async def test_dropped_is_taken_and_never_answered(
    sandbox: SandboxPlatform, client: httpx.AsyncClient
) -> None:
    await client.put("/failure", json={"drop": True})
    raw = body()
    asking = asyncio.create_task(client.post("/messages", content=raw, headers=headers(raw)))
    await until_soon(lambda: sandbox.messages)
    answered, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not answered
    asking.cancel()
    assert len(sandbox.messages) == 1


@pytest.mark.parametrize(
    "told",
    [b"{", b"[]", b'{"status":200}', b'{"times":-1}', b'{"slow_s":1e9}', b'{"x":1}', b'{"drop":1}'],
)
async def test_failures_are_checked(told: bytes, client: httpx.AsyncClient) -> None:
    assert (await client.put("/failure", content=told)).status_code == 422


async def test_bodies_are_bounded(client: httpx.AsyncClient) -> None:
    assert (await client.post("/messages", content=b"x" * 2_100_000)).status_code == 413


@pytest.mark.programs
def test_refuses_a_secret_that_can_be_guessed() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "gateway.demo.sandbox", "--port", "0"],
        env={**os.environ, SECRET_VARIABLE: "short"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode != 0
    assert "under 24 bytes" in ran.stderr
