"""A copy waits where a newest point has shrunk.

Revision ID: 20261130_1303
Revises: 20261130_1302
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1303"
down_revision = "20261130_1302"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_shrunk = sa.Column("is_shrunk", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("handover_choice", is_shrunk)
    for name in ("reminded_at", "lapsed_at"):
        op.add_column("handover_choice", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("handover_choice") as table:
        for name in ("lapsed_at", "reminded_at", "is_shrunk"):
            table.drop_column(name)
