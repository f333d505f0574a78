"""A restore gives back folders, machines and files as one archive; who called, who has taken it.

Revision ID: 20261129_0990
Revises: 20261129_0980
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0990"
down_revision = "20261129_0980"
branch_labels = None
depends_on = None

TABLE = "restore_request"
TEXTS = {
    "archive": (3, ""),
    "sought": (100, ""),
    "scope": (40, "file"),
    "urgency": (40, "normal"),
    "holder": (40, "unknown"),
    "caller": (70, ""),
    "caller_check": (120, ""),
    "taken_by": (200, ""),
    "checked_by": (200, ""),
}
OTHERS = {
    "wanted_before": sa.DateTime(timezone=True),
    "files": sa.BigInteger(),
    "lost": sa.BigInteger(),
    "fault": sa.String(40),
    "taken_by_id": sa.Integer(),
    "checked_at": sa.DateTime(timezone=True),
    "kept_until": sa.Date(),
}


def upgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        for name, (length, value) in TEXTS.items():
            table.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=value))
        for name, type_ in OTHERS.items():
            table.add_column(sa.Column(name, type_, nullable=True))
        table.add_column(sa.Column("picks", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
        for name in ("picked_files", "picked_bytes"):
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
        table.create_index(f"ix_{TABLE}_taken_by_id", ["taken_by_id"])


def downgrade() -> None:
    with op.batch_alter_table(TABLE) as table:
        table.drop_index(f"ix_{TABLE}_taken_by_id")
        for name in ("picks", "picked_files", "picked_bytes", *OTHERS, *TEXTS):
            table.drop_column(name)
