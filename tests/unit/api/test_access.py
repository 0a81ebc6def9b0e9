from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.api.access import AccessGuard, issue_key
from gateway.errors import Forbidden, RateLimited, Unauthenticated
from gateway.model.access import ApiKey, Role
from gateway.model.creator import Creator

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
SERVICE = frozenset({Role.SERVICE})


class Keys:
    """The registry's keys, without a database: what the guard does is pure lookup."""

    def __init__(self, *keys: ApiKey) -> None:
        self.by_id = {key.id: key for key in keys}
        self.lookups = 0

    async def api_key(self, key_id: str) -> ApiKey | None:
        self.lookups += 1
        return self.by_id.get(key_id)

    async def api_keys(self, tenant: str | None = None) -> Sequence[ApiKey]:
        return list(self.by_id.values())

    async def put_api_key(self, key: ApiKey, *, actor: str) -> None:
        self.by_id[key.id] = key

    async def creator(self, tenant: str, creator_id: str) -> Creator | None:
        return None

    async def creators(self, tenant: str) -> Sequence[Creator]:
        return []

    async def put_creator(
        self, tenant: str, creator_id: str, settings: Mapping[str, Any], *, actor: str
    ) -> Creator:
        raise NotImplementedError


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def made(**changes: Any) -> tuple[ApiKey, str]:
    key, token = issue_key(tenant="t", roles=SERVICE, now=NOW)
    return replace(key, **changes), token


def guard(keys: Keys, clock: Clock | None = None) -> AccessGuard:
    return AccessGuard(registry=keys, now=lambda: NOW, clock=clock or Clock())


async def test_a_good_key_is_known_and_its_secret_is_not_kept() -> None:
    key, token = made()
    assert await guard(Keys(key)).admit(f"Bearer {token}", SERVICE) == key
    assert token.rsplit("_", 1)[1] not in repr(key)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Basic abc", "Bearer agk_", "Bearer agk_x_y", "Bearer \udcff_1_2"],
)
async def test_what_is_no_key_is_not_looked_up(authorization: str | None) -> None:
    keys = Keys()
    with pytest.raises(Unauthenticated):
        await guard(keys).admit(authorization, SERVICE)
    assert keys.lookups == 0


async def test_a_wrong_secret_and_an_unknown_key_look_alike() -> None:
    key, token = made()
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    unknown = made()[1]
    said = []
    for text in (wrong, unknown):
        with pytest.raises(Unauthenticated) as caught:
            await guard(Keys(key)).admit(f"Bearer {text}", SERVICE)
        said.append(str(caught.value))
    assert said[0] == said[1]


async def test_expired_and_revoked_keys_are_told_so() -> None:
    for change, word in (({"expires_at": NOW}, "expired"), ({"revoked_at": NOW}, "revoked")):
        key, token = made(**change)
        with pytest.raises(Unauthenticated, match=word):
            await guard(Keys(key)).admit(f"Bearer {token}", SERVICE)


async def test_roles_are_needed_and_admin_has_them_all() -> None:
    key, token = made()
    with pytest.raises(Forbidden, match="reviewer"):
        await guard(Keys(key)).admit(f"Bearer {token}", frozenset({Role.REVIEWER}))
    admin, admin_token = made(roles=frozenset({Role.ADMIN}))
    found = await guard(Keys(admin)).admit(f"Bearer {admin_token}", frozenset({Role.REVIEWER}))
    assert found.roles == {Role.ADMIN}


async def test_requests_are_counted_for_each_key() -> None:
    clock = Clock()
    key, token = made(requests_per_s=2.0)
    other, other_token = made()
    admitting = guard(Keys(key, other), clock)
    for _ in range(2):
        await admitting.admit(f"Bearer {token}", SERVICE)
    with pytest.raises(RateLimited) as caught:
        await admitting.admit(f"Bearer {token}", SERVICE)
    assert 0 < caught.value.retry_after_s <= 0.5
    await admitting.admit(f"Bearer {other_token}", SERVICE)
    clock.seconds += 0.5
    await admitting.admit(f"Bearer {token}", SERVICE)


async def test_a_revocation_takes_effect_within_the_time_keys_are_remembered() -> None:
    clock, (key, token) = Clock(), made()
    keys = Keys(key)
    admitting = guard(keys, clock)
    await admitting.admit(f"Bearer {token}", SERVICE)
    keys.by_id[key.id] = replace(key, revoked_at=NOW - timedelta(seconds=1))
    await admitting.admit(f"Bearer {token}", SERVICE)
    assert keys.lookups == 1
    clock.seconds += 1.5
    with pytest.raises(Unauthenticated, match="revoked"):
        await admitting.admit(f"Bearer {token}", SERVICE)


async def test_a_key_without_a_rate_never_gets_in() -> None:
    key, token = made(requests_per_s=0.0)
    guard = AccessGuard(registry=Keys(key), now=lambda: NOW, clock=Clock())
    for _ in range(2):
        with pytest.raises(RateLimited):
            await guard.admit(f"Bearer {token}", SERVICE)
