"""Counts by day, and one index that holds all that entries are filtered by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXTS = ("measure", "channel", "route", "language", "rule", "outcome")
_FOUND = ["ts", "seq", "tenant", "kind", "channel", "creator", "conversation", "decision"]


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "tally",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.String(), nullable=False) for name in _TEXTS],
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", *_TEXTS, "seconds"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tally_head",
        sa.Column("id", number, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
    )
    op.drop_index("ix_audit_entry_ts", table_name="audit_entry")
    op.create_index("ix_audit_entry_found", "audit_entry", _FOUND)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
