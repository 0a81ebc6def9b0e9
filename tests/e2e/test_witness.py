"""Witnesses and time stamps with real processes: kept alive, killed, and lied to."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.keyring import Keyring
from gateway.trail.checkpoint import note_keys
from gateway.trail.note import NoteKey, cosignatures
from gateway.trail.proof import parse_proof
from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.processes import Serving, environment, free_port, run, serving
from tests.tsa import serving_authority

ORIGIN = "gateway.example/log"


@dataclass
class WitnessProcess:
    """A witness that can be killed and started again on what it remembers."""

    name: str
    folder: Path
    log_key: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> NoteKey:
        keyring = Keyring.open(self.folder / "keys")
        return NoteKey(self.name, keyring.checkpoint.public.raw, b"\x04")

    @property
    def setting(self) -> str:
        return f"{self.url} {self.key}"

    @property
    def seen(self) -> int:
        """The size of the newest checkpoint that it cosigned."""
        (kept,) = self.folder.glob("*.checkpoint")
        return int(kept.read_text(encoding="utf-8").split("\n")[1])

    def start(self) -> None:
        options = ("--name", self.name, "--state", str(self.folder), "--key", self.log_key)
        with self.folder.with_suffix(".log").open("ab") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gateway", "witness"),
                    *("--listen", f"127.0.0.1:{self.port}", *options),
                ],
                cwd=ROOT,
                env=environment(self.folder / "unused", {}),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        _until(self._answers, lambda: self.folder.with_suffix(".log").read_text())

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def watching(folder: Path, name: str, log_key: str) -> Iterator[WitnessProcess]:
    witness = WitnessProcess(name, folder, log_key, free_port())
    witness.start()
    try:
        yield witness
    finally:
        witness.kill()


def _until(found: Callable[[], Any], told: Callable[[], str]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError(told())


@dataclass
class Gateway:
    """One that serves, and what an auditor asks it."""

    client: httpx.Client

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post_message(self) -> None:
        message = {
            "channel": "dm",
            "creator": "lea",
            "avatar": "lea-twin",
            "conversation": "c1",
            "text": "Hello you!",
        }
        self.client.put("/v1/creators/lea", json={"display_name": "Léa"})
        assert self.client.post("/v1/messages", json=message).status_code in {200, 202}

    def witnessed(self, *witnesses: WitnessProcess) -> int:
        """Wait until the newest checkpoint of now is published with cosignatures by all."""
        size = int(self.get("/v1/audit/checkpoint").text.split("\n")[1])
        keys = [one.key for one in witnesses]

        def found() -> bool:
            note = self.get("/v1/log/checkpoint").text
            return int(note.split("\n")[1]) >= size and len(cosignatures(note, keys)) == len(keys)

        _until(found, lambda: self.get("/readyz").text + self.get("/v1/log/checkpoint").text)
        return size


@contextmanager
def gateway_of(served: Serving) -> Iterator[Gateway]:
    with served.client() as client:
        yield Gateway(client)


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, str]:
    """A data folder with keys, and the key of its log."""
    folder = tmp_path / "data"
    keyring = Keyring.create(folder / "keys")
    return folder, str(note_keys(ORIGIN, keyring)[0])


def test_witnesses_killed_and_lied_to(data: tuple[Path, str], tmp_path: Path) -> None:
    folder, log_key = data
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(watching(tmp_path / f"w{number}", f"w{number}.example", log_key))
            for number in (1, 2)
        )
        settings = {
            "log_origin": ORIGIN,
            "checkpoint_interval_s": 0.1,
            "checkpoint_post_quantum": "true",
            "deliver_wait_ms": 0,
            "witnesses": f"{first.setting},{second.setting}",
            "witness_quorum": 2,
            "witness_interval_s": 0.1,
        }
        made = run(folder, "keys", "create", "--role", "admin", "--rate", "10000", **settings)
        (folder / "first-api-key").write_text(made.stdout)
        assert run(folder, "audit", "checkpoint", **settings).returncode == 0
        shutil.copytree(folder, tmp_path / "backup")

        with serving(folder, **settings) as served, gateway_of(served) as gateway:
            gateway.post_message()
            gateway.witnessed(first, second)
            _one_dies(gateway, first, second)
            _proofs_are_cosigned(gateway, folder, [first, second], settings)

        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "backup", folder)
        with serving(folder, **settings) as served, gateway_of(served) as gateway:
            _a_rollback_is_told(gateway, first)


def _one_dies(gateway: Gateway, first: WitnessProcess, second: WitnessProcess) -> None:
    """Messages go on; the quorum is missing, and said to be; then it is back."""
    first.kill()
    gateway.post_message()
    gateway.get("/v1/audit/checkpoint")
    ready = _until(
        lambda: (one := gateway.get("/readyz")).json().get("remarks") and one,
        lambda: gateway.get("/metrics").text,
    )
    assert ready.status_code == httpx.codes.OK
    assert "1 of 2 needed (w1.example: cannot be reached" in ready.json()["remarks"][0]
    assert 'gateway_witness_up{witness="w1.example"} 0.0' in gateway.get("/metrics").text
    gateway.post_message()
    first.start()
    gateway.witnessed(first, second)
    assert "remarks" not in gateway.get("/readyz").json()


def _proofs_are_cosigned(
    gateway: Gateway, folder: Path, witnesses: list[WitnessProcess], settings: dict[str, Any]
) -> None:
    keys = [one.key for one in witnesses]
    proof = parse_proof(gateway.get("/v1/audit/proofs/0").text)
    assert len(cosignatures(proof.checkpoint, keys)) == len(keys)
    verified = run(folder, "audit", "verify", "--json", **settings)
    anchored = json.loads(verified.stdout)["anchored"]
    assert anchored["witnessed"] > 0
    assert [one["name"] for one in anchored["witnesses"]] == ["w1.example", "w2.example"]


def _a_rollback_is_told(gateway: Gateway, witness: WitnessProcess) -> None:
    """The operator went back to a backup. Messages go on, and every witness says so."""
    seen = witness.seen

    def told(what: str) -> Callable[[], bool]:
        return lambda: what in str(gateway.get("/readyz").json().get("remarks"))

    _until(told(f"w1.example: has seen {seen} entries"), lambda: gateway.get("/readyz").text)
    assert 'gateway_witness_alarm{witness="w1.example"} 1.0' in gateway.get("/metrics").text
    size = 0
    while size <= seen:  # another history, longer than what the witnesses saw
        gateway.post_message()
        size = int(gateway.get("/v1/audit/checkpoint").text.split("\n")[1])
    _until(told("not what it was (422)"), lambda: gateway.get("/readyz").text)
    assert witness.seen == seen
    assert cosignatures(gateway.get("/v1/log/checkpoint").text, [witness.key]) == ()


def test_checkpoints_are_stamped(data: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = data
    with serving_authority(tmp_path / "tsa") as authority:
        settings = {
            "log_origin": ORIGIN,
            "checkpoint_interval_s": 0.1,
            "timestamp_url": authority.url,
            "timestamp_certificates": authority.root,
            "timestamp_interval_s": 1,
        }
        with serving(folder, **settings) as served:
            _until(lambda: authority.asked, served.log.read_text)
            _until(
                lambda: json.loads(run(folder, "audit", "verify", "--json", **settings).stdout)[
                    "anchored"
                ]["stamps"],
                served.log.read_text,
            )
        told = run(folder, "audit", "verify", **settings).stdout
        assert "Time stamps: " in told
