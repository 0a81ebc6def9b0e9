"""The signed receipt that travels with a published message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A signed statement about one published text.

    `jws` is a compact JWS (EdDSA) over `claims`; `kid` names the key in the JWKS.
    """

    id: str
    kid: str
    jws: str
    claims: Mapping[str, Any]
