"""Identifiers and commitments, which need randomness."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

from gateway.model.record import TextCommitment


def new_id(prefix: str, now: datetime) -> str:
    """`prefix_`, 12 hex digits of milliseconds since 1970, 20 random hex digits."""
    return f"{prefix}_{int(now.timestamp() * 1_000):012x}{secrets.token_hex(10)}"


def commit_to(text: str) -> TextCommitment:
    """A commitment under a fresh salt: a plain hash of a short message could be guessed."""
    salt = secrets.token_bytes(16)
    return TextCommitment(salt=salt.hex(), hash=hmac.digest(salt, text.encode(), "sha256").hex())
