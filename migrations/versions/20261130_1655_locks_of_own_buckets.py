"""What the lock of a vault's own bucket is, as that bucket said.

Revision ID: 20261130_1655
Revises: 20261130_1650
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1655"
down_revision = "20261130_1650"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vault_home", sa.Column("lock_days", sa.Integer(), nullable=True))
    op.add_column("vault_home", sa.Column("lock_read_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("vault_home", "lock_read_at")
    op.drop_column("vault_home", "lock_days")
