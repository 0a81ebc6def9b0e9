"""Redactions, notices and marks: the changes to a text before it is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gateway.model.finding import Finding


class NoticeKind(StrEnum):
    """What a visible notice says, in the order in which labels show notices."""

    AI = "ai"
    AI_REMINDER = "ai_reminder"
    AI_ANSWER = "ai_answer"
    AI_PUBLIC = "ai_public"
    HUMAN = "human"
    AD = "ad"
    PAID_PARTNERSHIP = "paid_partnership"
    TAKE_A_BREAK = "take_a_break"


class NoticePosition(StrEnum):
    """Where in the message a notice stands."""

    START = "start"
    END = "end"


class MarkFormatName(StrEnum):
    """Formats of machine-readable marks."""

    IPTC = "iptc"
    SCHEMA_ORG = "schema_org"
    GB45438 = "gb45438"
    C2PA = "c2pa"


class ReplacementTemplate(StrEnum):
    """Texts that replace a whole message."""

    CRISIS = "crisis"
    HONEST_ANSWER = "honest_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One stretch of text that was stripped. Offsets are code points: `start`, `end` in the
    submitted text, `at` in the redacted one."""

    finding: Finding
    start: int
    end: int
    at: int
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """The clean text after stripping."""

    text: str
    replacements: tuple[Replacement, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of what was stripped, each once, sorted."""
        return tuple(sorted({replaced.finding.kind for replaced in self.replacements}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A visible notice as rendered. `rules` caused it."""

    notice: str
    text: str
    position: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """The text to publish and its proofs. `text` carries the visible label. `marks` maps a
    machine-readable format to its object. `content_hash` is hex
    HMAC-SHA256(salt, canonical text); the salt (hex) goes to the recipient, not into the log.
    `start` and `end` are the label's parts of `text`, the avatar's words stand between them.
    `shortened` tells that the avatar's own words were cut to fit."""

    text: str
    language: str
    notices: tuple[Notice, ...] = ()
    marks: Mapping[str, Any] = field(default_factory=dict)
    content_hash: str = ""
    salt: str = ""
    replaced_by: str | None = None  # the template, when the whole text was replaced
    shortened: bool = False
    start: str = ""
    end: str = ""
