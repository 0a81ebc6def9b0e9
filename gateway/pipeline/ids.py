"""Identifiers: sortable by time, not guessable."""

from __future__ import annotations

import secrets
from datetime import datetime


def new_id(prefix: str, now: datetime) -> str:
    """`prefix_`, 12 hex digits of milliseconds since 1970, 20 random hex digits."""
    return f"{prefix}_{int(now.timestamp() * 1_000):012x}{secrets.token_hex(10)}"
