"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_GUARD_SQLITE = """
CREATE TRIGGER audit_entry_no_{what} BEFORE {what} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
_GUARD_POSTGRES = """
CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""


def upgrade() -> None:
    _messages()
    _log()
    _texts()
    _waiting()
    _contacts()
    _registry()
    _guard()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    """A primary key that SQLite shall keep as its rowid: only INTEGER names that."""
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _messages() -> None:
    op.create_table(
        "message",
        _text("id"),
        _text("tenant"),
        _text("state"),
        _bytes("request", nullable=True),
        _bytes("fingerprint", nullable=True),
        _text("boot", nullable=True),
        _big("claimed_at", nullable=True),
        _text("decision_id", nullable=True),
        _big("entry_seq", nullable=True),
        *[_text(name, nullable=True) for name in ("channel", "creator", "avatar")],
        *[_text(name, nullable=True) for name in ("conversation", "route", "verdict", "language")],
        _big("decided_at", nullable=True),
        _big("expires_at", nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("delivery_detail"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    asked = sa.text("request IS NOT NULL")
    op.create_index(
        "ix_message_request",
        "message",
        ["request"],
        unique=True,
        sqlite_where=asked,
        postgresql_where=asked,
    )


def _log() -> None:
    op.create_table(
        "audit_entry",
        _number("seq"),
        _big("ts"),
        _text("kind"),
        _text("tenant"),
        *[_text(name, nullable=True) for name in ("msg_id", "creator", "channel")],
        *[_text(name, nullable=True) for name in ("conversation", "decision", "policy_digest")],
        _bytes("leaf"),
        _bytes("body"),
    )
    op.create_index("ix_audit_entry_ts", "audit_entry", ["ts", "seq"])
    op.create_index("ix_audit_entry_creator", "audit_entry", ["tenant", "creator", "ts", "seq"])
    op.create_index("ix_audit_entry_decision", "audit_entry", ["tenant", "decision", "ts", "seq"])
    op.create_index("ix_audit_entry_message", "audit_entry", ["msg_id", "seq"])
    op.create_table(
        "audit_rule",
        _text("rule_id"),
        _big("ts"),
        _big("seq"),
        sa.PrimaryKeyConstraint("rule_id", "ts", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table("checkpoint", _number("size"), _bytes("root"), _text("note"), _big("at"))


def _texts() -> None:
    op.create_table("payload", _number("seq"), _text("kid"), _bytes("nonce"), _bytes("ciphertext"))
    op.create_table(
        "subject",
        _bytes("subject"),
        _text("kid"),
        sa.PrimaryKeyConstraint("subject", "kid"),
        sqlite_with_rowid=False,
    )


def _waiting() -> None:
    op.create_table(
        "outbox",
        _text("message_id"),
        _big("due_at"),
        _text("boot", nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _big("queued_at"),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outbox_due", "outbox", ["due_at"])
    op.create_table(
        "review",
        _text("message_id"),
        _text("tenant"),
        _big("held_at"),
        _big("expires_at"),
        sa.PrimaryKeyConstraint("message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_review_tenant", "review", ["tenant", "expires_at"])
    op.create_index("ix_review_expires", "review", ["expires_at"])
    op.create_table(
        "escalation",
        _text("message_id"),
        _text("tenant"),
        _big("at"),
        sa.PrimaryKeyConstraint("message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_escalation_tenant", "escalation", ["tenant", "at"])


def _contacts() -> None:
    op.create_table(
        "contact",
        _bytes("id"),
        _bytes("subject"),
        _big("first_at"),
        _big("last_message_at"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact_notice",
        _bytes("contact"),
        _text("notice"),
        _big("at"),
        sa.PrimaryKeyConstraint("contact", "notice"),
        sqlite_with_rowid=False,
    )


def _registry() -> None:
    op.create_table(
        "creator",
        _text("tenant"),
        _text("id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _big("updated_at"),
        _text("settings"),
        sa.PrimaryKeyConstraint("tenant", "id", "version"),
    )
    op.create_table(
        "api_key",
        *[_text(name) for name in ("id", "tenant", "roles", "secret_sha256")],
        _big("created_at"),
        _big("expires_at", nullable=True),
        _big("revoked_at", nullable=True),
        sa.Column("requests_per_s", sa.Float(), nullable=False),
        _text("label"),
        sa.PrimaryKeyConstraint("id"),
    )


def _guard() -> None:
    """Against mistakes: who may write to the file can drop them. Checkpoints tell that."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(_GUARD_SQLITE.format(what=what))
        return
    op.execute(_GUARD_POSTGRES)
    op.execute(
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry"
        " FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()"
    )
