"""What a clock that is set back must not change: pauses of tasks, and the order of numbers and days.

Revision ID: 20261130_1304
Revises: 20261130_1303
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1304"
down_revision = "20261130_1303"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task", sa.Column("put_off_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("number_series", sa.Column("last_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("number_series") as table:
        table.drop_column("last_on")
    with op.batch_alter_table("task") as table:
        table.drop_column("put_off_ms")
