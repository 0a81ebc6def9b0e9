"""The wire form of submissions, outcomes and reviews."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasPath,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from gateway.api.request_model import RequestModel
from gateway.jurisdictions import CODE, jurisdiction
from gateway.model.obligation import escalating
from gateway.model.record import Escalation, HeldMessage, Outcome, ReviewAction
from gateway.model.submission import (
    Audience,
    Channel,
    Commercial,
    Editorial,
    Generator,
    MediaDigest,
    Minor,
    Submission,
    UpstreamMarking,
)
from gateway.model.verdict import State, Verdict

Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/+=~-]*$"),
]
Label = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Jurisdiction = Annotated[
    str,
    AfterValidator(jurisdiction),
    WithJsonSchema({"type": "string", "pattern": f"^{CODE}$"}),
]
LanguageTag = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _require_date_text(value: object) -> object:
    """Refuse a bare number, which could be meant in seconds or in milliseconds."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d{2}-\d{2}[Tt]", value):
        raise ValueError("must be a date and time, as in 2026-01-31T08:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_require_date_text)]


class AudienceIn(RequestModel):
    id: Identifier | None = Field(None, description="Pseudonym of the person spoken to.")
    minor: Minor = Field(Minor.UNKNOWN, description="Unknown takes the strictest rule.")
    jurisdictions: tuple[Jurisdiction, ...] = Field(
        (),
        max_length=16,
        description=(
            "Assigned codes of ISO 3166-1 or -2, or EU. A territory is under its country's rules "
            "too. Empty: unknown, hence strictest."
        ),
    )
    age_from: StrictInt | None = Field(
        None, ge=0, le=150, description="Years that the person is known to have reached."
    )
    guardian_consent: StrictBool = Field(
        False, description="A parent or guardian agreed to these talks."
    )


class CommercialIn(RequestModel):
    paid_partnership: StrictBool = Field(False, description="Somebody pays for this message.")
    brand: Label | None = Field(None, description="The brand that it promotes.")


class UpstreamMarkingIn(RequestModel):
    type: Label = Field(description="Kind of mark that the generator put on the text.")
    verifier: Label | None = None
    result: Label | None = None


class GeneratorIn(RequestModel):
    model: Label | None = None
    provider: Label | None = None
    upstream_marking: UpstreamMarkingIn | None = None


class EditorialIn(RequestModel):
    public_interest: StrictBool = Field(
        False, description="It informs the public on matters of public interest."
    )
    reviewed_by: Label | None = Field(None, description="The person who reviewed it.")
    editor: Label | None = Field(None, description="Who holds editorial responsibility.")
    edited: StrictBool = Field(False, description="A person changed what the model wrote.")


class MediaIn(RequestModel):
    sha256: Sha256
    content_type: Annotated[
        str, StringConstraints(max_length=100, pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$")
    ]


class SubmissionIn(RequestModel):
    """A message that an avatar wants to say."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "dm",
                    "creator": "lea",
                    "avatar": "lea-twin",
                    "conversation": "dm-42",
                    "audience": {"id": "fan-7", "minor": "no", "jurisdictions": ["FR"]},
                    "text": "Salut ! Le nouveau clip sort vendredi 🎬",
                    "human_text": "Ça sort quand ?",
                    "generator": {"model": "twin-2", "provider": "example"},
                }
            ]
        },
    )

    channel: Channel
    creator: Identifier
    avatar: Identifier
    conversation: Identifier
    text: str = Field(description="What the avatar wants to say, as generated.")
    language: LanguageTag | None = Field(None, description="BCP 47; absent: detected.")
    human_text: str | None = Field(None, description="The human's own last message.")
    human_spoke_at: Moment | None = Field(
        None,
        description="When a human last spoke in the avatar's place. People are told anew when the "
        "AI takes over again.",
    )
    human_author: Identifier | None = Field(
        None,
        description="Pseudonym of the person who typed this, while that person has taken the "
        "conversation over (PUT /v1/conversations/{id}/handover). Absent: the avatar wrote it.",
    )
    audience: AudienceIn = AudienceIn()
    commercial: CommercialIn = CommercialIn()
    generator: GeneratorIn = GeneratorIn()
    editorial: EditorialIn = EditorialIn()
    media: tuple[MediaIn, ...] = Field((), max_length=32)
    route: Identifier = "sandbox"

    def to_submission(
        self,
        *,
        message_id: str,
        tenant: str,
        caller: str,
        received_at: datetime,
        idempotency_key: str | None,
        dry_run: bool,
    ) -> Submission:
        marking = self.generator.upstream_marking
        return Submission(
            message_id=message_id,
            tenant=tenant,
            channel=self.channel,
            creator=self.creator,
            avatar=self.avatar,
            conversation=self.conversation,
            text=self.text,
            received_at=received_at,
            language=self.language,
            audience=Audience(**dict(self.audience)),
            human_text=self.human_text,
            human_author=self.human_author,
            human_spoke_at=self.human_spoke_at and _to_utc(self.human_spoke_at),
            commercial=Commercial(**dict(self.commercial)),
            generator=Generator(
                model=self.generator.model,
                provider=self.generator.provider,
                upstream_marking=UpstreamMarking(**dict(marking)) if marking else None,
            ),
            editorial=Editorial(**dict(self.editorial)),
            media=tuple(MediaDigest(**dict(media)) for media in self.media),
            route=self.route,
            idempotency_key=idempotency_key,
            caller=caller,
            dry_run=dry_run,
        )


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # within a day of the earliest or the latest time that Python has
        return moment.replace(tzinfo=UTC)


class _Out(BaseModel):
    """The base of answers that are made from the attributes of a model value, field by field."""

    model_config = ConfigDict(from_attributes=True)


class ReasonOut(_Out):
    rule: str = Field(description="Id of the rule; its page is in docs/reference/packs.md.")
    text: str = Field(description="The reason in plain words.")
    verdict: Verdict = Field(description="What this rule asks for.")


class ObligationOut(_Out):
    kind: str
    rules: list[str] = Field(description="The rules that caused it.")
    params: dict[str, Any]


class NoticeOut(_Out):
    notice: str
    text: str
    position: str
    rules: list[str]


class DisclosureOut(_Out):
    notices: list[NoticeOut] = Field(description="Visible notices, as rendered into the text.")
    marks: dict[str, Any] = Field(description="Machine-readable marks, by format.")
    content_hash: str = Field(description="HMAC-SHA256(salt, canonical text), hex.")
    salt: str = Field(description="For the recipient: proves the text. Not in the log.")
    replaced_by: str | None
    shortened: bool


class ReceiptOut(_Out):
    id: str
    kid: str
    jws: str = Field(description="Compact JWS (EdDSA); keys at /.well-known/jwks.json.")


class UnavailableOut(_Out):
    stage: str
    reason: str


def _from_judgement(name: str) -> AliasPath:
    """Read a field from the outcome's judgement, where it has the name `name`."""
    return AliasPath("judgement", name)


class OutcomeOut(_Out):
    """Where a message stands."""

    message_id: str
    decision_id: str = Field(validation_alias=_from_judgement("decision_id"))
    state: State
    verdict: Verdict = Field(validation_alias=_from_judgement("verdict"))
    reasons: list[ReasonOut] = Field(validation_alias=_from_judgement("reasons"))
    obligations: list[ObligationOut] = Field(validation_alias=_from_judgement("obligations"))
    text: str | None = Field(
        validation_alias=_from_judgement("text"),
        description="As published; null while held and when blocked.",
    )
    language: str = Field(validation_alias=_from_judgement("language"))
    redacted: list[str] = Field(
        validation_alias=_from_judgement("redacted_kinds"),
        description="Kinds of personal data that were stripped.",
    )
    disclosure: DisclosureOut | None = Field(validation_alias=_from_judgement("disclosure"))
    receipt: ReceiptOut | None = Field(validation_alias=_from_judgement("receipt"))
    unavailable: list[UnavailableOut] = Field(
        validation_alias=_from_judgement("unavailable"), description="Stages that failed, if any."
    )
    decided_at: datetime
    entry: int = Field(
        validation_alias="entry_seq", description="Sequence number of the audit entry."
    )
    expires_at: datetime | None = Field(description="A held message expires then.")
    attempts: int
    delivery_detail: str
    timings_ms: dict[str, float] = Field(validation_alias=_from_judgement("timings_ms"))
    dry_run: bool
    replayed: bool = Field(description="Answered from the first request with this key.")
    erased_at: datetime | None = Field(
        None, description="Texts, reasons, obligations and receipt are gone since then."
    )


def outcome_out(outcome: Outcome) -> OutcomeOut:
    return OutcomeOut.model_validate(outcome)


class BlockedOut(OutcomeOut):
    """A blocked message: a problem (RFC 9457) that carries the whole outcome."""

    type: str
    title: str
    status: int
    detail: str


class ReviewIn(RequestModel):
    action: ReviewAction
    reason: Why
    text: str | None = Field(None, description="The edited text; with the action edit, only then.")


class HeldOut(BaseModel):
    """A message that waits for a person, with the text as the avatar wrote it."""

    outcome: OutcomeOut
    submitted_text: str
    human_text: str | None
    held_at: datetime
    expires_at: datetime


def held_out(held: HeldMessage) -> HeldOut:
    return HeldOut(
        outcome=outcome_out(held.outcome),
        submitted_text=held.submission.text,
        human_text=held.submission.human_text,
        held_at=held.held_at,
        expires_at=held.expires_at,
    )


class EscalationOut(BaseModel):
    """A message that a person must look at, with the text as the avatar wrote it; what was
    published in its place is `outcome.text`."""

    outcome: OutcomeOut
    rules: list[str] = Field(description="The rules that call a person.")
    submitted_text: str | None = Field(description="Null when it was erased.")
    human_text: str | None
    at: datetime = Field(description="Open since then.")


def escalation_out(escalation: Escalation) -> EscalationOut:
    submission = escalation.submission
    return EscalationOut(
        outcome=outcome_out(escalation.outcome),
        rules=list(escalating(escalation.outcome.judgement.obligations)),
        submitted_text=submission.text if submission else None,
        human_text=submission.human_text if submission else None,
        at=escalation.at,
    )


class AcknowledgeIn(RequestModel):
    reason: Why = Field(description="What was seen and done; stands in the audit log.")


class AcknowledgedOut(BaseModel):
    message_id: str
    entry: int = Field(description="Sequence number of the audit entry.")


class CreatorOut(BaseModel):
    id: str
    version: int
    updated_at: datetime
    settings: dict[str, Any]


class ReceiptDocument(BaseModel):
    """A receipt with its proof of inclusion in the audit log."""

    receipt: ReceiptOut
    claims: Mapping[str, Any]
    entry: int
    proof: str | None = Field(
        description="tlog-proof@v1 text: the entry is in the log that the checkpoint signs."
    )


class ProblemOut(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = Field(
        None, description="Each wrong field, the problem, and the mend."
    )
