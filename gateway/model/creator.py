"""A creator, and the settings that drive the creator pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Creator:
    """A creator's record. `settings` is valid against policies/creator.schema.json, goes into
    `input.creator` as it is, and holds (all optional): display_name, languages, public_facts
    (texts that are never redacted), brands {allow, deny, exclusive}, topics {deny}, quiet_hours
    [{days, from, to, timezone}], tone {profanity: "allow" | "hold"}, kill_switch, consent
    {scope: [channels], until}, companion, strictness {channel: "normal" | "strict"}."""

    tenant: str
    id: str
    version: int
    updated_at: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def display_name(self) -> str:
        return str(self.settings.get("display_name", self.id))

    @property
    def public_facts(self) -> tuple[str, ...]:
        return tuple(self.settings.get("public_facts", ()))
