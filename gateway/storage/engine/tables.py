"""The tables. Times are µs since 1970 (UTC); ids and digests are as the model says.

Nothing here holds the text of a message, a human's text or an audience id in clear: those are in
`payload`, encrypted, or stand as keyed digests (`digests.py`). docs/reference/database.md says
what each table is for.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


def _counted_elsewhere() -> sa.Column[int]:
    """A primary key that the database never makes up. Only INTEGER names SQLite's rowid."""
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(kind, primary_key=True, autoincrement=False)


class Base(SQLModel, registry=registry()):
    """Tables of the gateway alone: apart from what else may use SQLModel in this process."""


class MessageRow(Base, table=True):
    """Where each message stands. `request` is the digest of caller and idempotency key. A claim
    is a row in state "received"; `boot` names the process that holds it."""

    __tablename__ = "message"
    __table_args__ = (
        sa.Index(
            "ix_message_request",
            "request",
            unique=True,
            sqlite_where=sa.text("request IS NOT NULL"),
            postgresql_where=sa.text("request IS NOT NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    id: str = Field(primary_key=True)
    tenant: str
    state: str
    request: bytes | None = None
    fingerprint: bytes | None = None
    boot: str | None = None
    claimed_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    decision_id: str | None = None
    entry_seq: int | None = Field(default=None, sa_type=sa.BigInteger)
    channel: str | None = None
    creator: str | None = None
    avatar: str | None = None
    conversation: str | None = None
    route: str | None = None
    verdict: str | None = None
    language: str | None = None
    decided_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    expires_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    dry_run: bool = False
    attempts: int = 0
    delivery_detail: str = ""


class EntryRow(Base, table=True):
    """The audit log. Triggers refuse UPDATE and DELETE. `decision` is the verdict, or the state
    that the message took, or what was changed. `leaf` stands before `body`, so that reading
    leaves does not follow a body's overflow pages."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index(
            "ix_audit_entry_found",
            *("ts", "seq", "tenant", "kind", "channel", "creator", "conversation", "decision"),
        ),
        sa.Index("ix_audit_entry_creator", "tenant", "creator", "ts", "seq"),
        sa.Index("ix_audit_entry_decision", "tenant", "decision", "ts", "seq"),
        sa.Index("ix_audit_entry_message", "msg_id", "seq"),
    )

    seq: int = Field(sa_column=_counted_elsewhere())
    ts: int = Field(sa_type=sa.BigInteger)
    kind: str
    tenant: str
    msg_id: str | None
    creator: str | None
    channel: str | None
    conversation: str | None
    decision: str | None
    policy_digest: str | None
    leaf: bytes
    body: bytes


class EntryRuleRow(Base, table=True):
    """Which rules an entry names: to find entries by rule."""

    __tablename__ = "audit_rule"
    __table_args__ = ({"sqlite_with_rowid": False},)

    rule_id: str = Field(primary_key=True)
    ts: int = Field(primary_key=True, sa_type=sa.BigInteger)
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)


class PayloadRow(Base, table=True):
    """The texts behind the entry `seq`, sealed with the subject key `kid` (AES-256-GCM); empty
    where they were erased."""

    __tablename__ = "payload"
    __table_args__ = (sa.Index("ix_payload_kid", "kid"),)

    seq: int = Field(sa_column=_counted_elsewhere())
    kid: str
    nonce: bytes
    ciphertext: bytes


class SubjectRow(Base, table=True):
    """Which keys seal the texts of a person (or of a conversation, where the person is not
    known), and which of their texts: see vault.Group. `subject` is a keyed digest, `day` the
    first microsecond of a day, `since` the first entry that the key was used for. Keys from
    before there were groups may seal several: then creator, channel or kind is "". Erasing a
    person destroys all of their keys."""

    __tablename__ = "subject"
    __table_args__ = (
        sa.Index("ix_subject_creator", "tenant", "creator", "day", "kid"),
        sa.Index("ix_subject_day", "tenant", "day", "kid"),
        {"sqlite_with_rowid": False},
    )

    subject: bytes = Field(primary_key=True)
    day: int = Field(primary_key=True, sa_type=sa.BigInteger)
    kid: str = Field(primary_key=True)
    tenant: str
    creator: str
    channel: str
    kind: str
    since: int = Field(sa_type=sa.BigInteger)


class ErasedKeyRow(Base, table=True):
    """A key that is destroyed, or about to be while `destroyed` is false. `step` rises with every
    batch: whoever seals compares it with the last that they heeded."""

    __tablename__ = "erased_key"
    __table_args__ = (
        sa.Index("ix_erased_key_step", "step"),
        sa.Index(
            "ix_erased_key_doomed",
            "erasure",
            sqlite_where=sa.text("destroyed = 0"),
            postgresql_where=sa.text("destroyed = false"),
        ),
        {"sqlite_with_rowid": False},
    )

    kid: str = Field(primary_key=True)
    step: int = Field(sa_type=sa.BigInteger)
    erasure: int = Field(sa_type=sa.BigInteger)
    at: int = Field(sa_type=sa.BigInteger)
    destroyed: bool = False


class ErasureRow(Base, table=True):
    """An erasure: what model.erasure.Erasure says, with the process `boot` that carries it out
    and how far it has come (`after_day`, `after_kid`). Until `finished_at` its counts grow. For
    a retention rule: `channel`, `kind`, and the first day that is kept."""

    __tablename__ = "erasure"

    number: int = Field(sa_column=_counted_elsewhere())
    id: str
    tenant: str
    scope: str
    target: str
    channel: str
    kind: str
    kept_from: int = Field(sa_type=sa.BigInteger)
    before: int = Field(sa_type=sa.BigInteger)
    actor: str
    reason: str
    ordered_at: int = Field(sa_type=sa.BigInteger)
    boot: str
    after_day: int = Field(sa_type=sa.BigInteger)
    after_kid: str
    keys: int = Field(sa_type=sa.BigInteger)
    payloads: int = Field(sa_type=sa.BigInteger)
    messages: int = Field(sa_type=sa.BigInteger)
    stopped: int = Field(sa_type=sa.BigInteger)
    expired: int = Field(sa_type=sa.BigInteger)
    contacts: int = Field(sa_type=sa.BigInteger)
    resealed: int = Field(sa_type=sa.BigInteger)
    kept: int = Field(sa_type=sa.BigInteger)
    finished_at: int | None = Field(default=None, sa_type=sa.BigInteger)


class LegalHoldRow(Base, table=True):
    """What must not be erased: see model.erasure.LegalHold."""

    __tablename__ = "legal_hold"

    id: str = Field(primary_key=True)
    tenant: str
    scope: str
    target: str
    reason: str
    placed_by: str
    placed_at: int = Field(sa_type=sa.BigInteger)
    expires_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    lifted_at: int | None = Field(default=None, sa_type=sa.BigInteger)
    lifted_by: str | None = None
    lift_reason: str | None = None


class OutboxRow(Base, table=True):
    """What waits to be sent. Due when `due_at` has passed: the time of the next attempt, or
    the end of the lease that process `boot` holds. `uncertain`: an earlier attempt may have
    been published."""

    __tablename__ = "outbox"
    __table_args__ = (sa.Index("ix_outbox_due", "due_at"), {"sqlite_with_rowid": False})

    message_id: str = Field(primary_key=True)
    due_at: int = Field(sa_type=sa.BigInteger)
    boot: str | None
    attempt: int
    queued_at: int = Field(sa_type=sa.BigInteger)
    uncertain: bool = False


class ReviewRow(Base, table=True):
    """What waits for a person."""

    __tablename__ = "review"
    __table_args__ = (
        sa.Index("ix_review_tenant", "tenant", "expires_at"),
        sa.Index("ix_review_expires", "expires_at"),
        {"sqlite_with_rowid": False},
    )

    message_id: str = Field(primary_key=True)
    tenant: str
    held_at: int = Field(sa_type=sa.BigInteger)
    expires_at: int = Field(sa_type=sa.BigInteger)


class EscalationRow(Base, table=True):
    """What a person is called to look at, since `at`."""

    __tablename__ = "escalation"
    __table_args__ = (
        sa.Index("ix_escalation_tenant", "tenant", "at"),
        {"sqlite_with_rowid": False},
    )

    message_id: str = Field(primary_key=True)
    tenant: str
    at: int = Field(sa_type=sa.BigInteger)


class ContactRow(Base, table=True):
    """The disclosure clock of one person, avatar and channel; `id` and `subject` are keyed
    digests."""

    __tablename__ = "contact"
    __table_args__ = (sa.Index("ix_contact_subject", "subject"), {"sqlite_with_rowid": False})

    id: bytes = Field(primary_key=True)
    subject: bytes
    first_at: int = Field(sa_type=sa.BigInteger)
    last_message_at: int = Field(sa_type=sa.BigInteger)


class ContactNoticeRow(Base, table=True):
    """When a contact was last shown a notice."""

    __tablename__ = "contact_notice"
    __table_args__ = ({"sqlite_with_rowid": False},)

    contact: bytes = Field(primary_key=True)
    notice: str = Field(primary_key=True)
    at: int = Field(sa_type=sa.BigInteger)


class HumanTurnRow(Base, table=True):
    """A conversation in which `who` (a pseudonym) speaks in the avatar's place since `since`;
    `until` is null while they still do."""

    __tablename__ = "human_turn"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tenant: str = Field(primary_key=True)
    conversation: str = Field(primary_key=True)
    who: str
    since: int = Field(sa_type=sa.BigInteger)
    until: int | None = Field(default=None, sa_type=sa.BigInteger)


class CreatorRow(Base, table=True):
    """Every version of every creator's settings (JSON)."""

    __tablename__ = "creator"

    tenant: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    updated_at: int = Field(sa_type=sa.BigInteger)
    settings: str


class ApiKeyRow(Base, table=True):
    """API keys. `roles` are words, space between."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True)
    tenant: str
    roles: str
    secret_sha256: str
    created_at: int = Field(sa_type=sa.BigInteger)
    expires_at: int | None = Field(sa_type=sa.BigInteger)
    revoked_at: int | None = Field(sa_type=sa.BigInteger)
    requests_per_s: float
    label: str


class CheckpointRow(Base, table=True):
    """Signed checkpoints of the audit log, as notes."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=_counted_elsewhere())
    root: bytes
    note: str
    at: int = Field(sa_type=sa.BigInteger)


class CosignatureRow(Base, table=True):
    """Cosignatures of checkpoints: `key` is the name and id of the witness's key, `line` its line
    in the note."""

    __tablename__ = "witness_signature"
    __table_args__ = (
        sa.Index("ix_witness_signature_key", "key", "size"),
        {"sqlite_with_rowid": False},
    )

    size: int = Field(primary_key=True, sa_type=sa.BigInteger)
    key: str = Field(primary_key=True)
    line: str
    at: int = Field(sa_type=sa.BigInteger)


class StampRow(Base, table=True):
    """RFC 3161 time stamps of checkpoints: `response` is what the authority at `tsa` sent."""

    __tablename__ = "stamp"
    __table_args__ = ({"sqlite_with_rowid": False},)

    size: int = Field(primary_key=True, sa_type=sa.BigInteger)
    tsa: str = Field(primary_key=True)
    response: bytes
    at: int = Field(sa_type=sa.BigInteger)


class LogStateRow(Base, table=True):
    """One row: every writing transaction reads it first. `state` is "open", or why nobody may
    write here: see state.py. `epoch` rises whenever whoever wrote before must not go on; `other`
    is the database that the log is moved to or from, `boot` the process that moves it. `keys` is
    a keyed digest of nothing: who has other keys is refused. `key_store` names where the subject
    keys are."""

    __tablename__ = "log_state"

    id: int = Field(sa_column=_counted_elsewhere())
    epoch: int = Field(sa_type=sa.BigInteger)
    state: str
    other: str
    boot: str | None
    keys: bytes | None
    key_store: str | None


class TallyRow(Base, table=True):
    """How often something happened on a day (since 1970-01-01, UTC), by tenant: model/tally.py.
    Derived from the entries; `avatar-gateway audit recount` makes it again."""

    __tablename__ = "tally"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tenant: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    measure: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    seconds: int = Field(primary_key=True, sa_type=sa.BigInteger)
    n: int = Field(sa_type=sa.BigInteger)


class TallyHeadRow(Base, table=True):
    """One row: so many entries, from the first, are counted in `tally`."""

    __tablename__ = "tally_head"

    id: int = Field(sa_column=_counted_elsewhere())
    size: int = Field(sa_type=sa.BigInteger)


TABLES: tuple[type[Base], ...] = (
    MessageRow,
    EntryRow,
    EntryRuleRow,
    PayloadRow,
    SubjectRow,
    ErasedKeyRow,
    ErasureRow,
    LegalHoldRow,
    OutboxRow,
    ReviewRow,
    EscalationRow,
    ContactRow,
    ContactNoticeRow,
    HumanTurnRow,
    CreatorRow,
    ApiKeyRow,
    CheckpointRow,
    CosignatureRow,
    StampRow,
    LogStateRow,
    TallyRow,
    TallyHeadRow,
)


def table(model: type[Base]) -> sa.Table:
    """The Core table of `model`."""
    found = sa.inspect(model).local_table
    if not isinstance(found, sa.Table):  # never for the classes above
        raise TypeError(model.__name__)
    return found
