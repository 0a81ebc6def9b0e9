"""A route: what the gateway knows of the platform that a message is sent to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.submission import Channel
from gateway.model.verdict import Verdict


class RouteKind(StrEnum):
    """How messages leave the gateway along a route."""

    SANDBOX = "sandbox"  # posted to the sandbox platform, as to a webhook
    WEBHOOK = "webhook"  # posted, signed, to the url of the route
    STREAM = "stream"  # handed to the client that has the message's stream open
    PROXY = "proxy"  # the client's own request to the platform, sent on


class LengthUnit(StrEnum):
    CHARACTERS = "characters"  # code points
    UTF16 = "utf16"
    GRAPHEMES = "graphemes"
    BYTES = "bytes"  # UTF-8


class Overflow(StrEnum):
    """What to do when text and label together pass the limit."""

    SHORTEN = "shorten"  # cut the avatar's own text at a word, mark the cut, keep the label whole
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where messages go, and what that platform demands.

    `on_failure` is the verdict when a stage is unavailable (hold, or block). `on_hold` is the
    verdict on a message that should wait for a person: block where it cannot wait. `deduplicates`:
    the platform takes a message with the same Idempotency-Key only once, so that sending again
    after an unknown outcome is safe. `timeout_s` bounds one attempt.
    """

    name: str
    kind: RouteKind
    channels: tuple[Channel, ...] = tuple(Channel)
    max_length: int = 10_000
    unit: LengthUnit = LengthUnit.CHARACTERS
    overflow: Overflow = Overflow.SHORTEN
    on_failure: Verdict = Verdict.HOLD
    on_hold: Verdict = Verdict.HOLD
    url: str | None = None
    c2pa: bool = False  # append a C2PA manifest where it fits
    deduplicates: bool = False
    timeout_s: float = 10.0
