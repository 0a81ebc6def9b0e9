"""A real gateway whose disk fills up, and whose held messages run out of time."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE_S
from tests.processes import Serving, run, sandbox_process, serving

PROMISE = "Promis, je t'appelle ce soir à 20 h !"
Full = Callable[[Serving], AbstractContextManager[None]]
Scene = tuple[Serving, httpx.Client, str, Full]
"""The gateway, a client of it, the platform's URL, and what fills the disk."""


@pytest.fixture(scope="module", params=["no space", "no larger files"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A data directory, and a way to fill what it lies on."""
    data = tmp_path_factory.mktemp("place") / "data"
    if request.param == "no larger files":
        yield data, too_large
        return
    data.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160m,mode=700", "tmpfs", data],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield data, no_space
    subprocess.run(["umount", data], check=True)


@contextmanager
def no_space(there: Serving) -> Iterator[None]:
    ballast = there.data_dir / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def too_large(there: Serving) -> Iterator[None]:
    largest = max(path.stat().st_size for path in there.data_dir.glob("gateway.db*"))
    pid = there.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def there(place: tuple[Path, Full], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    data, full = place
    with (
        sandbox_process(tmp_path_factory.mktemp("sandbox")) as platform,
        serving(data, sandbox_url=platform, review_ttl_s=1, checkpoint_interval_s=0.5) as gateway,
        gateway.client() as client,
    ):
        client.put("/v1/creators/lea", json={}).raise_for_status()
        yield gateway, client, platform, full


def message(number: int | str, text: str) -> dict[str, Any]:
    return {
        "channel": "dm",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": f"c-{number}",
        "text": text,
    }


def key(number: int) -> dict[str, str]:
    return {"Idempotency-Key": f"clip-{number}"}


def state(client: httpx.Client, message_id: str) -> str:
    return str(client.get(f"/v1/messages/{message_id}").json()["state"])


def test_a_full_disk_sends_nothing_and_loses_nothing(there: Scene) -> None:
    gateway, client, platform, full = there
    said: dict[str, str] = {}
    refused: dict[int, str] = {}
    with full(gateway):
        for number in range(500):
            text = f"Le clip numéro {number} est au studio."
            answer = client.post("/v1/messages", json=message(number, text), headers=key(number))
            if answer.status_code == 503:
                assert answer.json()["type"].endswith("/not-recorded")
                refused[number] = text
                if len(refused) == 5:
                    break
            else:
                assert answer.status_code in {200, 202}, answer.text
                said[answer.json()["message_id"]] = text
        assert len(refused) == 5
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert client.get("/healthz").status_code == 200
        arrived = [one["text"] for one in httpx.get(platform, timeout=PATIENCE_S).json()]
        assert not [text for text in refused.values() if any(text in one for one in arrived)]
    _until(lambda: client.get("/readyz").status_code == 200)
    for number, text in refused.items():
        answer = client.post("/v1/messages", json=message(number, text), headers=key(number))
        assert answer.status_code in {200, 202}, answer.text
        said[answer.json()["message_id"]] = text
    _until(lambda: {state(client, message_id) for message_id in said} == {"delivered"})
    arrived = httpx.get(platform, timeout=PATIENCE_S).json()
    assert sorted(one["message_id"] for one in arrived) == sorted(said)
    assert all(said[one["message_id"]] in one["text"] for one in arrived)


def test_what_is_held_too_long_is_never_published(there: Scene) -> None:
    _, client, platform, _ = there
    retry = {"Idempotency-Key": "held-1"}
    answer = client.post("/v1/messages", json=message("held", PROMISE), headers=retry)
    assert answer.status_code == 202, answer.text
    outcome = answer.json()
    assert outcome["state"] == "held"
    path = f"/v1/reviews/{outcome['message_id']}"
    release = {"action": "release", "reason": "Agreed with the creator."}

    _until(lambda: state(client, outcome["message_id"]) == "expired")
    assert client.post(path, json=release).status_code == 404
    assert client.get("/v1/reviews").json() == []
    again = client.post("/v1/messages", json=message("held", PROMISE), headers=retry)
    assert again.status_code == 403
    assert again.json()["state"] == "expired"
    query = f"/v1/audit/entries?message_id={outcome['message_id']}"
    kinds = [one["kind"] for one in client.get(query).json()["entries"]]
    assert kinds == ["decision", "expiry"]
    arrived = {one["message_id"] for one in httpx.get(platform, timeout=PATIENCE_S).json()}
    assert outcome["message_id"] not in arrived


def test_the_log_verifies_afterwards(there: Scene, tmp_path: Path) -> None:
    gateway, client, _, _ = there
    note = client.get("/v1/audit/checkpoint")
    (tmp_path / "checkpoint").write_bytes(note.content)
    verified = run(
        gateway.data_dir, "audit", "verify", "--checkpoint", str(tmp_path / "checkpoint")
    )
    assert verified.returncode == 0, verified.stderr
    log = gateway.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "studio" not in log


def _until(true: Callable[[], bool]) -> None:
    until = (
        time.monotonic() + PATIENCE_S
    )  # an attempt that could not be settled waits for its lease
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
