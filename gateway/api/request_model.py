"""The base of everything that a client sends."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RequestModel(BaseModel):
    """Immutable; a field that it does not declare is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
