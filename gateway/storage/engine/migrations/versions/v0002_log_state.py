"""Which epoch the log is in, whether it may be written here, and with which keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    made = op.create_table(
        "log_state",
        sa.Column("id", number, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("boot", sa.String(), nullable=True),
        sa.Column("keys", sa.LargeBinary(), nullable=True),
        sa.Column("key_store", sa.String(), nullable=True),
    )
    op.bulk_insert(made, [{"id": 1, "epoch": 1, "state": "open", "other": ""}])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
