"""A message that an avatar wants to say, and all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Channel(StrEnum):
    SPACE = "space"
    GROUP = "group"
    DM = "dm"
    COMMENT = "comment"
    LIVE = "live"


class Minor(StrEnum):
    """Whether the person spoken to is a minor. Unknown takes the strictest applicable rule."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who is spoken to. `id` is a pseudonym; `jurisdictions` are ISO 3166 codes such as "FR",
    "US-CA", and "EU"; empty means unknown (the strictest applicable). `age_from` is the age in
    years that the person is known to have reached; a minor without one may be a small child.
    `guardian_consent`: a parent or guardian agreed to these conversations."""

    id: str | None = None
    minor: Minor = Minor.UNKNOWN
    jurisdictions: tuple[str, ...] = ()
    age_from: int | None = None
    guardian_consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Commercial:
    """Commercial facts. `brand` is the brand that is promoted, if any."""

    paid_partnership: bool = False
    brand: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamMarking:
    """A mark that the generator put on the text, as the avatar service reports it."""

    type: str
    verifier: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    model: str | None = None
    provider: str | None = None
    upstream_marking: UpstreamMarking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Editorial:
    """Human review and editorial responsibility (AI Act Art. 50(4)). `edited`: a person changed
    the generated text."""

    public_interest: bool = False
    reviewed_by: str | None = None
    editor: str | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDigest:
    sha256: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPart:
    """A part of a streamed message. `id` names the stream, `number` counts its parts from 0.
    `fresh` is the offset, in code points of the submission's text, at which the part begins: the
    text before it has been released already, is judged again with it, and is not published again.
    `shown` are the notices that earlier parts carried. `whole`: not a part, but the check of all
    that was released; nothing of it is sent."""

    id: str
    number: int
    fresh: int = 0
    shown: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One message as submitted. `text` and `human_text` are raw: they never reach a log, a
    metric, a trace or an unencrypted row. Times are UTC and aware."""

    message_id: str
    tenant: str
    channel: Channel
    creator: str
    avatar: str
    conversation: str
    text: str
    received_at: datetime
    language: str | None = None  # BCP 47; None: detected
    audience: Audience = field(default_factory=Audience)
    human_text: str | None = None  # the human's own last message
    human_spoke_at: datetime | None = None  # when a human last spoke in the avatar's place
    human_author: str | None = None  # pseudonym of the person who typed it; None: the avatar
    commercial: Commercial = field(default_factory=Commercial)
    generator: Generator = field(default_factory=Generator)
    editorial: Editorial = field(default_factory=Editorial)
    media: tuple[MediaDigest, ...] = ()
    route: str = "sandbox"
    idempotency_key: str | None = None
    caller: str = "local"  # id of the API key that submitted it
    dry_run: bool = False
    stream: StreamPart | None = None
