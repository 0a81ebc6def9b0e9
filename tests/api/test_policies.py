from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from gateway.api.app import build_app
from gateway.assembly.opening import policies_dir
from gateway.assembly.serving import api_services
from gateway.demo.sandbox import SandboxPlatform
from gateway.model.access import Role
from gateway.policy.packs.bundles import pack
from gateway.policy.packs.signing import BundleSigningKey
from gateway.policy.packs.source import read_folder
from gateway.settings import read_settings
from tests.bundle_keys import key_pair
from tests.house import SECRET, House
from tests.patience import PATIENT
from tests.unhurried import assemble_unhurried

BUNDLE = "/v1/policies/bundle"
GZIP = {"Content-Type": "application/gzip"}
in_one_loop = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def keys() -> tuple[bytes, bytes]:
    return key_pair()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied = tmp_path_factory.mktemp("packs") / "policies"
    shutil.copytree(policies_dir(read_settings(None, {})), copied)
    return copied


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    tmp_path_factory: pytest.TempPathFactory, folder: Path, keys: tuple[bytes, bytes]
) -> AsyncIterator[House]:
    data = tmp_path_factory.mktemp("policies")
    (data / "public.pem").write_bytes(keys[1])
    async with SandboxPlatform(secret=SECRET.encode()).running() as platform:
        settings = read_settings(
            None,
            {
                "data_dir": data,
                "sandbox_url": f"{platform}/messages",
                "webhook_secret": SECRET,
                "policies_dir": folder,
                "policies_bundle_key": data / "public.pem",
                **PATIENT,
            },
        )
        async with assemble_unhurried(settings) as parts:
            app = build_app(
                api_services(parts), version="test", max_body_bytes=settings.max_body_bytes
            )
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://gateway", timeout=120
            ) as client:
                made = House(parts=parts, client=client, platform=f"{platform}/messages")
                client.headers.update(await made.key(Role.ADMIN, requests_per_s=10_000))
                await client.put("/v1/creators/lea", json={})
                yield made


async def _digest_of(house: House, text: str = "See you on Sunday!") -> str:
    answer = await house.post(house.message(text))
    found = await house.parts.opened.store.log.entries_of_message(answer.json()["message_id"])
    return str(json.loads(found[0].body)["policy"]["digest"])


@in_one_loop
async def test_a_bundle_is_pushed_named_in_entries_and_withdrawn(
    house: House, folder: Path, keys: tuple[bytes, bytes]
) -> None:
    first = (await house.client.get("/v1/policies")).json()
    assert first["source"] == "folder"
    assert await _digest_of(house) == first["digest"]
    files = dict(read_folder(folder))
    files["creator/data.yaml"] += b"# said otherwise\n"
    bundle = pack(list(files.items()), key=BundleSigningKey(keys[0]))
    pushed = await house.client.put(BUNDLE, content=bundle, headers=GZIP)
    assert pushed.status_code == 200, pushed.text
    assert pushed.json()["source"] == "bundle"
    assert pushed.json()["digest"] != first["digest"]
    assert await _digest_of(house) == pushed.json()["digest"]
    changes = await house.client.get(
        "/v1/audit/entries", params={"kind": "change", "decision": "policy"}
    )
    assert changes.status_code == 200, changes.text
    assert pushed.json()["digest"] in changes.text
    assert pushed.json()["digest"] in (await house.client.get("/metrics")).text
    back = await house.client.delete(BUNDLE)
    assert (back.json()["source"], back.json()["digest"]) == ("folder", first["digest"])


@in_one_loop
async def test_bad_bundles_are_refused_with_their_place(
    house: House, folder: Path, keys: tuple[bytes, bytes]
) -> None:
    before = (await house.client.get("/v1/policies")).json()["digest"]
    files = dict(read_folder(folder)) | {"main.rego": b"package gateway\n\nno {"}
    bundle = pack(list(files.items()), key=BundleSigningKey(keys[0]))
    answer = await house.client.put(BUNDLE, content=bundle, headers=GZIP)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("bundle: main.rego:3:")
    now = (await house.client.get("/v1/policies")).json()
    assert now["digest"] == before
    assert (now["refused"]["file"], now["refused"]["line"]) == ("main.rego", 3)
    ready = (await house.client.get("/readyz")).json()
    assert ready["policies_refused"].startswith("main.rego:3")
    assert "gateway_policies_refused 1.0" in (await house.client.get("/metrics")).text
    for content, headers, status in (
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"x" * (5 << 20), GZIP, 413),
        (b"rubbish", GZIP, 422),
    ):
        answer = await house.client.put(BUNDLE, content=content, headers=headers)
        assert answer.status_code == status


@in_one_loop
async def test_only_authors_of_the_operator_change_policies(house: House) -> None:
    for role, tenant, status in (
        (Role.SERVICE, "default", 403),
        (Role.AUDITOR, "default", 403),
        (Role.POLICY_AUTHOR, "studio", 403),
        (Role.ADMIN, "studio", 403),
        (Role.POLICY_AUTHOR, "default", 422),
    ):
        headers = await house.key(role, tenant=tenant)
        answer = await house.client.put(BUNDLE, content=b"x", headers={**headers, **GZIP})
        assert answer.status_code == status, (role, tenant)
    streaming = await house.key(Role.POLICY_AUTHOR, tenant="studio")
    assert (await house.client.delete(BUNDLE, headers=streaming)).status_code == 403


@in_one_loop
async def test_an_edited_file_is_taken_into_use(house: House, folder: Path) -> None:
    before = (await house.client.get("/v1/policies")).json()["digest"]
    data = folder / "creator/data.yaml"
    data.write_text(data.read_text("utf-8") + "# again\n", encoding="utf-8")
    await house.parts.reloader.look()
    after = (await house.client.get("/v1/policies")).json()
    assert after["digest"] != before
    assert after["refused"] is None
    assert await _digest_of(house) == after["digest"]
