"""An OPA server fetches its policies from the gateway, signed, and again when they change."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bench.policy import serving as opa_serving
from tests.bundle_keys import key_pair
from tests.paths import ROOT
from tests.patience import PATIENCE_S
from tests.processes import Serving, serving

BUNDLE = "/v1/policies/bundle"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("served")
    shutil.copytree(ROOT / "policies", made / "policies")
    private, public = key_pair()
    (made / "private.pem").write_bytes(private)
    (made / "public.pem").write_bytes(public)
    return made


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Iterator[Serving]:
    settings = {
        "policies_dir": folder / "policies",
        "policies_signing_key": folder / "private.pem",
        "policies_reload_s": 0.2,
    }
    with serving(folder / "data", **settings) as there:
        yield there


def _config(folder: Path, gateway: Serving, public: bytes) -> Path:
    token = gateway.headers["Authorization"].removeprefix("Bearer ")
    credentials = {"bearer": {"token": token}}
    bundle = {
        "service": "gateway",
        "resource": BUNDLE,
        "signing": {"keyid": "policies"},
        "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1},
    }
    path = folder / "opa.json"
    document = {
        "services": {"gateway": {"url": gateway.url, "credentials": credentials}},
        "keys": {"policies": {"algorithm": "ES256", "key": public.decode()}},
        "bundles": {"policies": bundle},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.2)


def _held_by(opa: str) -> object:
    return httpx.get(f"{opa}/v1/data/gateway_bundle/digest", timeout=60).json().get("result")


def test_an_opa_server_follows_the_policies_in_use(
    opa: str, folder: Path, gateway: Serving
) -> None:
    config = _config(folder, gateway, (folder / "public.pem").read_bytes())
    with gateway.client() as client, opa_serving(opa, "--config-file", str(config)) as server:
        first = client.get("/v1/policies").json()["digest"]
        _until(lambda: _held_by(server) == first)
        with serving(
            folder / "follower",
            policy_engine="opa",
            opa_url=server,
            opa_upload=False,
            policies_dir=folder / "policies",
        ) as follower:
            _decides(follower, first)
        data = folder / "policies" / "creator" / "data.yaml"
        data.write_text(data.read_text("utf-8") + "# said otherwise\n", encoding="utf-8")
        _until(lambda: client.get("/v1/policies").json()["digest"] != first)
        changed = client.get("/v1/policies").json()["digest"]
        _until(lambda: _held_by(server) == changed)


def _decides(follower: Serving, digest: str) -> None:
    message = {
        "channel": "dm",
        "creator": "lea",
        "avatar": "lea-twin",
        "conversation": "dm-1",
        "audience": {"id": "fan-7", "minor": "no", "jurisdictions": ["FR"]},
        "text": "See you on Sunday!",
    }
    with follower.client() as client:
        client.put("/v1/creators/lea", json={"display_name": "Léa"})
        answer = client.post("/v1/decide", json=message).json()
        entries = client.get("/v1/audit/entries", params={"kind": "dry_run"}).json()
    assert answer["verdict"] == "publish"
    assert digest in json.dumps(entries)


def test_a_bundle_signed_by_another_is_not_taken(opa: str, folder: Path, gateway: Serving) -> None:
    other = folder / "other"
    other.mkdir()
    config = _config(other, gateway, key_pair()[1])
    with opa_serving(opa, "--config-file", str(config), "--set", "status.console=true") as server:
        _until(lambda: "error" in httpx.get(f"{server}/health?bundles", timeout=60).text)
        assert _held_by(server) is None


def test_it_is_sent_once_for_each_digest(gateway: Serving) -> None:
    with gateway.client() as client:
        whole = client.get(BUNDLE)
        assert whole.headers["content-type"] == "application/gzip"
        again = client.get(BUNDLE, headers={"If-None-Match": whole.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_without_a_key_nothing_is_served(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as there, there.client() as client:
        answer = client.get(BUNDLE)
    assert answer.status_code == 404
    assert "policies_signing_key" in answer.json()["detail"]
