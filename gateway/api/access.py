"""Authenticate callers by their API key, check its roles, and limit the rate of its requests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request

from gateway.errors import Forbidden, RateLimited, Unauthenticated
from gateway.model.access import ApiKey, Role
from gateway.ports import Now, Registry

PREFIX: Final = "agk"
"""How the text of every API key begins."""

_NO_DIGEST: Final = "0" * 64
"""Compared in place of an unknown key's digest, so that its answer takes as long."""

_LONGEST_WAIT_S: Final = 86_400.0  # the highest Retry-After, of a key without requests: a day


def issue_key(
    *,
    tenant: str,
    roles: frozenset[Role],
    now: datetime,
    label: str = "",
    expires_at: datetime | None = None,
    requests_per_s: float = 50.0,
) -> tuple[ApiKey, str]:
    """Make a key: as it is stored, and its text `agk_<id>_<secret>`, shown once and never kept."""
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    key = ApiKey(
        id=key_id,
        tenant=tenant,
        roles=roles,
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        created_at=now,
        expires_at=expires_at,
        requests_per_s=requests_per_s,
        label=label,
    )
    return key, f"{PREFIX}_{key_id}_{secret}"


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A key as looked up, None if unknown; to be looked up again at `until` (clock, s)."""

    key: ApiKey | None
    until: float


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Requests that a key could make at the clock time `at` (s)."""

    tokens: float
    at: float


class AccessGuard:
    """Check keys against the registry, and count the requests of each key in this process.

    A key is remembered for `remember` (so a revocation takes effect within that), at most
    `capacity` of them.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        now: Now,
        clock: Callable[[], float],
        remember: timedelta = timedelta(seconds=1),
        capacity: int = 10_000,
    ) -> None:
        self._registry = registry
        self._now = now
        self._clock = clock
        self._remember_s = remember.total_seconds()
        self._capacity = capacity
        self._known: OrderedDict[str, _Remembered] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def admit(self, authorization: str | None, allowed: frozenset[Role]) -> ApiKey:
        """Return the key that `Authorization: Bearer agk_…` names.

        Raises Unauthenticated (which never tells an unknown key from a wrong secret), Forbidden
        or RateLimited.
        """
        key = await self._authenticate(authorization)
        if Role.ADMIN not in key.roles and not key.roles & allowed:
            needed = ", ".join(sorted(role.value for role in allowed)) or "admin"
            raise Forbidden(f"this needs one of the roles: {needed}")
        self._count_request(key)
        return key

    async def _authenticate(self, authorization: str | None) -> ApiKey:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send the header Authorization: Bearer agk_…")
        prefix, _, rest = token.strip().partition("_")
        key_id, _, secret = rest.partition("_")
        plausible = prefix == PREFIX and len(key_id) == 12 and len(secret) == 64
        key = await self._lookup(key_id) if plausible else None
        digest = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
        matches = hmac.compare_digest(digest, key.secret_sha256 if key else _NO_DIGEST)
        if key is None or not matches:
            raise Unauthenticated("the API key is not known here")
        now = self._now()
        if key.revoked_at is not None and key.revoked_at <= now:
            raise Unauthenticated("the API key was revoked; ask an admin for a new one")
        if key.expires_at is not None and key.expires_at <= now:
            raise Unauthenticated("the API key has expired; ask an admin for a new one")
        return key

    async def _lookup(self, key_id: str) -> ApiKey | None:
        now = self._clock()
        remembered = self._known.get(key_id)
        if remembered is None or remembered.until <= now:
            key = await self._registry.api_key(key_id)
            remembered = _Remembered(key, now + self._remember_s)
            self._known[key_id] = remembered
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return remembered.key

    def _count_request(self, key: ApiKey) -> None:
        """Take a token from the key's bucket, which holds one second's worth, at least one. Raises
        RateLimited."""
        now, size = self._clock(), max(1.0, key.requests_per_s)
        bucket = self._buckets.get(key.id, _Bucket(size, now))
        tokens = min(size, bucket.tokens + (now - bucket.at) * key.requests_per_s)
        if tokens < 1 or key.requests_per_s <= 0:
            wait_s = (
                (1 - tokens) / key.requests_per_s if key.requests_per_s > 0 else _LONGEST_WAIT_S
            )
            raise RateLimited(min(wait_s, _LONGEST_WAIT_S))
        self._buckets[key.id] = _Bucket(tokens - 1, now)
        self._buckets.move_to_end(key.id)
        while len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A FastAPI dependency that gives the caller's key. It must have one of `roles` or be an
    admin's."""

    roles: frozenset[Role]

    async def __call__(self, request: Request) -> ApiKey:
        guard: AccessGuard = request.app.state.services.guard
        return await guard.admit(request.headers.get("authorization"), self.roles)


def needs(*roles: Role) -> Requirement:
    """Require one of `roles`; without any, the role admin."""
    return Requirement(frozenset(roles))
