"""What every registry keeps to (ports.Registry), on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest

from gateway.errors import InvalidField, StateConflict
from gateway.model.access import ApiKey, Role
from gateway.model.creator import Creator
from gateway.model.record import EntryKind
from gateway.storage.store import Store
from tests.present import present
from tests.stores import Place, Samples


def _key(samples: Samples, **changes: Any) -> ApiKey:
    values: dict[str, Any] = {
        "id": "key_1",
        "tenant": "acme",
        "roles": frozenset({Role.SERVICE, Role.AUDITOR}),
        "secret_sha256": sha256(b"secret").hexdigest(),
        "created_at": samples.clock.at,
        "requests_per_s": 12.5,
        "label": "avatar service",
    }
    return ApiKey(**{**values, **changes})


async def test_a_creator_is_put_and_found(store: Store, samples: Samples) -> None:
    assert await store.registry.creator("acme", "zoe") is None
    settings = {"display_name": "Zoé", "brands": {"deny": ["Aurum"]}, "kill_switch": False}
    put = await store.registry.put_creator("acme", "zoe", settings, actor="ann")
    assert put == Creator(
        tenant="acme", id="zoe", version=1, updated_at=samples.clock.at, settings=settings
    )
    assert await store.registry.creator("acme", "zoe") == put
    assert await store.registry.creator("other", "zoe") is None


async def test_every_change_makes_a_version_and_an_entry(store: Store, samples: Samples) -> None:
    first, second = {"kill_switch": False}, {"kill_switch": True}
    await store.registry.put_creator("acme", "zoe", first, actor="ann")
    assert present(await store.registry.creator("acme", "zoe")).settings == first
    samples.clock.move(hours=1)
    await store.registry.put_creator("acme", "zoe", second, actor="bob")
    found = present(await store.registry.creator("acme", "zoe"))
    assert (found.version, found.settings, found.updated_at) == (2, second, samples.clock.at)
    entries = await store.log.entries(0, 9)
    assert [entry.kind for entry in entries] == [EntryKind.CHANGE] * 2
    body = orjson.loads(entries[1].body)
    assert (body["actor"], body["what"], body["subject"]) == ("bob", "creator", "zoe")
    assert body["before"] == orjson.loads(entries[0].body)["after"]
    assert body["before"] != body["after"]
    assert body["detail"] == {"version": 2}


async def test_creators_of_a_tenant_in_their_latest_version(store: Store, samples: Samples) -> None:
    for name in ("zoe", "max", "zoe"):
        await store.registry.put_creator("acme", name, {"n": samples.count}, actor="ann")
        samples.count += 1
    await store.registry.put_creator("other", "eve", {}, actor="ann")
    found = await store.registry.creators("acme")
    assert [(one.id, one.version) for one in found] == [("max", 1), ("zoe", 2)]
    assert found[1].settings == {"n": 2}


async def test_changes_made_at_once_get_versions_of_their_own(store: Store) -> None:
    puts = [
        store.registry.put_creator("acme", "zoe", {"n": number}, actor="ann") for number in range(9)
    ]
    made = await asyncio.gather(*puts)
    assert sorted(one.version for one in made) == list(range(1, 10))


async def test_another_process_sees_a_kill_switch_at_once(place: Place) -> None:
    server, command = await place.open(), await place.open()
    await server.registry.put_creator("acme", "zoe", {}, actor="ann")
    assert present(await server.registry.creator("acme", "zoe")).settings == {}
    await command.registry.put_creator("acme", "zoe", {"kill_switch": True}, actor="ann")
    assert present(await server.registry.creator("acme", "zoe")).settings == {"kill_switch": True}


async def test_settings_that_json_cannot_say_are_refused(store: Store) -> None:
    with pytest.raises(InvalidField):
        await store.registry.put_creator("acme", "zoe", {"x": object()}, actor="ann")
    assert await store.log.size() == 0


async def test_an_api_key_is_put_and_found(store: Store, samples: Samples) -> None:
    key = _key(samples)
    await store.registry.put_api_key(key, actor="ann")
    assert await store.registry.api_key("key_1") == key
    assert await store.registry.api_key("key_2") is None


async def test_a_key_is_replaced_to_revoke_it(store: Store, samples: Samples) -> None:
    key = _key(samples, expires_at=samples.clock.at)
    await store.registry.put_api_key(key, actor="ann")
    revoked = replace(key, revoked_at=samples.clock.move(hours=1))
    await store.registry.put_api_key(revoked, actor="bob")
    assert await store.registry.api_key("key_1") == revoked
    assert await store.registry.api_keys() == [revoked]
    before, after = (orjson.loads(entry.body) for entry in await store.log.entries(0, 9))
    assert before["before"] is None
    assert after["before"] == before["after"]
    assert after["detail"]["roles"] == ["auditor", "service"]


async def test_no_secret_reaches_the_log(store: Store, samples: Samples) -> None:
    key = _key(samples)
    await store.registry.put_api_key(key, actor="ann")
    (entry,) = await store.log.entries(0, 9)
    assert key.secret_sha256.encode() not in entry.body


async def test_keys_are_listed_by_tenant(store: Store, samples: Samples) -> None:
    keys = [_key(samples, id=f"key_{n}", tenant=("acme", "other")[n % 2]) for n in range(4)]
    for key in keys:
        await store.registry.put_api_key(key, actor="ann")
    assert await store.registry.api_keys() == keys
    assert await store.registry.api_keys("other") == [keys[1], keys[3]]


async def test_a_key_never_changes_its_tenant(store: Store, samples: Samples) -> None:
    await store.registry.put_api_key(_key(samples), actor="ann")
    with pytest.raises(StateConflict):
        await store.registry.put_api_key(_key(samples, tenant="other"), actor="ann")
    assert present(await store.registry.api_key("key_1")).tenant == "acme"
