"""Erasures and legal holds; keys say which texts they seal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_DAY_US = 86_400_000_000

# Keys from before may seal what several creators said, on several days: the last day counts, and
# "" stands for several. Keys that sealed nothing need not be noted.
_REGROUP = f"""
INSERT INTO subject_regrouped (subject, day, kid, tenant, creator, channel, kind, since)
SELECT subject.subject, sealed.ts - sealed.ts % {_DAY_US}, subject.kid, sealed.tenant,
  CASE WHEN sealed.creator = sealed.other_creator THEN sealed.creator ELSE '' END,
  CASE WHEN sealed.channel = sealed.other_channel THEN sealed.channel ELSE '' END,
  CASE WHEN sealed.kind = sealed.other_kind THEN sealed.kind ELSE '' END,
  sealed.seq
FROM subject JOIN (
  SELECT payload.kid AS kid, min(entry.seq) AS seq, max(entry.ts) AS ts,
    min(entry.tenant) AS tenant,
    min(entry.creator) AS creator, max(entry.creator) AS other_creator,
    min(entry.channel) AS channel, max(entry.channel) AS other_channel,
    min(entry.kind) AS kind, max(entry.kind) AS other_kind
  FROM payload JOIN audit_entry AS entry ON entry.seq = payload.seq
  GROUP BY payload.kid
) AS sealed ON sealed.kid = subject.kid
"""  # noqa: S608 - constants alone


def upgrade() -> None:
    op.create_index("ix_payload_kid", "payload", ["kid"])
    op.create_index("ix_contact_subject", "contact", ["subject"])
    _subjects()
    _erasures()
    _holds()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _subjects() -> None:
    op.create_table(
        "subject_regrouped",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        _big("day"),
        _text("kid"),
        *[_text(name) for name in ("tenant", "creator", "channel", "kind")],
        _big("since"),
        sa.PrimaryKeyConstraint("subject", "day", "kid"),
        sqlite_with_rowid=False,
    )
    op.execute(_REGROUP)
    op.drop_table("subject")
    op.rename_table("subject_regrouped", "subject")
    op.create_index("ix_subject_creator", "subject", ["tenant", "creator", "day", "kid"])
    op.create_index("ix_subject_day", "subject", ["tenant", "day", "kid"])


def _erasures() -> None:
    op.create_table(
        "erased_key",
        _text("kid"),
        *[_big(name) for name in ("step", "erasure", "at")],
        sa.Column("destroyed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kid"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_erased_key_step", "erased_key", ["step"])
    op.create_index(
        "ix_erased_key_doomed",
        "erased_key",
        ["erasure"],
        sqlite_where=sa.text("destroyed = 0"),
        postgresql_where=sa.text("destroyed = false"),
    )
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    counts = ("keys", "payloads", "messages", "stopped", "expired", "contacts", "resealed", "kept")
    op.create_table(
        "erasure",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        *[_text(name) for name in ("id", "tenant", "scope", "target", "channel", "kind")],
        *[_big(name) for name in ("kept_from", "before")],
        *[_text(name) for name in ("actor", "reason")],
        _big("ordered_at"),
        _text("boot"),
        _big("after_day"),
        _text("after_kid"),
        *[_big(name) for name in counts],
        _big("finished_at", nullable=True),
    )


def _holds() -> None:
    op.create_table(
        "legal_hold",
        *[_text(name) for name in ("id", "tenant", "scope", "target", "reason", "placed_by")],
        _big("placed_at"),
        _big("expires_at", nullable=True),
        _big("lifted_at", nullable=True),
        _text("lifted_by", nullable=True),
        _text("lift_reason", nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
