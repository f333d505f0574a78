"""Orders that were reminded, and those that ended by themselves.

Revision ID: 20261129_0640
Revises: 20261129_0635
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_0640"
down_revision = "20261129_0635"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_order", sa.Column("reminded_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.execute("UPDATE customer_order SET state = 'cancelled' WHERE state = 'order_lapsed'")
    op.drop_column("customer_order", "reminded_on")
