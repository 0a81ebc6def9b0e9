"""The tables of the gateway's database. Times are microseconds since 1970, UTC.

No column holds the text of a message, a human's text or an audience id in clear: `payload` holds
them encrypted, other tables hold keyed digests (`vault/digests.py`). docs/reference/database.md
says what each table is for.

The column `boot` is a `Database.instance_id`: it names one opening of the database, and so one
run of a process.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


def _primary_key_without_sequence() -> sa.Column[int]:
    """An integer primary key whose values the code supplies. On SQLite the type must be INTEGER:
    only that makes the column the rowid."""
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(kind, primary_key=True, autoincrement=False)


class Base(SQLModel, registry=registry()):
    """Base of all tables, with a registry of its own: other users of SQLModel in this process do
    not see them."""


class MessageRow(Base, table=True):
    """A message and its state.

    `request` is the keyed digest of the caller and its idempotency key. A row in the state
    "received" is a claim on that key, made by the process `boot`.
    """

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
    """An entry of the audit log. Triggers refuse UPDATE and DELETE.

    `decision` is the verdict, the state that the message took, or the kind of thing that was
    changed. `leaf` comes before `body`, so that SQLite reads leaves without following a body's
    overflow pages.
    """

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

    seq: int = Field(sa_column=_primary_key_without_sequence())
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
    """A rule that an entry names; the index by which entries are found by rule."""

    __tablename__ = "audit_rule"
    __table_args__ = ({"sqlite_with_rowid": False},)

    rule_id: str = Field(primary_key=True)
    ts: int = Field(primary_key=True, sa_type=sa.BigInteger)
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)


class PayloadRow(Base, table=True):
    """The texts behind the entry `seq`, sealed with the subject key `kid` (AES-256-GCM). `nonce`
    and `ciphertext` are empty once the texts were erased."""

    __tablename__ = "payload"
    __table_args__ = (sa.Index("ix_payload_kid", "kid"),)

    seq: int = Field(sa_column=_primary_key_without_sequence())
    kid: str
    nonce: bytes
    ciphertext: bytes


class SubjectRow(Base, table=True):
    """A key that seals texts of a person, or of a conversation when the person is not known.

    The other columns say which of their texts it seals: see `vault.SubjectGroup`. `subject` is a
    keyed digest, `day` the first microsecond of a day, `since` the first entry that the key was
    used for. A key made before there were groups may seal several groups; its creator, channel or
    kind is then "". Erasing a person destroys all of their keys.
    """

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
    """A subject key that was destroyed, or is about to be while `destroyed` is false.

    `step` rises with every step of an erasure. A process that seals compares it with the last step
    it has taken into account, to see whether its cached keys are still good.
    """

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
    """An erasure (`model.erasure.Erasure`) and its progress.

    The process `boot` carries it out; (`after_day`, `after_kid`) is the last key it has looked at.
    The counts grow until `finished_at` is set. `channel`, `kind` and `kept_from`, the first day
    that is kept, are those of a retention rule.
    """

    __tablename__ = "erasure"

    number: int = Field(sa_column=_primary_key_without_sequence())
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
    """A legal hold: texts that must not be erased (`model.erasure.LegalHold`)."""

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
    """A message that is to be sent, due when `due_at` has passed.

    `due_at` is the time of the next attempt or, with `boot`, the end of that process's lease.
    `uncertain` says that an earlier attempt may have been published.
    """

    __tablename__ = "outbox"
    __table_args__ = (sa.Index("ix_outbox_due", "due_at"), {"sqlite_with_rowid": False})

    message_id: str = Field(primary_key=True)
    due_at: int = Field(sa_type=sa.BigInteger)
    boot: str | None
    attempt: int
    queued_at: int = Field(sa_type=sa.BigInteger)
    uncertain: bool = False


class ReviewRow(Base, table=True):
    """A held message that waits for a review."""

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
    """A message that is escalated to a person, since `at`."""

    __tablename__ = "escalation"
    __table_args__ = (
        sa.Index("ix_escalation_tenant", "tenant", "at"),
        {"sqlite_with_rowid": False},
    )

    message_id: str = Field(primary_key=True)
    tenant: str
    at: int = Field(sa_type=sa.BigInteger)


class ContactRow(Base, table=True):
    """What the disclosure clock remembers of one person, avatar and channel. `id` and `subject`
    are keyed digests."""

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
    """A take-over: `who` (a pseudonym) speaks instead of the avatar in a conversation from
    `since` on. `until` is null while the take-over lasts."""

    __tablename__ = "human_turn"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tenant: str = Field(primary_key=True)
    conversation: str = Field(primary_key=True)
    who: str
    since: int = Field(sa_type=sa.BigInteger)
    until: int | None = Field(default=None, sa_type=sa.BigInteger)


class CreatorRow(Base, table=True):
    """One version of a creator's settings (JSON). All versions are kept."""

    __tablename__ = "creator"

    tenant: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    updated_at: int = Field(sa_type=sa.BigInteger)
    settings: str


class ApiKeyRow(Base, table=True):
    """An API key. `roles` are words separated by spaces."""

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
    """A signed checkpoint of the audit log; `note` is its signed note."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=_primary_key_without_sequence())
    root: bytes
    note: str
    at: int = Field(sa_type=sa.BigInteger)


class CosignatureRow(Base, table=True):
    """A witness's cosignature of the checkpoint of this `size`. `key` is the name and id of the
    witness's key, `line` its line in the note."""

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
    """An RFC 3161 time stamp of the checkpoint of this `size`; `response` is what the authority
    at the URL `tsa` sent."""

    __tablename__ = "stamp"
    __table_args__ = ({"sqlite_with_rowid": False},)

    size: int = Field(primary_key=True, sa_type=sa.BigInteger)
    tsa: str = Field(primary_key=True)
    response: bytes
    at: int = Field(sa_type=sa.BigInteger)


class LogStateRow(Base, table=True):
    """The single row that every writing transaction reads first: see `log_fence.py`.

    `state` is "open", or says why the log cannot be written here. `epoch` rises when the log is
    moved: processes of an earlier epoch are refused. `other` is the database that the log is
    moved to or from, `boot` the process that moves it. `keys` is a keyed digest of a constant, by
    which another keyring is recognised; `key_store` is the identity of the subject keys' store.
    """

    __tablename__ = "log_state"

    id: int = Field(sa_column=_primary_key_without_sequence())
    epoch: int = Field(sa_type=sa.BigInteger)
    state: str
    other: str
    boot: str | None
    keys: bytes | None
    key_store: str | None


class TallyRow(Base, table=True):
    """How often something happened on a day, by tenant: see `model/tally.py`. `day` counts from
    1970-01-01, UTC. Derived from the entries; `avatar-gateway audit recount` makes it again."""

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
    """The single row that says how many entries, from the first on, `tally` counts."""

    __tablename__ = "tally_head"

    id: int = Field(sa_column=_primary_key_without_sequence())
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
    """The SQLAlchemy Core table of a class above."""
    core_table = sa.inspect(model).local_table
    if not isinstance(core_table, sa.Table):  # never for the classes above
        raise TypeError(model.__name__)
    return core_table
