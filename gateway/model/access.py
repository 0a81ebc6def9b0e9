"""Roles and API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    SERVICE = "service"  # submits messages, reads its own
    AUDITOR = "auditor"  # reads entries, proofs, exports
    POLICY_AUTHOR = "policy_author"  # reads and tests policies
    REVIEWER = "reviewer"  # releases, edits, rejects what is held
    ADMIN = "admin"  # all of it, creators and keys


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key as stored: the secret itself is only ever shown once. `secret_sha256` is hex;
    the secret has 256 random bits, so a fast hash is enough."""

    id: str
    tenant: str
    roles: frozenset[Role]
    secret_sha256: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    requests_per_s: float = 50.0
    label: str = ""
