"""The frames of `/v1/stream`, and the events that readers get: docs/reference/asyncapi.yaml is made
from them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt, TypeAdapter

from gateway.api.request_model import RequestModel
from gateway.api.schemas import AudienceIn, CommercialIn, GeneratorIn, Identifier, LanguageTag
from gateway.model.submission import Channel

StreamId = Annotated[str, Field(pattern=r"^str_[0-9a-f]{32}$")]
Number = Annotated[StrictInt, Field(ge=1, le=2**53)]


class OpenIn(RequestModel):
    """Begin a stream: who speaks to whom, as in POST /v1/messages."""

    type: Literal["open"]
    channel: Channel
    creator: Identifier
    avatar: Identifier
    conversation: Identifier
    language: LanguageTag | None = None
    human_text: str | None = Field(None, max_length=20_000)
    audience: AudienceIn = AudienceIn()
    commercial: CommercialIn = CommercialIn()
    generator: GeneratorIn = GeneratorIn()


class ResumeIn(RequestModel):
    """Go on after a dropped connection. `received`: the highest `seq` that came (0: none)."""

    type: Literal["resume"]
    stream: StreamId
    received: StrictInt = Field(0, ge=0, le=2**53)


class AppendIn(RequestModel):
    """More words. `seq` counts appends and the end from 1, without gaps; one that was taken before
    is ignored, so that everything not yet acknowledged may be sent again."""

    type: Literal["append"]
    seq: Number
    text: str = Field(min_length=1, max_length=4_096)


class EndIn(RequestModel):
    """Nothing more comes; what is held is judged and released."""

    type: Literal["end"]
    seq: Number


class InterruptIn(RequestModel):
    """Nobody wants to hear the rest: what is held is discarded."""

    type: Literal["interrupt"]


FirstIn = Annotated[OpenIn | ResumeIn, Field(discriminator="type")]
FrameIn = Annotated[AppendIn | EndIn | InterruptIn, Field(discriminator="type")]
FIRST: TypeAdapter[OpenIn | ResumeIn] = TypeAdapter(FirstIn)
FRAME: TypeAdapter[AppendIn | EndIn | InterruptIn] = TypeAdapter(FrameIn)


class OpenedOut(BaseModel):
    """The stream is open, or open again. `taken`: the highest `seq` that was taken. At most
    `window` appends may wait for their acknowledgement."""

    type: Literal["opened"] = "opened"
    stream: str
    taken: int
    window: int


class HeldBackOut(BaseModel):
    """Acknowledges all up to `taken`. `held`: code points that wait for their sentence."""

    type: Literal["hold"] = "hold"
    taken: int
    held: int


class ReleaseOut(BaseModel):
    """Words that were judged and recorded, as `message_id`. The first carry the label."""

    type: Literal["release"] = "release"
    seq: int
    text: str
    message_id: str


class RetractOut(BaseModel):
    """All that was released should not stand: take it away. `message_id` says why."""

    type: Literal["retract"] = "retract"
    seq: int
    message_id: str


class EndOut(BaseModel):
    """The last event. `reason`: stop, content_filter, length, interrupted or error."""

    type: Literal["end"] = "end"
    seq: int
    reason: str


class ErrorOut(BaseModel):
    """What was wrong with a frame; the connection closes, the stream stays for a while."""

    type: Literal["error"] = "error"
    code: str
    message: str


StreamEvent = ReleaseOut | RetractOut | EndOut
