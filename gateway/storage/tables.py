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


class Message(Base, table=True):
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


class AuditEntry(Base, table=True):
    """The audit log. Triggers refuse UPDATE and DELETE. `decision` is the verdict, or the state
    that the message took, or what was changed. `leaf` stands before `body`, so that reading
    leaves does not follow a body's overflow pages."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_ts", "ts", "seq"),
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


class AuditRule(Base, table=True):
    """Which rules an entry names: to find entries by rule."""

    __tablename__ = "audit_rule"
    __table_args__ = ({"sqlite_with_rowid": False},)

    rule_id: str = Field(primary_key=True)
    ts: int = Field(primary_key=True, sa_type=sa.BigInteger)
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)


class Payload(Base, table=True):
    """The texts behind the entry `seq`, sealed with the subject key `kid` (AES-256-GCM)."""

    __tablename__ = "payload"

    seq: int = Field(sa_column=_counted_elsewhere())
    kid: str
    nonce: bytes
    ciphertext: bytes


class Subject(Base, table=True):
    """Which keys seal the texts of a person (or of a conversation, where the person is not
    known). `subject` is a keyed digest. Erasing a person destroys all of their keys."""

    __tablename__ = "subject"
    __table_args__ = ({"sqlite_with_rowid": False},)

    subject: bytes = Field(primary_key=True)
    kid: str = Field(primary_key=True)


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
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: bytes = Field(primary_key=True)
    subject: bytes
    first_at: int = Field(sa_type=sa.BigInteger)
    last_message_at: int = Field(sa_type=sa.BigInteger)


class ContactNotice(Base, table=True):
    """When a contact was last shown a notice."""

    __tablename__ = "contact_notice"
    __table_args__ = ({"sqlite_with_rowid": False},)

    contact: bytes = Field(primary_key=True)
    notice: str = Field(primary_key=True)
    at: int = Field(sa_type=sa.BigInteger)


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


TABLES: tuple[type[Base], ...] = (
    Message,
    AuditEntry,
    AuditRule,
    Payload,
    Subject,
    OutboxRow,
    ReviewRow,
    EscalationRow,
    ContactRow,
    ContactNotice,
    CreatorRow,
    ApiKeyRow,
    CheckpointRow,
)


def table(model: type[Base]) -> sa.Table:
    """The Core table of `model`."""
    found = sa.inspect(model).local_table
    if not isinstance(found, sa.Table):  # never for the classes above
        raise TypeError(model.__name__)
    return found
