"""A maintenance of a bucket has keys, which the worker makes and somebody is shown once.

Revision ID: 20261130_1650
Revises: 20261130_1600
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_1650"
down_revision = "20261130_1600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vault_maintenance", sa.Column("access_key_sealed", sa.Text(), nullable=True))
    op.add_column("vault_maintenance", sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE vault_maintenance SET shown_at = created_at")  # on the answer that opened it


def downgrade() -> None:
    op.drop_column("vault_maintenance", "shown_at")
    op.drop_column("vault_maintenance", "access_key_sealed")
